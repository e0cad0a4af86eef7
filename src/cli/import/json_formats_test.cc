// The other formats, read as files, printed as OTLP.
#include "cli/import/json_formats.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "cli/fetched_trace.h"
#include "cli/import/span_reader.h"

namespace clew::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Read {
  std::string otlp;  // everything of all batches
  uint64_t spans = 0;
  uint64_t rejected = 0;
  std::vector<std::string> faults;
};

Read read(const std::string& bytes) {
  Read out;
  auto reader = open_spans(bytes_of(bytes));
  if (!reader || !*reader) {
    out.faults.push_back(reader ? "empty" : reader.error().message);
    return out;
  }
  SpanBatch batch;
  while (true) {
    auto piece = (*reader)->next(batch);
    if (!piece || piece->kind == SpanReader::Piece::Kind::end) return out;
    if (piece->kind == SpanReader::Piece::Kind::bad) {
      out.faults.push_back(piece->where + ": " + piece->fault);
      continue;
    }
    SpanTable table;
    table.append(batch);
    table.publish();
    out.otlp += otlp_json_line(table);
    out.spans += batch.rows.size();
    out.rejected += batch.rejected.spans;
  }
}

std::string attribute(std::string_view key, std::string_view value) {
  return fmt::format(R"({{"key":"{}","value":{}}})", key, value);
}
std::string text(std::string_view key, std::string_view value) {
  return attribute(key, fmt::format(R"({{"stringValue":"{}"}})", value));
}

const std::string kJaegerTrace = R"({"traceID":"5b8efff798038103d269b633813fc60c","spans":[
  {"traceID":"5b8efff798038103d269b633813fc60c","spanID":"eee19b7ec3c1b174","flags":1,"operationName":"GET /",
   "references":[],"startTime":1700000000000001,"duration":1500,"processID":"p1","warnings":["clock skew"],
   "tags":[{"key":"span.kind","type":"string","value":"server"},{"key":"error","type":"bool","value":true},
     {"key":"otel.status_description","type":"string","value":"it broke"},{"key":"retries","type":"int64","value":3},
     {"key":"big","type":"int64","value":"9007199254740993"},{"key":"ratio","type":"float64","value":0.5},
     {"key":"raw","type":"binary","value":"AAEC"},{"key":"otel.scope.name","type":"string","value":"lib"},
     {"key":"w3c.tracestate","type":"string","value":"a=b"}],
   "logs":[{"timestamp":1700000000000100,"fields":[{"key":"event","type":"string","value":"retry"},
     {"key":"n","type":"int64","value":1}]}]},
  {"traceID":"5b8efff798038103d269b633813fc60c","spanID":"1","operationName":"SELECT","startTime":1700000000000002,
   "duration":0,"processID":"p2","tags":[{"key":"http.status_code","type":"int64","value":503}],"logs":null,
   "references":[{"refType":"CHILD_OF","traceID":"5b8efff798038103d269b633813fc60c","spanID":"eee19b7ec3c1b174"},
     {"refType":"FOLLOWS_FROM","traceID":"77","spanID":"88"}]}],
 "processes":{"p1":{"serviceName":"shop","tags":[{"key":"hostname","type":"string","value":"h1"}]},
   "p2":{"serviceName":"db","tags":[]}},"warnings":null})";

