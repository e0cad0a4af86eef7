// The exporters that write text: console and OTLP file.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "clew/exporters.h"
#include "clew/init.h"
#include "clew/trace.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using testing::StartsWith;

struct TextExporterTest : testing::Test {
  void SetUp() override {
    char name[] = "/tmp/clew-client-test-XXXXXX";
    close(mkstemp(name));
    path = name;
  }
  ~TextExporterTest() override {
    init(Config());
    unlink(path.c_str());
  }
  void configure(std::unique_ptr<Exporter> exporter) {
    Config config;
    config.service_name = "shop";
    config.detect_resource = false;
    config.on_problem = [](std::string_view) {};
    config.exporters.push_back(std::move(exporter));
    ASSERT_TRUE(init(std::move(config)));
    before = stats();
  }
  std::vector<std::string> lines() {
    EXPECT_TRUE(flush());
    std::ifstream file(path);
    std::vector<std::string> all;
    for (std::string line; std::getline(file, line);) all.push_back(line);
    return all;
  }
  template <typename Id>
  static std::string hex(const Id& id) {
    std::string text(Id::kHexSize, 0);
    id.to_hex(&text[0]);
    return text;
  }
  uint64_t lost() const {
    return stats().dropped[unsigned(Drop::kExportFailed)] - before.dropped[unsigned(Drop::kExportFailed)];
  }
  // A trace with times that are known.
  void make_trace() {
    StartOptions options;
    options.start_unix_ns = 1'700'000'000'123'456'789;
    auto root = tracer_.start("root \"1\"", options);
    options.start_unix_ns += 1'000'000;
    options.kind = kClient;
    auto child = tracer_.start("child", options);
    child.set("n", 1).set("list", {1, 2}).event_at(1'700'000'000'125'000'000, "hit", {{"k", "v"}});
    child.status(Status::kError, "bad");
    root_context = root.span_context();
    child_context = child.span_context();
    child.end_at(1'700'000'000'124'456'789 + 2'500'000);
    root.end_at(1'700'000'000'123'456'789 + 4'000'000);
  }

  std::string path;
  Stats before;
  SpanContext root_context, child_context;
  Tracer tracer_ = tracer("text", "1");
};

TEST_F(TextExporterTest, ConsoleHasItsShape) {
  const int file = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  configure(console_exporter(file));
  make_trace();
  const std::string trace = hex(root_context.trace_id), root = hex(root_context.span_id),
                    child = hex(child_context.span_id);
  EXPECT_THAT(
      lines(),
      ElementsAre(
          "{\"traceId\":\"" + trace + "\",\"spanId\":\"" + child + "\",\"parentSpanId\":\"" + root +
              "\",\"operationName\":\"child\",\"startTime\":1700000000124.456789,\"duration\":2.5,"
              "\"attributes\":{\"n\":1,\"list\":[1,2],\"service.name\":\"shop\",\"error\":true,"
              "\"otel.status_description\":\"bad\"},\"events\":[{\"timestamp\":1700000000125,\"name\":\"hit\","
              "\"attributes\":{\"k\":\"v\"}}]}",
          "{\"traceId\":\"" + trace + "\",\"spanId\":\"" + root +
              "\",\"parentSpanId\":null,\"operationName\":\"root \\\"1\\\"\",\"startTime\":1700000000123.456789,"
              "\"duration\":4,\"attributes\":{\"service.name\":\"shop\"},\"events\":[]}"));
  close(file);
}

TEST_F(TextExporterTest, OtlpFileHasALineForEachBatch) {
  configure(otlp_file_exporter(path));
  make_trace();
  const std::vector<std::string> first = lines();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_THAT(first[0],
              StartsWith("{\"resourceSpans\":[{\"resource\":{\"attributes\":[{\"key\":\"service.name\",\"value\":{"
                         "\"stringValue\":\"shop\"}}"));
  const std::string trace = hex(root_context.trace_id), root = hex(root_context.span_id),
                    child = hex(child_context.span_id);
  EXPECT_THAT(
      first[0],
      HasSubstr(
          "\"scopeSpans\":[{\"scope\":{\"name\":\"text\",\"version\":\"1\"},\"spans\":[{\"traceId\":\"" + trace +
          "\",\"spanId\":\"" + child + "\",\"parentSpanId\":\"" + root +
          "\",\"flags\":259,\"name\":\"child\",\"kind\":3,\"startTimeUnixNano\":\"1700000000124456789\","
          "\"endTimeUnixNano\":\"1700000000126956789\",\"attributes\":[{\"key\":\"n\",\"value\":{\"intValue\":\"1\"}},"
          "{\"key\":\"list\",\"value\":{\"arrayValue\":{\"values\":[{\"intValue\":\"1\"},{\"intValue\":\"2\"}]}}}],"
          "\"events\":[{\"timeUnixNano\":\"1700000000125000000\",\"name\":\"hit\",\"attributes\":[{\"key\":\"k\","
          "\"value\":{\"stringValue\":\"v\"}}]}],\"status\":{\"message\":\"bad\",\"code\":2}},{\"traceId\""));
  {
    tracer("other").start("x");
  }
  {
    tracer_.start("y");
  }
  const std::vector<std::string> second = lines();
  ASSERT_THAT(second, SizeIs(2));
  EXPECT_THAT(second[1], HasSubstr("\"name\":\"other\"},\"spans\":[{"));
  EXPECT_THAT(second[1], HasSubstr("]},{\"scope\":{\"name\":\"text\""));
  EXPECT_EQ(lost(), 0u);
}

TEST_F(TextExporterTest, WhatCannotBeWrittenIsCounted) {
  for (const char* bad : {"/dev/full", "/no/such/folder/file"}) {
    configure(otlp_file_exporter(bad));
    make_trace();
    EXPECT_TRUE(flush());
    EXPECT_EQ(lost(), 2u) << bad;
  }
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  configure(console_exporter(ends[1]));  // nobody reads: SIGPIPE would end the program
  make_trace();
  EXPECT_TRUE(flush());
  EXPECT_EQ(lost(), 2u);
  close(ends[1]);
  configure(console_exporter(ends[1]));  // closed
  make_trace();
  EXPECT_TRUE(flush());
  EXPECT_EQ(lost(), 2u);
}

TEST_F(TextExporterTest, APipeThatIsFullDoesNotHoldUpShutdown) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
  configure(console_exporter(ends[1]));
  for (int i = 0; i < 400; ++i) tracer_.start(std::string(400, 'x'));
  EXPECT_FALSE(shutdown(30));
  // On a busy machine it says so a moment later, or has not come to them at all.
  const auto given_up = [&] {
    return lost() + stats().dropped[unsigned(Drop::kShutdown)] - before.dropped[unsigned(Drop::kShutdown)];
  };
  while (given_up() == 0) std::this_thread::yield();
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace clew
