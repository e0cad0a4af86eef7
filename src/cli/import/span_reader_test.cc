#include "cli/import/span_reader.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "base/bytes.h"
#include "net/content_encoding.h"

namespace clew::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string request_json(std::string_view span_id) {
  return fmt::format(
      R"({{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{"traceId":"5b8efff798038103d269b633813fc60c","spanId":"{}",)"
      R"("name":"}}{{ \" ]","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":1700000000000000005}}]}}]}}]}})",
      span_id);
}
const std::string kA = request_json("aaaaaaaaaaaaaaaa");
const std::string kB = request_json("bbbbbbbbbbbbbbbb");

// The same document over many lines.
std::string spread(std::string_view json, std::string_view line_end) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < json.size(); ++i) {
    out.push_back(json[i]);
    if (json[i] == '"' && (i == 0 || json[i - 1] != '\\')) in_string = !in_string;
    if (!in_string && (json[i] == '{' || json[i] == ',' || json[i] == '[')) out.append(line_end).append("  ");
  }
  return out;
}

// ResourceSpans{scope_spans 2 {spans 2 {trace_id 1, span_id 2, name 5}}}
std::string request_protobuf(char span_byte) {
  auto field = [](char tag, std::string_view content) {
    std::string out(1, tag);
    ByteWriter(out).sized(content);
    return out;
  };
  std::string span = field(0x0a, std::string(16, 't')) + field(0x12, std::string(8, span_byte)) + field(0x2a, "n");
  return field(0x0a, field(0x12, field(0x12, span)));
}

// Span ids as text, "bad WHERE" for a piece that was left out, "error" where reading ended early.
std::vector<std::string> spans_in(std::string bytes) {
  std::vector<std::string> out;
  auto reader = open_spans(bytes_of(std::move(bytes)));
  if (!reader) return {"refused: " + reader.error().message};
  if (!*reader) return {};
  SpanBatch batch;
  while (true) {
    auto piece = (*reader)->next(batch);
    if (!piece) {
      out.push_back("error: " + piece.error().message);
      return out;
    }
    if (piece->kind == SpanReader::Piece::Kind::end) return out;
    if (piece->kind == SpanReader::Piece::Kind::bad) {
      EXPECT_NE(piece->fault, "");
      out.push_back("bad " + piece->where);
      continue;
    }
    for (const SpanRow& row : batch.rows) out.push_back(SpanId{row.span}.hex().substr(14));
  }
}

TEST(SpanReader, ReadsJsonHoweverItIsLaidOut) {
  struct Case {
    const char* what;
    std::string bytes;
    std::vector<std::string> spans;
  };
  for (const Case& c : std::vector<Case>{
           {"lines", kA + "\n" + kB + "\n", {"aa", "bb"}},
           {"Windows lines", kA + "\r\n" + kB + "\r\n", {"aa", "bb"}},
           {"no last line end", kA + "\n" + kB, {"aa", "bb"}},
           {"empty lines", "\n\n" + kA + "\n\n\r\n" + kB + "\n\n", {"aa", "bb"}},
           {"byte order mark", "\xef\xbb\xbf" + kA, {"aa"}},
           {"one document over many lines", spread(kA, "\n"), {"aa"}},
           {"the same from Windows", spread(kA, "\r\n") + "\r\n", {"aa"}},
           {"documents over many lines", spread(kA, "\n") + "\n" + spread(kB, "\n"), {"aa", "bb"}},
           {"nothing", "", {}},
           {"only space", " \r\n\t\n", {}},
           {"a bad line costs itself", kA + "\n{ this is no JSON\n" + kB + "\n", {"aa", "bad line 2", "bb"}},
           {"a bad first line", "{\"resourceSpans\": [\n" + kA + "\n" + kB, {"bad line 1", "aa", "bb"}},
           {"a bad last line", kA + "\n" + kB.substr(0, 50), {"aa", "bad line 2"}},
           {"an id that is none costs its span", request_json("zz") + "\n" + kA, {"aa"}},
       }) {
    EXPECT_EQ(spans_in(c.bytes), c.spans) << c.what;
  }
}

TEST(SpanReader, ReadsProtobufWholeAndWithLengths) {
  std::string a = request_protobuf('a');
  std::string b = request_protobuf('b');
  EXPECT_THAT(spans_in(a + b), ElementsAre("61", "62"));
  auto delimited = [](const std::string& message) {
    return std::string{0, 0, 0, static_cast<char>(message.size())} + message;
  };
  EXPECT_THAT(spans_in(delimited(a) + delimited(b)), ElementsAre("61", "62"));
  EXPECT_THAT(spans_in(a + b.substr(0, 20)).back(), HasSubstr("byte"));
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += a;
  EXPECT_EQ(spans_in(many).size(), 20'000u);
}

TEST(SpanReader, RecognisesCompressionByContent) {
  for (const char* encoding : {"gzip", "zstd"}) {
    std::string packed = net::encode_body(encoding, kA + "\n" + kB);
    EXPECT_THAT(spans_in(packed), ElementsAre("aa", "bb")) << encoding;
    EXPECT_THAT(spans_in(packed + net::encode_body(encoding, "\n" + kA)), ElementsAre("aa", "bb", "aa")) << encoding;
    EXPECT_THAT(spans_in(net::encode_body(encoding, "")), ElementsAre()) << encoding;
    // Wherever it is cut, that is said.
    for (size_t length = 6; length < packed.size(); length += 7) {
      auto seen = spans_in(packed.substr(0, length));
      ASSERT_FALSE(seen.empty()) << encoding << " cut at " << length;
      EXPECT_THAT(seen.back(), testing::AnyOf(HasSubstr("error"), HasSubstr("refused"))) << encoding << length;
    }
    std::string damaged = packed;
    damaged[packed.size() / 2] = static_cast<char>(damaged[packed.size() / 2] ^ 0x55);
    damaged[packed.size() / 2 + 1] = static_cast<char>(damaged[packed.size() / 2 + 1] ^ 0x55);
    EXPECT_THAT(spans_in(damaged), testing::Not(ElementsAre("aa", "bb"))) << encoding;
  }
}

TEST(SpanReader, RefusesWhatItDoesNotKnow) {
  for (const char* bytes : {"[7]", "hello", "<xml/>", "PAR1",
                            "\x7f"
                            "ELF"}) {
    auto seen = spans_in(bytes);
    ASSERT_EQ(seen.size(), 1u) << bytes;
    EXPECT_THAT(seen[0], HasSubstr("refused")) << bytes;
    EXPECT_THAT(seen[0], HasSubstr("OTLP")) << bytes;
  }
}

TEST(SpanReader, SaysWhenAVocabularyDies) {
  auto reader = open_spans(bytes_of(kA));
  ASSERT_TRUE(reader);
  int forgotten = 0;
  (*reader)->on_forget = [&](const Vocabulary&) { ++forgotten; };
  SpanBatch batch;
  ASSERT_TRUE((*reader)->next(batch));
  EXPECT_EQ(forgotten, 0);
  reader->reset();
  EXPECT_EQ(forgotten, 1);
}

}  // namespace
}  // namespace clew::cli