TEST(JaegerJson, KeepsWhatASpanSays) {
  Read seen = read(kJaegerTrace);
  EXPECT_THAT(seen.faults, testing::IsEmpty());
  EXPECT_EQ(seen.spans, 2U);
  for (const std::string& part :
       {text("service.name", "shop"),
        text("host.name", "h1"),
        text("service.name", "db"),
        std::string(R"("scope":{"name":"lib"})"),
        std::string(R"("traceId":"5b8efff798038103d269b633813fc60c")"),
        std::string(R"("spanId":"eee19b7ec3c1b174")"),
        std::string(R"("parentSpanId":"eee19b7ec3c1b174")"),
        std::string(R"("traceState":"a=b")"),
        std::string(R"("name":"GET /")"),
        std::string(R"("kind":2)"),
        std::string(R"("startTimeUnixNano":"1700000000000001000")"),
        std::string(R"("endTimeUnixNano":"1700000000001501000")"),
        attribute("retries", R"({"intValue":"3"})"),
        attribute("big", R"({"intValue":"9007199254740993"})"),
        attribute("ratio", R"({"doubleValue":0.5})"),
        attribute("raw", R"({"bytesValue":"AAEC"})"),
        text("opentracing.ref_type", "follows_from"),
        attribute("@jaeger@warnings", R"({"arrayValue":{"values":[{"stringValue":"clock skew"}]}})"),
        std::string(R"("timeUnixNano":"1700000000000100000","name":"retry")"),
        std::string(R"("traceId":"00000000000000000000000000000077","spanId":"0000000000000088")"),
        std::string(R"("message":"it broke")"),
        std::string(R"("spanId":"0000000000000001")")}) {
    EXPECT_THAT(seen.otlp, HasSubstr(part));
  }
  // Two errors: by the tag, and by the status of HTTP.
  EXPECT_THAT(seen.otlp, HasSubstr(R"("status":{"code":2})"));
  for (const char* tag : {"span.kind", "otel.status_description", "w3c.tracestate", "otel.scope.name"}) {
    EXPECT_THAT(seen.otlp, Not(HasSubstr(tag)));
  }
}

TEST(JaegerJson, IsTakenInAllItsShapes) {
  std::string line = kJaegerTrace;
  std::erase(line, '\n');
  for (const std::string& file :
       {kJaegerTrace, R"({"data":[)" + kJaegerTrace + R"(],"total":0,"limit":0,"offset":0,"errors":null})",
        "[" + kJaegerTrace + "]", "\xef\xbb\xbf\r\n" + line + "\r\n"}) {
    EXPECT_EQ(read(file).spans, 2U) << file;
  }
  EXPECT_EQ(read(line + "\n" + line + "\n").spans, 4U);
  EXPECT_EQ(read(R"({"data":[]})").faults.size(), 0U);
  Read alone = read(R"({"traceID":"1","spanID":"2","operationName":"x","startTime":1,"duration":1,
                        "process":{"serviceName":"own"}})");
  EXPECT_EQ(alone.spans, 1U);
  EXPECT_THAT(alone.otlp, HasSubstr(text("service.name", "own")));
}

TEST(JaegerJson, TakesTheParentFromWhereItStands) {
  auto parent_of = [](std::string_view references) {
    std::string otlp = read(fmt::format(R"({{"traceID":"1","spanID":"2",{},"process":{{}}}})", references)).otlp;
    size_t at = otlp.find("\"parentSpanId\":\"");
    return at == std::string::npos ? "" : otlp.substr(at + 31, 1);
  };
  EXPECT_EQ(parent_of(R"("references":[{"refType":"CHILD_OF","traceID":"1","spanID":"3"}])"), "3");
  EXPECT_EQ(parent_of(R"("parentSpanID":"4","references":[])"), "4");
  EXPECT_EQ(parent_of(R"("references":[{"refType":"FOLLOWS_FROM","traceID":"1","spanID":"5"}])"), "5");
  EXPECT_EQ(parent_of(R"("references":[{"refType":"CHILD_OF","traceID":"9","spanID":"6"}])"), "");
  EXPECT_EQ(parent_of(R"("references":null)"), "");
}

