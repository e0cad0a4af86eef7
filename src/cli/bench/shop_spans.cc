#include <fmt/format.h>

#include <cmath>
#include <vector>

#include "cli/bench/bench_corpus.h"
#include "cli/bench/picked.h"

namespace clew::cli {
namespace {

constexpr uint32_t kUrls = 20480;
constexpr uint32_t kPeers = 4 * 256 * 254;
constexpr uint32_t kFirstPort = 1024;
constexpr uint32_t kPorts = 65536 - kFirstPort;
constexpr double kUuidBits = 128;

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

class ShopSpans final : public SpanContent {
 public:
  explicit ShopSpans(uint64_t seed) : seed_(seed) {
    for (uint32_t i = 0; i < kCorpusServices; ++i) resources_[i] = resource_of(kCorpusServiceNames[i], mix64(seed, i));
    scope_ = bytes_field(kScope, bytes_field(1, "shop.instrumentation") + bytes_field(2, "2.4.1"));
    add_shared_picks();
    add_http_picks();
    kinds_.push_back(http_kind("server"));
    kinds_.push_back(http_kind("client"));
    kinds_.push_back(rpc_kind("server"));
    kinds_.push_back(rpc_kind("client"));
    kinds_.push_back(database_kind());
  }

  const std::string& resource(uint32_t service) const override { return resources_[service]; }
  const std::string& scope() const override { return scope_; }
  void append(const SpanPlace& place, CorpusRandom& random, SpanScratch& scratch, SpanBytes& out) const override;
  double floor_bits() const override;

 private:
  struct Kind {
    std::string fixed;                 // SpanKind and what is always there
    std::vector<const Picked*> picks;  // each contributes whole fields of Span
  };

  Picked& add_picked() { return *picked_.emplace_back(std::make_unique<Picked>()); }
  Kind http_kind(std::string_view span_kind);
  Kind rpc_kind(std::string_view span_kind);
  Kind database_kind();
  void add_http_picks();
  void add_shared_picks();

  const uint64_t seed_;
  std::vector<std::unique_ptr<Picked>> picked_;
  std::vector<Kind> kinds_;
  const Picked* urls_ = nullptr;
  const Picked* user_agents_ = nullptr;
  const Picked* servers_ = nullptr;
  const Picked* threads_ = nullptr;
  const Picked* status_ = nullptr;
  std::array<std::string, kCorpusServices> resources_;
  std::string scope_;
};

void ShopSpans::add_shared_picks() {
  Picked& servers = add_picked();
  for (std::string_view service : kCorpusServiceNames) {
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

void ShopSpans::add_http_picks() {
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

ShopSpans::Kind ShopSpans::http_kind(std::string_view span_kind) {
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

ShopSpans::Kind ShopSpans::rpc_kind(std::string_view span_kind) {
  constexpr std::string_view kMethods[] = {"Get", "List", "Create", "Update", "Delete", "Charge", "Quote", "Convert"};
  Picked& operations = add_picked();
  for (std::string_view service : kCorpusServiceNames) {
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

ShopSpans::Kind ShopSpans::database_kind() {
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

void ShopSpans::append(const SpanPlace& place, CorpusRandom& random, SpanScratch& /*scratch*/, SpanBytes& out) const {
  const Kind& kind = kinds_[random.below(kinds_.size())];
  out.raw(kind.fixed);
  for (const Picked* picked : kind.picks) out.raw(picked->pick(random.next()));
  uint64_t peer = random.next();
  out.peer(static_cast<uint32_t>(peer % kPeers), kFirstPort + static_cast<uint32_t>((peer >> 32) % kPorts));
  if (place.number % kCorpusUuidEvery == 0) {
    uint64_t high = random.next();
    out.uuid(high, random.next());
  }
}

double ShopSpans::floor_bits() const {
  double attributes = 0;
  for (const Kind& kind : kinds_) {
    for (const Picked* picked : kind.picks) attributes += picked->entropy_bits();
  }
  auto kinds = static_cast<double>(kinds_.size());
  return attributes / kinds + std::log2(kinds) + std::log2(kPeers) + std::log2(kPorts) + kUuidBits / kCorpusUuidEvery;
}

}  // namespace

std::unique_ptr<SpanContent> shop_spans(uint64_t seed) {
  return std::make_unique<ShopSpans>(seed);
}

}  // namespace clew::cli
