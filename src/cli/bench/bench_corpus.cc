#include "cli/bench/bench_corpus.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/bytes.h"
#include "base/mix.h"
#include "cli/bench/span_bytes.h"

namespace clew::cli {
namespace {

constexpr size_t kMaxTraceSpans = 200;
constexpr uint32_t kUrls = 20480;
constexpr uint32_t kPeers = 4 * 256 * 254;
constexpr uint32_t kFirstPort = 1024;
constexpr uint32_t kPorts = 65536 - kFirstPort;
constexpr double kDurationMu = 15.42;  // median 5 ms
constexpr double kDurationSigma = 1.2;
constexpr double kOffsetMu = 13.8;  // median 1 ms after the parent's start
constexpr double kOffsetSigma = 1.0;
constexpr double kUuidBits = 128;

double log_normal_bits(double mu, double sigma) {
  return (mu + 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * sigma * sigma)) / std::numbers::ln2;
}

// The exponent of p(n) ~ n^-a over 1 … 200 with the wanted mean.
std::vector<double> size_distribution() {
  auto weights = [](double exponent) {
    std::vector<double> out;
    for (size_t n = 1; n <= kMaxTraceSpans; ++n) out.push_back(std::pow(static_cast<double>(n), -exponent));
    double sum = 0;
    for (double w : out) sum += w;
    for (double& w : out) w /= sum;
    return out;
  };
  double low = 0;
  double high = 10;
  constexpr int kSteps = 60;
  for (int i = 0; i < kSteps; ++i) {
    double middle = (low + high) / 2;
    double mean = 0;
    auto p = weights(middle);
    for (size_t n = 0; n < p.size(); ++n) mean += p[n] * static_cast<double>(n + 1);
    (mean > kCorpusMeanSpans ? low : high) = middle;
  }
  return weights(low);
}

constexpr std::string_view kServiceNames[kCorpusServices] = {"frontend", "cart",     "checkout", "payment",
                                                             "shipping", "currency", "catalog",  "recommendation",
                                                             "ad",       "email",    "search",   "account"};

std::string resource_of(std::string_view service, uint64_t seed) {
  std::string host = fmt::format("node-{:02}", seed % 16);
  std::string attributes;
  for (const auto& [key, value] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"service.name", std::string(service)},
           {"service.namespace", "shop"},
           {"service.version", fmt::format("1.{}.{}", seed % 7, seed % 23)},
           {"host.name", host},
           {"k8s.pod.name", fmt::format("{}-{:010x}-{:05x}", service, seed & 0xffffffffff, seed >> 44)},
           {"telemetry.sdk.language", "cpp"}}) {
    attributes += string_attribute(kResourceAttributes, key, value);
  }
  return bytes_field(kResource, attributes);
}

}  // namespace

void Picked::add(std::string encoded, uint32_t weight) {
  slots_.insert(slots_.end(), weight, static_cast<uint32_t>(pieces_.size()));
  pieces_.push_back(std::move(encoded));
}

double Picked::entropy_bits() const {
  std::vector<double> counts(pieces_.size());
  for (uint32_t slot : slots_) ++counts[slot];
  double bits = 0;
  for (double count : counts) {
    double p = count / static_cast<double>(slots_.size());
    bits -= p * std::log2(p);
  }
  return bits;
}

BenchCorpus::BenchCorpus(uint64_t seed, double mean_gap_ns) : seed_(seed), mean_gap_ns_(mean_gap_ns) {
  for (uint32_t i = 0; i < kCorpusServices; ++i) resources_[i] = resource_of(kServiceNames[i], mix64(seed, i));
  scope_ = bytes_field(kScope, bytes_field(1, "shop.instrumentation") + bytes_field(2, "2.4.1"));
  double sum = 0;
  for (double p : size_distribution()) {
    sum += p;
    size_cumulative_.push_back(sum);
    size_entropy_bits_ -= p * std::log2(p);
  }
  add_shared_picks();
  add_http_picks();
  kinds_.push_back(http_kind("server"));
  kinds_.push_back(http_kind("client"));
  kinds_.push_back(rpc_kind("server"));
  kinds_.push_back(rpc_kind("client"));
  kinds_.push_back(database_kind());
}

void BenchCorpus::add_shared_picks() {
  Picked& servers = add_picked();
  for (std::string_view service : kServiceNames) {
    servers.add(string_attribute(kSpanAttributes, "server.address", fmt::format("{}.shop.svc.cluster.local", service)) +
                int_attribute(kSpanAttributes, "server.port", 8080));
  }
  servers_ = &servers;
  Picked& threads = add_picked();
  for (int64_t i = 0; i < 64; ++i) {
    threads.add(int_attribute(kSpanAttributes, "thread.id", 100 + i) +
                string_attribute(kSpanAttributes, "thread.name", fmt::format("worker-pool-1-thread-{}", i)));
  }
  threads_ = &threads;
  Picked& status = add_picked();
  status.add("", 94);
  status.add(status_field(1, ""), 3);
  status.add(status_field(2, "upstream connect error or disconnect/reset before headers"), 2);
  status.add(status_field(2, "deadline exceeded"), 1);
  status_ = &status;
}