TEST(ZipkinJson, KeepsWhatASpanSays) {
  Read seen = read(R"([{"traceId":"5af7183fb1d4cf5f","id":"352bff9a74ca9ad2","parentId":"6b221d5bc9e6496c",
    "name":"get /api","kind":"CLIENT","timestamp":1700000000000001,"duration":1500,"shared":true,
    "localEndpoint":{"serviceName":"shop","ipv4":"10.0.0.1","port":8080},
    "remoteEndpoint":{"serviceName":"db","ipv6":"::1","port":5432},
    "annotations":[{"timestamp":1700000000000100,"value":"ws"}],
    "tags":{"http.path":"/api","error":"timed out","otel.scope.name":"lib"}}])");
  EXPECT_THAT(seen.faults, testing::IsEmpty());
  for (const std::string& part :
       {text("service.name", "shop"), std::string(R"("traceId":"00000000000000005af7183fb1d4cf5f")"),
        std::string(R"("spanId":"352bff9a74ca9ad2")"), std::string(R"("parentSpanId":"6b221d5bc9e6496c")"),
        std::string(R"("name":"get /api")"), std::string(R"("kind":3)"),
        std::string(R"("endTimeUnixNano":"1700000000001501000")"), text("http.path", "/api"),
        text("network.local.address", "10.0.0.1"), attribute("network.local.port", R"({"intValue":"8080"})"),
        text("peer.service", "db"), text("network.peer.address", "::1"),
        attribute("network.peer.port", R"({"intValue":"5432"})"), attribute("zipkin.shared", R"({"boolValue":true})"),
        std::string(R"("timeUnixNano":"1700000000000100000","name":"ws")"),
        std::string(R"("status":{"message":"timed out","code":2})"), std::string(R"("scope":{"name":"lib"})")}) {
    EXPECT_THAT(seen.otlp, HasSubstr(part));
  }
}

TEST(ZipkinJson, IsTakenInAllItsShapes) {
  const std::string span = R"({"traceId":"1","id":"2","localEndpoint":{"serviceName":"a"}})";
  for (auto [file, spans] : std::vector<std::pair<std::string, uint64_t>>{{"[]", 0},
                                                                          {"[[]]", 0},
                                                                          {span, 1},
                                                                          {"[" + span + "," + span + "]", 2},
                                                                          {"[[" + span + "],[" + span + "]]", 2},
                                                                          {span + "\n" + span + "\n", 2},
                                                                          {"[" + span + "]\n[" + span + "]\n", 2}}) {
    Read seen = read(file);
    EXPECT_EQ(seen.spans, spans) << file;
    EXPECT_THAT(seen.faults, testing::IsEmpty()) << file;
  }
  // An old reporter's span begins with its first annotation.
  EXPECT_THAT(
      read(R"([{"traceId":"1","id":"2","annotations":[{"timestamp":9,"value":"b"},{"timestamp":7,"value":"a"}]}])")
          .otlp,
      HasSubstr(R"("startTimeUnixNano":"7000")"));
}

TEST(SimpleJson, KeepsWhatASpanSays) {
  Read seen = read(
      R"({"traceId":"5b8efff798038103d269b633813fc60c","spanId":"eee19b7ec3c1b174","parentSpanId":null,)"
      R"("operationName":"checkout","startTime":1700000000000.25,"duration":1.5,"attributes":{"service.name":"shop",)"
      R"("span.kind":"server","n":3,"ratio":0.5,"ok":true,"list":["a",1],"map":{"k":null},"error":true},)"
      R"("events":[{"timestamp":1700000000001,"name":"paid","attributes":{"by":"card"}}]})");
  EXPECT_THAT(seen.faults, testing::IsEmpty());
  for (const std::string& part :
       {text("service.name", "shop"), std::string(R"("name":"checkout")"), std::string(R"("kind":2)"),
        std::string(R"("startTimeUnixNano":"1700000000000250000")"),
        std::string(R"("endTimeUnixNano":"1700000000001750000")"), attribute("n", R"({"intValue":"3"})"),
        attribute("ratio", R"({"doubleValue":0.5})"), attribute("ok", R"({"boolValue":true})"),
        attribute("list", R"({"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"1"}]}})"),
        attribute("map", R"({"kvlistValue":{"values":[{"key":"k","value":{}}]}})"), text("by", "card"),
        std::string(R"("timeUnixNano":"1700000000001000000","name":"paid")"), std::string(R"("code":2)")}) {
    EXPECT_THAT(seen.otlp, HasSubstr(part));
  }
  EXPECT_THAT(seen.otlp, Not(HasSubstr("parentSpanId")));
  EXPECT_THAT(seen.otlp, Not(HasSubstr("original_id")));
}

