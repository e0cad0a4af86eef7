// Files through `clew import`, `query`, `trace` and `export`, on a data directory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "cli/cli.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;

constexpr std::string_view kTrace = "5b8efff798038103d269b633813fc60c";

std::string line_of(char span, std::string_view name) {
  return R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
         R"("scopeSpans":[{"spans":[{"traceId":")" +
         std::string(kTrace) + R"(","spanId":"eee19b7ec3c1b17)" + span + R"(",)" +
         (span == '1' ? "" : R"("parentSpanId":"eee19b7ec3c1b171",)") + R"("name":")" + std::string(name) +
         R"(","startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000001000000000"}]}]}]})";
}

class ImportTest : public testing::Test {
 protected:
  ImportTest() {
    std::string pattern = testing::TempDir() + "clew-import-XXXXXX";
    root_ = ::mkdtemp(pattern.data());
    data_ = root_ + "/data";
  }
  ~ImportTest() override { std::filesystem::remove_all(root_); }

  std::string file(const std::string& name, const std::string& content) {
    std::ofstream(root_ + "/" + name) << content;
    return root_ + "/" + name;
  }
  int run_line(std::vector<std::string> words) {
    words.insert(words.begin(), "clew");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int code = run(static_cast<int>(argv.size()), argv.data(), Commands{});
    out_ = testing::internal::GetCapturedStdout();
    err_ = testing::internal::GetCapturedStderr();
    return code;
  }

  std::string root_;
  std::string data_;
  std::string out_;
  std::string err_;
};

TEST_F(ImportTest, BringsFilesInAndFindsThemAgain) {
  std::string good = file("good.jsonl", line_of('1', "root") + "\n" + line_of('2', "child") + "\n");
  ASSERT_EQ(run_line({"import", "--data", data_, good}), 0) << err_;
  EXPECT_EQ(out_, "2 spans of 1 trace (2 requests) are in the data directory " + data_ + "\n");

  EXPECT_EQ(run_line({"query", "{ name = \"child\" }", "--data", data_}), 0) << err_;
  EXPECT_THAT(out_, testing::StartsWith("{\"traceID\":\"" + std::string(kTrace) + "\",\"rootServiceName\":\"shop\""));
  EXPECT_EQ(run_line({"query", "{ name = \"nobody\" }", "--data", data_}), 1);
  EXPECT_THAT(err_, HasSubstr("holds spans from 2023-11-14 22:13:20.000 to 2023-11-14 22:13:21.000 UTC"));
  EXPECT_EQ(run_line({"query", "{ name = }", "--data", data_}), 2);
  EXPECT_THAT(err_, HasSubstr("^"));

  EXPECT_EQ(run_line({"trace", std::string(kTrace), "--data", data_}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("└─shop child"));
  EXPECT_EQ(run_line({"trace", "77", "--data", data_}), 1);
  EXPECT_EQ(run_line({"trace", "not-hex", "--data", data_}), 2);

  EXPECT_EQ(run_line({"store", "ls", "--data", data_}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("\"state\":\""));
}

TEST_F(ImportTest, ExportsWhatItCanImport) {
  ASSERT_EQ(
      run_line({"import", "--data", data_, file("good.jsonl", line_of('1', "root") + "\n" + line_of('2', "child"))}),
      0);
  ASSERT_EQ(run_line({"export", "--data", data_}), 0) << err_;
  EXPECT_THAT(err_, HasSubstr("2 spans of 1 trace exported"));
  std::string exported = out_;
  EXPECT_EQ(run_line({"trace", std::string(kTrace), "--data", data_, "-o", "otlp"}), 0);
  EXPECT_EQ(out_, exported);
  ASSERT_EQ(run_line({"import", "--data", root_ + "/copy", file("exported.jsonl", exported)}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("2 spans"));
}

TEST_F(ImportTest, LeavesBadLinesOutAndNamesThem) {
  std::string bad =
      file("bad.jsonl", line_of('1', "root") + "\n{\"resourceSpans\":[{]\n" + line_of('2', "child") + "\n");
  EXPECT_EQ(run_line({"import", "--data", data_, bad, file("empty", "")}), 4);
  EXPECT_THAT(out_, HasSubstr("2 spans of 1 trace (2 requests)"));
  EXPECT_THAT(out_, HasSubstr("1 bad piece left out"));
  EXPECT_THAT(err_, HasSubstr("bad.jsonl:2: "));
  std::string rejected = line_of('1', "x");
  rejected.replace(rejected.find(kTrace), kTrace.size(), std::string(32, '0'));
  EXPECT_EQ(run_line({"import", "--data", data_, file("zero.jsonl", rejected)}), 4);
  EXPECT_THAT(out_, HasSubstr("1 rejected (first: "));
}

TEST_F(ImportTest, StoresNothingTwice) {
  std::string good = file("good.jsonl", line_of('1', "root"));
  EXPECT_EQ(run_line({"import", "--data", data_, good, good}), 0);
  EXPECT_THAT(out_, HasSubstr("; 1 of them were there already"));
}

TEST_F(ImportTest, RefusesWhatCannotWork) {
  EXPECT_EQ(run_line({"import", "--data", data_, root_ + "/missing"}), 2);
  EXPECT_FALSE(std::filesystem::exists(data_));
  EXPECT_EQ(run_line({"import", "--data", data_, "--url", "http://127.0.0.1:1", file("x", "")}), 2);
  EXPECT_EQ(run_line({"query", "{}", "--data", root_ + "/nothing"}), 3);
  EXPECT_EQ(run_line({"query", "{}", "--url", "http://127.0.0.1:1"}), 3);
  EXPECT_THAT(err_, HasSubstr("Start a server with `clew serve`"));
  EXPECT_EQ(run_line({"query", "{}", "--url", "ftp://127.0.0.1"}), 2);
}

}  // namespace
}  // namespace clew::cli