void BenchCorpus::add_http_picks() {
  Picked& urls = add_picked();
  for (uint32_t i = 0; i < kUrls; ++i) {
    uint64_t hash = mix64(seed_, 0x1000000 + i);
    urls.add(
        string_attribute(kSpanAttributes, "url.full",
                         fmt::format("https://shop.example.com/api/v2/products/{:08x}/reviews?page={}&sort=recent&n={}",
                                     hash & 0xffffffff, hash >> 60, i)));
  }
  urls_ = &urls;
  Picked& agents = add_picked();
  for (int i = 0; i < 20; ++i) {
    agents.add(string_attribute(kSpanAttributes, "user_agent.original",
                                fmt::format("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.{} (KHTML, like Gecko) "
                                            "Chrome/1{:02}.0.0.0",
                                            i + 10, i)));
  }
  user_agents_ = &agents;
}

BenchCorpus::Kind BenchCorpus::http_kind(std::string_view span_kind) {
  constexpr std::string_view kRoutes[] = {"/api/v2/products/{id}",
                                          "/api/v2/products/{id}/reviews",
                                          "/api/v2/cart",
                                          "/api/v2/cart/items",
                                          "/api/v2/checkout",
                                          "/api/v2/orders/{id}",
                                          "/api/v2/search",
                                          "/api/v2/account",
                                          "/healthz",
                                          "/api/v2/recommendations"};
  constexpr std::string_view kMethods[] = {"GET", "POST", "PUT", "DELETE"};
  Picked& operations = add_picked();
  for (std::string_view route : kRoutes) {
    for (std::string_view method : kMethods) {
      operations.add(bytes_field(kSpanName, fmt::format("{} {}", method, route)) +
                         string_attribute(kSpanAttributes, "http.request.method", method) +
                         string_attribute(kSpanAttributes, "http.route", route),
                     method == "GET" ? 8 : 1);
    }
  }
  Picked& codes = add_picked();
  for (auto [code, weight] : {std::pair{200, 180U},
                              {201, 20U},
                              {204, 16U},
                              {302, 12U},
                              {400, 8U},
                              {404, 12U},
                              {500, 5U},
                              {503, 2U},
                              {504, 1U}}) {
    codes.add(int_attribute(kSpanAttributes, "http.response.status_code", code), weight);
  }
  Kind kind;
  kind.fixed = kind_field(span_kind) + string_attribute(kSpanAttributes, "network.protocol.version", "1.1");
  kind.picks = {&operations, &codes, urls_, user_agents_, servers_, status_};
  return kind;
}

BenchCorpus::Kind BenchCorpus::rpc_kind(std::string_view span_kind) {
  constexpr std::string_view kMethods[] = {"Get", "List", "Create", "Update", "Delete", "Charge", "Quote", "Convert"};
  Picked& operations = add_picked();
  for (std::string_view service : kServiceNames) {
    for (std::string_view method : kMethods) {
      std::string full = fmt::format("shop.{}.v1.{}Service", service, service);
      operations.add(bytes_field(kSpanName, fmt::format("{}/{}", full, method)) +
                     string_attribute(kSpanAttributes, "rpc.service", full) +
                     string_attribute(kSpanAttributes, "rpc.method", method));
    }
  }
  Picked& codes = add_picked();
  for (auto [code, weight] : {std::pair{0, 240U}, {4, 6U}, {5, 6U}, {13, 2U}, {14, 2U}}) {
    codes.add(int_attribute(kSpanAttributes, "rpc.grpc.status_code", code), weight);
  }
  Kind kind;
  kind.fixed = kind_field(span_kind) + string_attribute(kSpanAttributes, "rpc.system", "grpc") +
               string_attribute(kSpanAttributes, "network.transport", "tcp");
  kind.picks = {&operations, &codes, servers_, threads_, status_};
  return kind;
}