TEST(SimpleJson, HashesIdsThatAreNotHex) {
  auto span = [](std::string_view trace, std::string_view id, std::string_view parent) {
    return fmt::format(
        R"({{"traceId":{},"spanId":{},"parentSpanId":{},"operationName":"x","startTime":1,"duration":1}})", trace, id,
        parent);
  };
  Read seen = read(span(R"("order 17")", R"("root")", "null") + "\n" + span(R"("order 17")", R"("c")", R"("root")"));
  EXPECT_EQ(seen.spans, 2U);
  EXPECT_EQ(seen.rejected, 0U);
  // Fixed for ever.
  EXPECT_THAT(seen.otlp, HasSubstr(R"("traceId":"17ff805a46958a1b3104e525c6d71d52","spanId":"a973c95bd064f2aa")"));
  EXPECT_THAT(seen.otlp, HasSubstr(R"("spanId":"000000000000000c")"));
  EXPECT_THAT(seen.otlp, HasSubstr(R"("parentSpanId":"a973c95bd064f2aa")"));
  EXPECT_THAT(seen.otlp,
              HasSubstr(attribute("clew.original_id", R"({"arrayValue":{"values":[{"stringValue":"order 17"},)"
                                                      R"({"stringValue":"root"}]}})")));
  EXPECT_THAT(seen.otlp, HasSubstr(text("clew.original_id", "order 17")));
  // Longer than an id is, and a number.
  EXPECT_THAT(read(span(R"("1")", R"("00112233445566778899")", "null")).otlp,
              HasSubstr(text("clew.original_id", "00112233445566778899")));
  EXPECT_THAT(read(span("12", "34", "null")).otlp, HasSubstr(R"("spanId":"0000000000000034")"));
}

TEST(JsonFormats, RejectSpansWithoutIds) {
  for (const char* file :
       {R"({"traceID":"x","spans":[{"traceID":"x","spanID":"1"},{"traceID":"1","spanID":"1"}]})",
        R"([{"traceId":"1","id":"1"},{"traceId":"1","id":"zz"}])",
        R"([{"traceId":"1","spanId":"1","startTime":1},{"traceId":"","spanId":"1","startTime":1}])"}) {
    Read seen = read(file);
    EXPECT_EQ(seen.spans, 1U) << file;
    EXPECT_EQ(seen.rejected, 1U) << file;
  }
}

TEST(JsonFormats, SayWhatIsWrong) {
  for (auto [file, fault] : std::vector<std::pair<std::string, std::string>>{
           {R"({"traceID":"1","spans":7})", "line 1: 'spans' of a trace in Jaeger's JSON is a list"},
           {R"({"data":[7]})", "a trace of Jaeger's JSON is an object"},
           {R"({"traceID":"1","spans":[7]})", "a span of Jaeger's JSON is an object"},
           {R"([{"traceId":"1","id":"2"},7])", "a span of Zipkin's JSON is an object"},
           {R"([{"traceId":"1","spanId":"2","startTime":1},7])", "a span is an object"},
           {R"({"hello":"world"})", "none of the formats that can be imported: OTLP JSON, Jaeger JSON"},
           {R"([{"hello":"world"}])", "none of the formats"},
           {R"([{"traceId":"1","id":"2"})", "line 1: "}}) {
    Read seen = read(file);
    EXPECT_EQ(seen.spans, 0U) << file;
    ASSERT_EQ(seen.faults.size(), 1U) << file;
    EXPECT_THAT(seen.faults.front(), HasSubstr(fault));
  }
}

TEST(NanosecondsOf, TakesEveryNumber) {
  simdjson::dom::parser parser;
  for (auto [json, ns] : std::vector<std::pair<std::string, uint64_t>>{{"5", 5'000'000},
                                                                       {"\"5\"", 5'000'000},
                                                                       {"1700000000000.125", 1'700'000'000'000'125'000},
                                                                       {"-1", 0},
                                                                       {"-0.5", 0},
                                                                       {"1e300", 0},
                                                                       {"18446744073709551615", 0},
                                                                       {"null", 0},
                                                                       {"[]", 0}}) {
    std::string document = "{\"t\":" + json + "}";
    EXPECT_EQ(nanoseconds_of(parser.parse(document).value_unsafe(), "t", 1'000'000), ns) << json;
  }
  EXPECT_EQ(nanoseconds_of(parser.parse(std::string("{}")).value_unsafe(), "t", 1), 0U);
}

}  // namespace
}  // namespace clew::cli
