#include "cli/bench_corpus.h"

#include <fmt/format.h>

#include <cmath>
#include <numbers>

#include "base/bytes.h"

namespace clew::cli {
namespace {

constexpr size_t kServices = 12;
constexpr uint64_t kUuidEvery = 5;

// Field numbers of opentelemetry-proto as whole tags (number << 3 | wire type).
constexpr char kTraceIdTag = 0x0a, kSpanIdTag = 0x12, kParentTag = 0x22, kNameTag = 0x2a, kKindTag = 0x30,
               kStartTag = 0x39, kEndTag = 0x41, kAttributeTag = 0x4a, kStatusTag = 0x7a;

std::string sized(char tag, std::string_view bytes) {
  std::string out(1, tag);
  ByteWriter(out).sized(bytes);
  return out;
}

std::string key_value(std::string_view key, std::string_view any_value) {
  return sized(kAttributeTag, sized(0x0a, key) + sized(0x12, any_value));
}
std::string text(std::string_view key, std::string_view value) {
  return key_value(key, sized(0x0a, value));
}
std::string number(std::string_view key, uint64_t value) {
  std::string any(1, 0x18);
  ByteWriter(any).varint(value);
  return key_value(key, any);
}

void append_fixed64(std::string& out, char tag, uint64_t value) {
  out.push_back(tag);
  ByteWriter(out).fixed(value);
}

std::string resource_of(size_t service) {
  // Resource attributes are field 1, where span attributes are field 9.
  auto attribute = [](std::string kv) {
    kv[0] = 0x0a;
    return kv;
  };
  std::string name = fmt::format("shop-{}", service);
  return attribute(text("service.name", name)) + attribute(text("service.version", fmt::format("1.{}.0", service))) +
         attribute(text("k8s.pod.name", fmt::format("{}-7d9c{:04x}", name, service * 7919))) +
         attribute(text("k8s.namespace.name", "shop")) + attribute(text("telemetry.sdk.language", "cpp"));
}

}  // namespace

BenchCorpus::BenchCorpus(uint64_t seed, uint64_t first_start_ns) : random_(seed), now_ns_(first_start_ns) {
  make_pools();
}

void BenchCorpus::make_pools() {
  auto fill = [](Pool& pool, size_t count, auto&& make) {
    for (size_t i = 0; i < count; ++i) pool.push_back(make(i));
  };
  for (size_t i = 0; i < kServices; ++i) resources_.push_back(resource_of(i));
  for (const char* m : {"GET", "POST", "PUT", "DELETE"}) methods_.push_back(text("http.request.method", m));
  fill(routes_, 200, [](size_t i) { return text("http.route", fmt::format("/api/v{}/resource{}/{{id}}", i % 3, i)); });
  fill(urls_, 20000, [](size_t i) {
    return text("url.full", fmt::format("https://shop.example.com/api/v{}/resource{}/{}?page={}", i % 3, i % 200,
                                        i * 104729 % 1000003, i % 17));
  });
  for (int s : {200, 201, 204, 301, 400, 404, 500, 503}) {
    statuses_.push_back(number("http.response.status_code", static_cast<uint64_t>(s)));
  }
  fill(servers_, 24, [](size_t i) { return text("server.address", fmt::format("node-{}.internal", i)); });
  for (uint64_t p : {80, 443, 8080, 5432}) server_ports_.push_back(number("server.port", p));
  fill(agents_, 60, [](size_t i) { return text("user_agent.original", fmt::format("Mozilla/5.0 (agent {})", i)); });
  for (const char* v : {"1.1", "2"}) protocols_.push_back(text("network.protocol.version", v));
  fill(rpc_services_, 40, [](size_t i) { return text("rpc.service", fmt::format("shop.v1.Service{}", i)); });
  fill(rpc_methods_, 160, [](size_t i) { return text("rpc.method", fmt::format("Method{}", i)); });
  fill(rpc_statuses_, 5, [](size_t i) { return number("rpc.grpc.status_code", i * 3); });
  for (const char* d : {"postgresql", "mysql", "redis", "mongodb"}) databases_.push_back(text("db.system.name", d));
  fill(namespaces_, 10, [](size_t i) { return text("db.namespace", fmt::format("shop_{}", i)); });
  for (const char* o : {"SELECT", "INSERT", "UPDATE", "DELETE"}) operations_.push_back(text("db.operation.name", o));
  fill(tables_, 50, [](size_t i) { return text("db.collection.name", fmt::format("table_{}", i)); });
  fill(statements_, 500, [](size_t i) {
    return text("db.query.text",
                fmt::format("SELECT a, b, c FROM table_{} WHERE id = $1 AND state = '{}' LIMIT 50", i % 50, i));
  });
  fill(threads_, 64, [](size_t i) { return text("thread.name", fmt::format("worker-{}", i)); });
  fill(http_names_, 200,
       [](size_t i) { return sized(kNameTag, fmt::format("GET /api/v{}/resource{}/{{id}}", i % 3, i)); });
  fill(rpc_names_, 160, [](size_t i) { return sized(kNameTag, fmt::format("shop.v1.Service/Method{}", i)); });
  fill(database_names_, 50, [](size_t i) { return sized(kNameTag, fmt::format("SELECT table_{}", i)); });
}

uint64_t BenchCorpus::pick(uint64_t choices) {
  floor_bits_ += std::log2(static_cast<double>(choices));
  return random_() % choices;
}

void BenchCorpus::pick_from(const Pool& pool, std::string& span) {
  span += pool[pick(pool.size())];
}

uint64_t BenchCorpus::log_normal_ns(double median_ns, double sigma) {
  // Differential entropy of a log-normal in bits, at a resolution of 1 ns.
  double mu = std::log(median_ns);
  floor_bits_ += std::log2(sigma * std::exp(mu + 0.5) * std::sqrt(2 * std::numbers::pi));
  // Box and Muller.
  double a = (static_cast<double>(random_() >> 11) + 1) / 9007199254740993.0;
  double b = static_cast<double>(random_() >> 11) / 9007199254740992.0;
  double normal = std::sqrt(-2 * std::log(a)) * std::cos(2 * std::numbers::pi * b);
  return static_cast<uint64_t>(std::exp(mu + sigma * normal));
}

void BenchCorpus::begin_trace() {
  trace_ = {random_(), random_()};
  floor_bits_ += 128;
  open_.clear();
  double u = (static_cast<double>(random_() >> 11) + 1) / 9007199254740993.0;
  left_ = static_cast<uint32_t>(std::min(200.0, 1 - std::log(u) * 4));
  if (random_() % 200 == 0) left_ = 20 + static_cast<uint32_t>(random_() % 181);
  // Traces begin 100 µs apart on the average, exponentially: entropy log2(e · mean).
  constexpr double kMeanGapNs = 100'000;
  double gap = (static_cast<double>(random_() >> 11) + 1) / 9007199254740993.0;
  now_ns_ += static_cast<uint64_t>(-std::log(gap) * kMeanGapNs);
  floor_bits_ += std::log2(std::numbers::e * kMeanGapNs);
}

void BenchCorpus::append_peer(std::string& span) {
  uint64_t address = pick(1 << 16);
  span += text("network.peer.address", fmt::format("10.{}.{}.{}", address >> 14, address >> 7 & 127, address & 127));
  span += number("network.peer.port", 32768 + pick(32768));
}

void BenchCorpus::append_http(std::string& span) {
  pick_from(methods_, span);
  pick_from(urls_, span);
  pick_from(statuses_, span);
  pick_from(servers_, span);
  pick_from(server_ports_, span);
  append_peer(span);
  pick_from(agents_, span);
  pick_from(protocols_, span);
}

void BenchCorpus::append_rpc(std::string& span) {
  static const std::string system = text("rpc.system", "grpc");
  span += system;
  pick_from(rpc_services_, span);
  pick_from(rpc_statuses_, span);
  pick_from(servers_, span);
  pick_from(server_ports_, span);
  append_peer(span);
  pick_from(threads_, span);
  span += number("thread.id", 1000 + pick(64));
}

void BenchCorpus::append_database(std::string& span) {
  pick_from(databases_, span);
  pick_from(namespaces_, span);
  pick_from(operations_, span);
  pick_from(tables_, span);
  pick_from(statements_, span);
  pick_from(servers_, span);
  pick_from(server_ports_, span);
  append_peer(span);
}

void BenchCorpus::append_span(std::string& out, size_t service) {
  OpenSpan span{random_(), 0, log_normal_ns(2e6, 1.2)};
  floor_bits_ += 64;
  uint64_t parent_id = 0;
  if (open_.empty()) {
    span.start_ns = now_ns_;
  } else {
    const OpenSpan& parent = open_[pick(open_.size())];
    parent_id = parent.id;
    span.start_ns = parent.start_ns + pick(parent.duration_ns + 1);
  }
  open_.push_back(span);
  span_.clear();
  char id[16];
  trace_.copy_to(id);
  span_ += sized(kTraceIdTag, {id, 16});
  SpanId{span.id}.copy_to(id);
  span_ += sized(kSpanIdTag, {id, 8});
  if (parent_id != 0) {
    SpanId{parent_id}.copy_to(id);
    span_ += sized(kParentTag, {id, 8});
  }
  uint64_t family = service % 3;
  const auto& names = family == 0 ? http_names_ : family == 1 ? rpc_names_ : database_names_;
  uint64_t name = pick(names.size());
  span_ += names[name];
  span_.push_back(kKindTag);
  span_.push_back(family == 0 ? 2 : 3);
  append_fixed64(span_, kStartTag, span.start_ns);
  append_fixed64(span_, kEndTag, span.start_ns + span.duration_ns);
  if (family == 0) {
    span_ += routes_[name];
    append_http(span_);
  } else if (family == 1) {
    span_ += rpc_methods_[name];
    append_rpc(span_);
  } else {
    append_database(span_);
  }
  if (spans_ % kUuidEvery == 0) {
    uint64_t high = random_();
    uint64_t low = random_();
    floor_bits_ += 128;
    span_ += text("app.request.id", fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, high >> 16 & 0xffff,
                                                high & 0xffff, low >> 48, low & 0xffffffffffff));
  }
  if (pick(25) == 0) {
    span_ += sized(kStatusTag, std::string_view("\x18\x02", 2));
  }
  out += sized(0x12, span_);
  ++spans_;
}

void BenchCorpus::next(uint32_t spans, Request& out) {
  out.body.clear();
  out.parts.clear();
  out.spans = spans;
  std::vector<std::string> by_service(kServices);
  for (uint32_t i = 0; i < spans; ++i) {
    if (left_ == 0) begin_trace();
    if (out.parts.empty() || out.parts.back().trace != trace_) out.parts.push_back({trace_, 0});
    ++out.parts.back().spans;
    size_t service = pick(kServices);
    append_span(by_service[service], service);
    --left_;
  }
  static const std::string scope = sized(0x0a, sized(0x0a, "shop.instrumentation") + sized(0x12, "1.4.2"));
  for (size_t service = 0; service < kServices; ++service) {
    if (by_service[service].empty()) continue;
    std::string scope_spans = scope + by_service[service];
    out.body += sized(0x0a, sized(0x0a, resources_[service]) + sized(0x12, scope_spans));
  }
}

}  // namespace clew::cli