BenchCorpus::Kind BenchCorpus::database_kind() {
  constexpr std::string_view kTables[] = {"products", "orders",  "order_items", "accounts",
                                          "carts",    "reviews", "stock",       "prices"};
  constexpr std::string_view kVerbs[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
  Picked& operations = add_picked();
  for (std::string_view table : kTables) {
    for (std::string_view verb : kVerbs) {
      operations.add(bytes_field(kSpanName, fmt::format("{} shop.{}", verb, table)) +
                         string_attribute(kSpanAttributes, "db.operation.name", verb) +
                         string_attribute(kSpanAttributes, "db.collection.name", table) +
                         string_attribute(kSpanAttributes, "db.query.text",
                                          fmt::format("{} id, created_at, updated_at, state, payload, version FROM "
                                                      "shop.{} WHERE tenant_id = $1 AND id = ANY($2) LIMIT 100",
                                                      verb, table)),
                     verb == "SELECT" ? 8 : 1);
    }
  }
  Kind kind;
  kind.fixed = kind_field("client") + string_attribute(kSpanAttributes, "db.system.name", "postgresql") +
               string_attribute(kSpanAttributes, "db.namespace", "shop");
  kind.picks = {&operations, servers_, threads_, status_};
  return kind;
}

double BenchCorpus::floor_bits_per_span() const {
  double attributes = 0;
  for (const Kind& kind : kinds_) {
    for (const Picked* picked : kind.picks) attributes += picked->entropy_bits();
  }
  attributes /= static_cast<double>(kinds_.size());
  attributes += std::log2(kinds_.size()) + std::log2(kCorpusServices) + std::log2(kPeers) + std::log2(kPorts) +
                kUuidBits / kCorpusUuidEvery;
  // Each span but the first hangs below any earlier one.
  double parents = 0;
  double before = 0;
  double choices = 0;
  for (size_t n = 1; n <= kMaxTraceSpans; ++n) {
    if (n > 1) choices += std::log2(static_cast<double>(n - 1));
    parents += (size_cumulative_[n - 1] - before) * choices;
    before = size_cumulative_[n - 1];
  }
  double children = kCorpusMeanSpans - 1;
  double per_trace = 128 + size_entropy_bits_ + std::log2(std::numbers::e * mean_gap_ns_) + parents +
                     children * log_normal_bits(kOffsetMu, kOffsetSigma);
  return 64 + log_normal_bits(kDurationMu, kDurationSigma) + attributes + per_trace / kCorpusMeanSpans;
}

CorpusStream::CorpusStream(const BenchCorpus& corpus, uint32_t stream, uint32_t streams, uint64_t first_start_ns)
    : corpus_(corpus),
      mean_gap_ns_(corpus.mean_gap_ns_ * streams),
      state_(mix64(corpus.seed_, stream)),
      next_start_ns_(static_cast<double>(first_start_ns)) {}

uint64_t CorpusStream::random() {
  state_ += 0x9e3779b97f4a7c15ULL;
  return mix64(state_);
}

double CorpusStream::uniform() {
  return (static_cast<double>(random() >> 11) + 0.5) * 0x1p-53;
}

uint64_t CorpusStream::log_normal(double mu, double sigma) {
  double normal = std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
  return static_cast<uint64_t>(std::exp(mu + sigma * normal));
}

CorpusStream::Trace CorpusStream::next(SpansByService& out) {
  Trace trace;
  trace.id = {random(), random() | 1};
  const auto& sizes = corpus_.size_cumulative_;
  auto at = std::upper_bound(sizes.begin(), sizes.end() - 1, uniform());
  trace.count = static_cast<uint32_t>(at - sizes.begin()) + 1;
  next_start_ns_ += -std::log(uniform()) * mean_gap_ns_;
  std::array<uint64_t, kMaxTraceSpans> ids;
  std::array<uint64_t, kMaxTraceSpans> starts;
  for (uint32_t i = 0; i < trace.count; ++i) {
    uint64_t parent = 0;
    starts[i] = static_cast<uint64_t>(next_start_ns_);
    if (i > 0) {
      uint32_t above = static_cast<uint32_t>(random() % i);
      parent = ids[above];
      starts[i] = starts[above] + log_normal(kOffsetMu, kOffsetSigma);
    }
    ids[i] = random() | 1;
    uint32_t service = static_cast<uint32_t>(random() % kCorpusServices);
    ++trace.spans[service];
    ++out[service].spans;
    add_span(trace, ids[i], parent, starts[i], out[service].encoded);
  }
  return trace;
}

void CorpusStream::add_span(const Trace& trace, uint64_t span, uint64_t parent, uint64_t start_ns, std::string& out) {
  SpanBytes bytes(out);
  bytes.ids(trace.id, {span}, {parent});
  bytes.times(start_ns, start_ns + log_normal(kDurationMu, kDurationSigma));
  const BenchCorpus::Kind& kind = corpus_.kinds_[random() % corpus_.kinds_.size()];
  bytes.raw(kind.fixed);
  for (const Picked* picked : kind.picks) bytes.raw(picked->pick(random()));
  uint64_t peer = random();
  bytes.peer(static_cast<uint32_t>(peer % kPeers), kFirstPort + static_cast<uint32_t>((peer >> 32) % kPorts));
  if (++span_count_ % kCorpusUuidEvery == 0) bytes.uuid(random(), random());
  bytes.finish();
}

std::string corpus_request(const BenchCorpus& corpus, const SpansByService& spans, uint32_t first, uint32_t step) {
  std::string out;
  size_t bytes = 0;
  for (uint32_t i = first; i < kCorpusServices; i += step) bytes += spans[i].encoded.size() + 512;
  out.reserve(bytes);
  for (uint32_t i = first; i < kCorpusServices; i += step) {
    if (spans[i].spans == 0) continue;
    size_t scope_spans = corpus.scope().size() + spans[i].encoded.size();
    size_t resource_spans = corpus.resource(i).size() + field_head_bytes(scope_spans) + scope_spans;
    append_field_head(out, kRequestResourceSpans, resource_spans);
    out += corpus.resource(i);
    append_field_head(out, kScopeSpans, scope_spans);
    out += corpus.scope();
    out += spans[i].encoded;
  }
  return out;
}

}  // namespace clew::cli
