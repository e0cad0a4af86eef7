// Decoding of spans of about 480 bytes with ten attributes, in requests of 500 spans. "Diverse" has random ports,
// addresses and URLs, and a UUID on every fifth span; "repeating" picks every value from a few.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "wire/otlp.h"
#include "wire/otlp_fields.h"
#include "wire/proto_writer.h"

namespace clew::wire {
namespace {

constexpr int kRequests = 40;
constexpr int kSpans = 500;
constexpr size_t kDecoderBytes = size_t{8} << 20;

class Corpus {
 public:
  explicit Corpus(bool diverse) : diverse_(diverse) {
    for (int i = 0; i < kRequests; ++i) requests.push_back(request());
  }
  std::vector<std::string> requests;

 private:
  uint64_t below(uint64_t n) { return random_() % n; }
  uint64_t choice(uint64_t few, uint64_t many) { return below(diverse_ ? many : few); }
  void text(MessageWriter& out, uint32_t field, std::string_view key, std::string_view value) {
    MessageWriter pair(out, field);
    pair.bytes(key_value_field::kKey, key);
    MessageWriter content(pair, key_value_field::kValue);
    content.bytes(any_value_field::kString, value);
  }
  void number(MessageWriter& out, uint32_t field, std::string_view key, uint64_t value) {
    MessageWriter pair(out, field);
    pair.bytes(key_value_field::kKey, key);
    MessageWriter content(pair, key_value_field::kValue);
    content.varint(any_value_field::kInt, value);
  }
  std::string id(size_t size) {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(1 + below(255));
    return out;
  }
  std::string request() {
    std::string out;
    MessageWriter request(out);
    for (int spans = 0; spans < kSpans;) {
      MessageWriter group(request, request_field::kResourceSpans);
      {
        MessageWriter resource(group, resource_spans_field::kResource);
        uint64_t service = below(17);
        text(resource, resource_field::kAttributes, "service.name", fmt::format("service-{}", service));
        text(resource, resource_field::kAttributes, "k8s.pod.name",
             fmt::format("service-{}-7f6c9d-{}", service, below(3)));
        text(resource, resource_field::kAttributes, "k8s.namespace.name", "shop");
        text(resource, resource_field::kAttributes, "telemetry.sdk.language", "java");
        text(resource, resource_field::kAttributes, "telemetry.sdk.version", "1.43.0");
      }
      MessageWriter scope_spans(group, resource_spans_field::kScopeSpans);
      {
        MessageWriter scope(scope_spans, scope_spans_field::kScope);
        scope.bytes(scope_field::kName, "io.opentelemetry.tomcat-10.0");
        scope.bytes(scope_field::kVersion, "2.9.0-alpha");
      }
      for (uint64_t n = 1 + below(15); n > 0; --n, ++spans) {
        MessageWriter one(scope_spans, scope_spans_field::kSpans);
        span(one);
      }
    }
    return out;
  }
  void span(MessageWriter& out) {
    namespace f = span_field;
    static constexpr const char* kMethods[] = {"GET", "GET", "GET", "POST"};
    uint64_t route = below(60);
    const char* method = kMethods[route % 4];
    out.bytes(f::kTraceId, id(16));
    out.bytes(f::kSpanId, id(8));
    out.bytes(f::kParentSpanId, id(8));
    out.bytes(f::kName, fmt::format("{} /api/v1/resource{}/{{id}}", method, route));
    out.varint(f::kKind, 2 + below(2));
    uint64_t start = 1'700'000'000'000'000'000ULL + below(1'000'000'000'000);
    out.fixed64(f::kStart, start);
    out.fixed64(f::kEnd, start + below(100'000'000));
    text(out, f::kAttributes, "http.request.method", method);
    text(out, f::kAttributes, "http.route", fmt::format("/api/v1/resource{}/{{id}}", route));
    text(out, f::kAttributes, "url.path", fmt::format("/api/v1/resource{}/{}", route, choice(3, 400)));
    text(out, f::kAttributes, "server.address", fmt::format("service-{}.shop.svc.cluster.local", route % 10));
    number(out, f::kAttributes, "server.port", 8080);
    number(out, f::kAttributes, "http.response.status_code", below(20) == 0 ? 500 : 200);
    text(out, f::kAttributes, "network.peer.address", fmt::format("10.1.{}.{}", choice(1, 8), choice(4, 250)));
    number(out, f::kAttributes, "network.peer.port", 1024 + choice(2, 60000));
    text(out, f::kAttributes, "user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36");
    if (diverse_ && below(5) == 0) {
      text(out, f::kAttributes, "session.id",
           fmt::format("{:08x}-{:04x}-4{:03x}-9{:03x}-{:012x}", below(1ULL << 32), below(65536), below(4096),
                       below(4096), below(1ULL << 48)));
    } else {
      text(out, f::kAttributes, "thread.name", fmt::format("http-nio-8080-exec-{}", choice(4, 32)));
    }
    MessageWriter status(out, f::kStatus);
  }

  bool diverse_;
  std::mt19937_64 random_{42};
};

void report(benchmark::State& state, const Corpus& corpus, size_t spans) {
  size_t bytes = 0;
  for (const auto& request : corpus.requests) bytes += request.size();
  state.counters["ns/span"] =
      benchmark::Counter(static_cast<double>(spans) / 1e9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["bytes/span"] =
      static_cast<double>(bytes) * static_cast<double>(state.iterations()) / static_cast<double>(spans);
}

void decode(benchmark::State& state) {
  Corpus corpus(state.range(0) != 0);
  auto decoder = std::make_unique<OtlpDecoder>(Limits{});
  SpanBatch batch;
  size_t spans = 0;
  for (auto _ : state) {
    for (const auto& request : corpus.requests) {
      // As receivers do: a grown decoder goes.
      if (decoder->allocated_bytes() > kDecoderBytes) decoder = std::make_unique<OtlpDecoder>(Limits{});
      benchmark::DoNotOptimize(decoder->decode_protobuf(request, 1, batch));
      spans += batch.rows.size();
    }
  }
  report(state, corpus, spans);
}
BENCHMARK(decode)->ArgName("diverse")->Arg(0)->Arg(1);

// Every field's head is read and nothing is done with it, down to the values.
uint64_t walk_message(std::string_view message, int depth) {
  uint64_t sum = 0;
  for (FieldReader field(message); field.next();) {
    sum += field.scalar();
    // Request, resource spans, scope spans, span, attribute.
    bool nested =
        (field.tag() & 7) == kBytes && (depth < 2 || (depth == 2 && field.number() == scope_spans_field::kSpans) ||
                                        (depth == 3 && field.number() == span_field::kAttributes) ||
                                        (depth == 4 && field.number() == key_value_field::kValue));
    if (nested && !(depth == 1 && field.number() == resource_spans_field::kResource))
      sum += walk_message(field.bytes(), depth + 1);
  }
  return sum;
}

void walk_only(benchmark::State& state) {
  Corpus corpus(state.range(0) != 0);
  for (auto _ : state) {
    for (const auto& request : corpus.requests) benchmark::DoNotOptimize(walk_message(request, 0));
  }
  OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  size_t spans = 0;
  for (const auto& request : corpus.requests) {
    benchmark::DoNotOptimize(decoder.decode_protobuf(request, 1, batch));
    spans += batch.rows.size();
  }
  report(state, corpus, spans * state.iterations());
}
BENCHMARK(walk_only)->ArgName("diverse")->Arg(0)->Arg(1);

}  // namespace
}  // namespace clew::wire
