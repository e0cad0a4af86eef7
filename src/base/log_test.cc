#include "base/log.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

namespace clew::log {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

struct Case {
  Field field;
  std::string text;
  std::string json;
};

TEST(Log, FieldsAsTextAndAsJson) {
  const Case cases[] = {
      {{"port", 4317}, "port=4317", R"("port":4317)"},
      {{"n", std::numeric_limits<uint64_t>::max()}, "n=18446744073709551615", R"("n":18446744073709551615)"},
      {{"n", int64_t{-5}}, "n=-5", R"("n":-5)"},
      {{"ratio", 0.25}, "ratio=0.25", R"("ratio":0.25)"},
      {{"tiny", 1e-9}, "tiny=1e-09", R"("tiny":1e-09)"},
      {{"bad", std::nan("")}, "bad=nan", R"("bad":"nan")"},
      {{"bad", -HUGE_VAL}, "bad=-inf", R"("bad":"-inf")"},
      {{"on", true}, "on=true", R"("on":true)"},
      {{"path", "/data/x.log"}, "path=/data/x.log", R"("path":"/data/x.log")"},
      {{"empty", ""}, R"(empty="")", R"("empty":"")"},
      {{"text", std::string("two words")}, R"(text="two words")", R"("text":"two words")"},
      {{"text", std::string_view("a=b")}, R"(text="a=b")", R"("text":"a=b")"},
      {{"text", "line\nforged \"line\""}, R"(text="line\nforged \"line\"")", R"("text":"line\nforged \"line\"")"},
      {{"text", "\x1b[31m"}, R"(text="\u001b[31m")", R"("text":"\u001b[31m")"},
      {{"text", "\xff"}, "text=\"\xef\xbf\xbd\"", "\"text\":\"\xef\xbf\xbd\""},
      {{"text", "gr\xc3\xbcn"}, "text=gr\xc3\xbcn", "\"text\":\"gr\xc3\xbcn\""},
      {{"why", Error{ErrorCode::not_found, "no such file"}}, R"(why="no such file")", R"("why":"no such file")"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(render(Format::text, "event", {c.field}), "event " + c.text);
    EXPECT_EQ(render(Format::json, "event", {c.field}), R"("event":"event",)" + c.json);
  }
  EXPECT_EQ(render(Format::text, "port in use", {{"port", 1}, {"by", "x"}}), "port in use port=1 by=x");
  EXPECT_EQ(render(Format::json, "it \"is\"", {}), R"("event":"it \"is\"")");
}

TEST(Log, LevelsAndFormatsByName) {
  const std::pair<std::string_view, Level> levels[] = {{"debug", Level::debug},
                                                       {"info", Level::info},
                                                       {"warn", Level::warn},
                                                       {"error", Level::error},
                                                       {"off", Level::off}};
  for (const auto& [name, level] : levels) EXPECT_EQ(parse_level(name).value(), level);
  EXPECT_EQ(parse_format("text").value(), Format::text);
  EXPECT_EQ(parse_format("json").value(), Format::json);
  for (std::string_view bad : {"", "INFO", "warning"}) {
    ASSERT_FALSE(parse_level(bad));
    EXPECT_THAT(parse_level(bad).error().message, HasSubstr("'" + std::string(bad) + "'"));
    EXPECT_FALSE(parse_format(bad));
  }
}

TEST(Log, OneLineAnEventOnStderr) {
  configure(Level::warn, Format::text);
  testing::internal::CaptureStderr();
  info("not shown");
  warn("shown {}", {{"n", 1}});
  std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, MatchesRegex("[0-9]+-[0-9]+-[0-9]+T[0-9]+:[0-9]+:[0-9]+\\.[0-9]+Z warn(ing)? shown \\{\\} n=1\n"));

  configure(Level::debug, Format::json);
  testing::internal::CaptureStderr();
  debug("shown", {{"percent", "%v %l"}});
  text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, MatchesRegex("\\{\"time\":\"[^\"]*Z\",\"level\":\"debug\",\"event\":\"shown\",.*\\}\n"));
  EXPECT_THAT(text, HasSubstr(R"("percent":"%v %l")"));

  configure(Level::off, Format::text);
  testing::internal::CaptureStderr();
  error("not shown");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  configure(Level::info, Format::text);
}

}  // namespace
}  // namespace clew::log
