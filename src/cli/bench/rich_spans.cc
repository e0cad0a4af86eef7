#include <fmt/format.h>

#include <array>
#include <cmath>
#include <vector>

#include "cli/bench/random_fields.h"
#include "cli/bench/rich_texts.h"
#include "cli/bench/span_content.h"

namespace clew::cli {
namespace {

struct RichKind {
  RandomFields fields{kSpanAttributes};
  std::vector<const Picked*> picks;  // each contributes whole fields of Span
  const FieldsChoice* choice = nullptr;
  std::vector<const RandomEvents*> events;
  bool linked = false;
  uint32_t weight = 1;
};

std::string resource_of(std::string_view service, uint64_t seed) {
  std::string attributes;
  for (const auto& [key, value] : std::initializer_list<std::pair<std::string_view, std::string>>{
           {"service.name", std::string(service)},
           {"service.namespace", "shop"},
           {"service.version", fmt::format("7.{}.{}", seed % 7, seed % 23)},
           {"service.instance.id", fmt::format("{:016x}", seed)},
           {"deployment.environment.name", "production"},
           {"cloud.region", "eu-central-1"},
           {"cloud.availability_zone", fmt::format("eu-central-1{}", static_cast<char>('a' + seed % 3))},
           {"host.name", fmt::format("ip-10-0-{}-{}", seed % 250, seed / 256 % 250)},
           {"k8s.cluster.name", "shop-production"},
           {"k8s.namespace.name", "shop"},
           {"k8s.deployment.name", std::string(service)},
           {"k8s.pod.name", fmt::format("{}-{:010x}-{:05x}", service, seed & 0xffffffffff, seed >> 44)},
           {"container.image.name", fmt::format("registry.example.com/shop/{}", service)},
           {"process.runtime.name", "OpenJDK Runtime Environment"},
           {"process.runtime.version", "21.0.5+11-LTS"},
           {"telemetry.sdk.language", "java"},
           {"telemetry.sdk.name", "opentelemetry"},
           {"telemetry.sdk.version", "1.44.1"}}) {
    attributes += string_attribute(kResourceAttributes, key, value);
  }
  return bytes_field(kResource, attributes);
}

RandomFields event_fields(std::string_view name) {
  return RandomFields(kEventAttributes, bytes_field(kEventName, name));
}

RandomEvents log_events() {
  FieldsChoice choice;
  for (const RichLogLine& line : rich_log_lines()) {
    choice.add(event_fields("log")
                   .text("log.severity", line.severity)
                   .text("log.logger", line.logger)
                   .random("log.message", line.message)
                   .random("log.thread", "http-nio-8080-exec-{1-64}"));
  }
  return {std::move(choice), {12, 3, 3, 2}};
}

RandomEvents message_events() {
  FieldsChoice choice;
  for (std::string_view type : {"SENT", "RECEIVED"}) {
    choice.add(event_fields("rpc.message")
                   .text("rpc.message.type", type)
                   .number("rpc.message.id", 1, 8)
                   .number("rpc.message.uncompressed_size", 16, 4096));
  }
  return {std::move(choice), {0, 0, 1}};
}

RandomEvents exception_events(uint64_t seed) {
  FieldsChoice choice;
  for (const RichException& exception : rich_exceptions(seed)) {
    choice.add(event_fields("exception")
                   .text("exception.type", exception.type)
                   .random("exception.message", exception.message)
                   .random("exception.stacktrace", exception.stack_trace));
  }
  return {std::move(choice), {94, 6}};
}

class RichSpans final : public SpanContent {
 public:
  explicit RichSpans(uint64_t seed) : exceptions_(exception_events(seed)) {
    for (uint32_t i = 0; i < kCorpusServices; ++i) resources_[i] = resource_of(kCorpusServiceNames[i], mix64(seed, i));
    scope_ = bytes_field(kScope, bytes_field(1, "io.opentelemetry.spring-webmvc-6.0") + bytes_field(2, "2.10.0-alpha"));
    add_common_picks();
    add_http_picks();
    add_statements();
    add_http("server", 4);
    add_http("client", 3);
    add_rpc("server");
    add_rpc("client");
    add_database();
    add_messaging("producer");
    add_messaging("consumer");
    add_internal();
    for (uint32_t i = 0; i < kinds_.size(); ++i) kind_picks_.add(std::to_string(i), kinds_[i].weight);
  }

  const std::string& resource(uint32_t service) const override { return resources_[service]; }
  const std::string& scope() const override { return scope_; }

  void append(const SpanPlace& place, CorpusRandom& random, SpanScratch& scratch, SpanBytes& out) const override {
    const RichKind& kind = kinds_[kind_picks_.place(random.next())];
    for (const Picked* picked : kind.picks) out.raw(picked->pick(random.next()));
    scratch.fields.clear();
    kind.fields.append(random, scratch, scratch.fields);
    common_.append(random, scratch, scratch.fields);
    if (kind.choice != nullptr) kind.choice->pick(random).append(random, scratch, scratch.fields);
    out.raw(scratch.fields);
    for (const RandomEvents* events : kind.events) events->append(place, random, scratch, out);
    if (exceptions_.append(place, random, scratch, out) > 0) out.raw(status_field(2, "the request failed"));
    if (kind.linked) append_link(place, random, out);
  }

  double floor_bits() const override {
    double bits = kind_picks_.entropy_bits() + common_.entropy_bits() + exceptions_.entropy_bits();
    for (size_t i = 0; i < kinds_.size(); ++i) {
      const RichKind& kind = kinds_[i];
      double own = kind.fields.entropy_bits();
      for (const Picked* picked : kind.picks) own += picked->entropy_bits();
      if (kind.choice != nullptr) own += kind.choice->entropy_bits();
      for (const RandomEvents* events : kind.events) own += events->entropy_bits();
      if (kind.linked) own += std::log2(kRecentRoots);
      bits += kind_picks_.share(i) * own;
    }
    return bits;
  }

 private:
  // None while the stream is young.
  static void append_link(const SpanPlace& place, CorpusRandom& random, SpanBytes& out) {
    const RootId& root = place.recent[random.below(kRecentRoots)];
    if (root.span.is_zero()) return;
    out.link(root.trace, root.span, string_attribute(kLinkAttributes, "messaging.link.reason", "created by"));
  }

  Picked& add_picked() { return *picked_.emplace_back(std::make_unique<Picked>()); }

  void add_common_picks() {
    Picked& functions = add_picked();
    for (std::string_view function : rich_functions()) {
      std::string_view owner = function.substr(0, function.rfind('.'));
      for (int64_t line = 0; line < 8; ++line) {
        functions.add(string_attribute(kSpanAttributes, "code.function.name", function) +
                      string_attribute(kSpanAttributes, "code.file.path",
                                       fmt::format("{}.java", owner.substr(owner.rfind('.') + 1))) +
                      int_attribute(kSpanAttributes, "code.line.number", 40 + line * 23));
      }
    }
    functions_ = &functions;
    common_.random("app.tenant", "{word}-{word}")
        .number("thread.id", 30, 93)
        .random("thread.name", "http-nio-8080-exec-{1-64}")
        .text("app.deployment.ring", "stable")
        .text("app.feature.flags", "new-checkout=on,fast-search=off,loyalty-v2=on,price-cache=on")
        .random("app.release.channel", "{1-4}");
  }

  void add_http_picks() {
    Picked& agents = add_picked();
    for (const std::string& agent : rich_user_agents()) {
      agents.add(string_attribute(kSpanAttributes, "user_agent.original", agent));
    }
    agents_ = &agents;
    Picked& operations = add_picked();
    for (std::string_view route : {"/api/v2/products/{id}", "/api/v2/products/{id}/reviews", "/api/v2/cart/lines",
                                   "/api/v2/checkout", "/api/v2/orders/{id}", "/api/v2/search", "/api/v2/account"}) {
      for (std::string_view method : {"GET", "POST", "PUT"}) {
        operations.add(bytes_field(kSpanName, fmt::format("{} {}", method, route)) +
                           string_attribute(kSpanAttributes, "http.request.method", method) +
                           string_attribute(kSpanAttributes, "http.route", route),
                       method == "GET" ? 6 : 1);
      }
    }
    http_operations_ = &operations;
    Picked& codes = add_picked();
    for (auto [code, weight] : {std::pair{200, 180U}, {201, 20U}, {204, 16U}, {404, 12U}, {500, 6U}, {503, 2U}}) {
      codes.add(int_attribute(kSpanAttributes, "http.response.status_code", code), weight);
    }
    codes_ = &codes;
  }

  void add_statements() {
    for (const RichStatement& statement : rich_statements()) {
      RandomFields fields(kSpanAttributes,
                          bytes_field(kSpanName, fmt::format("{} shop.{}", statement.operation, statement.table)));
      fields.text("db.operation.name", statement.operation)
          .text("db.collection.name", statement.table)
          .text("db.query.summary", fmt::format("{} {}", statement.operation, statement.table))
          .random("db.query.text", statement.text);
      statements_.add(std::move(fields));
    }
  }

  RichKind& add_kind(std::string_view span_kind, uint32_t weight) {
    RichKind& kind = kinds_.emplace_back();
    kind.weight = weight;
    kind.fields.fixed(kind_field(span_kind));
    kind.picks.push_back(functions_);
    kind.events.push_back(&logs_);
    return kind;
  }

  void add_http(std::string_view span_kind, uint32_t weight) {
    RichKind& kind = add_kind(span_kind, weight);
    kind.picks.insert(kind.picks.end(), {http_operations_, agents_, codes_});
    kind.fields.text("network.protocol.version", "1.1")
        .text("url.scheme", "https")
        .random("url.full",
                "https://shop.example.com/api/v2/products/{100000-999999}/reviews?page={1-40}&sort={word}&session={x16}"
                "&utm_campaign={word}-{word}-{10-99}")
        .random("client.address", "{11-199}.{0-255}.{0-255}.{1-254}")
        .number("client.port", 1024, 65535)
        .number("http.request.body.size", 0, 4095)
        .number("http.response.body.size", 128, 65535)
        .random("http.request.header.x-request-id", "{x8}-{x4}-4{x3}-8{x3}-{x12}")
        .random("enduser.id", "customer-{100000-999999}")
        .random("session.id", "{x16}");
  }

  void add_rpc(std::string_view span_kind) {
    RichKind& kind = add_kind(span_kind, 2);
    Picked& operations = add_picked();
    for (std::string_view service : kCorpusServiceNames) {
      for (std::string_view method : {"Get", "List", "Create", "Update"}) {
        std::string full = fmt::format("shop.{}.v1.{}Service", service, service);
        operations.add(
            bytes_field(kSpanName, fmt::format("{}/{}", full, method)) +
            string_attribute(kSpanAttributes, "rpc.service", full) +
            string_attribute(kSpanAttributes, "rpc.method", method) +
            string_attribute(kSpanAttributes, "server.address", fmt::format("{}.shop.svc.cluster.local", service)));
      }
    }
    kind.picks.push_back(&operations);
    kind.events.push_back(&messages_);
    kind.fields.text("rpc.system", "grpc")
        .text("network.transport", "tcp")
        .random("network.peer.address", "10.{0-3}.{0-255}.{1-254}")
        .number("network.peer.port", 1024, 65535)
        .number("rpc.grpc.status_code", 0, 3)
        .random("rpc.request.metadata.x-request-id", "{x8}-{x4}-4{x3}-8{x3}-{x12}")
        .random("rpc.request.metadata.user-agent", "grpc-java-netty/1.6{0-9}.{0-4}");
  }

  void add_database() {
    RichKind& kind = add_kind("client", 5);
    kind.choice = &statements_;
    kind.fields.text("db.system.name", "postgresql")
        .text("db.namespace", "shop")
        .text("db.user", "shop_application")
        .text("server.address", "postgres-primary.shop.svc.cluster.local")
        .number("server.port", 5432, 5435)
        .number("db.response.returned_rows", 0, 255)
        .random("db.connection.pool.name", "HikariPool-{1-4}")
        .random("db.client.connection.id", "{word}-{1-64}");
  }

  void add_messaging(std::string_view span_kind) {
    RichKind& kind = add_kind(span_kind, 1);
    kind.linked = span_kind == "consumer";
    Picked& topics = add_picked();
    for (std::string_view topic : {"orders.placed", "orders.packed", "payments.captured", "mails.wanted"}) {
      topics.add(bytes_field(kSpanName, fmt::format("{} {}", kind.linked ? "process" : "send", topic)) +
                 string_attribute(kSpanAttributes, "messaging.destination.name", topic) +
                 string_attribute(kSpanAttributes, "messaging.operation.type", kind.linked ? "process" : "send"));
    }
    kind.picks.push_back(&topics);
    kind.fields.text("messaging.system", "kafka")
        .text("messaging.client.id", "shop-application-consumer")
        .random("messaging.consumer.group.name", "shop-{word}")
        .random("messaging.destination.partition.id", "{0-23}")
        .number("messaging.kafka.offset", 1'000'000, 1'999'999)
        .number("messaging.message.body.size", 64, 8191)
        .random("messaging.kafka.message.key", "order/{100000-999999}")
        .random("messaging.message.id", "{x8}-{x4}-4{x3}-8{x3}-{x12}");
  }

  void add_internal() {
    RichKind& kind = add_kind("internal", 3);
    Picked& names = add_picked();
    for (std::string_view function : rich_functions()) {
      names.add(bytes_field(kSpanName, function.substr(function.find_last_of('.', function.rfind('.') - 1) + 1)));
    }
    kind.picks.push_back(&names);
    kind.fields.random("app.order.id", "{100000-999999}")
        .random("app.product.sku", "{word}-{1000-9999}")
        .random("app.cache.key", "product:{1000-99999}:price:{word}:v3")
        .number("app.cache.hits", 0, 31)
        .text("app.component", "spring-bean");
  }

  const RandomEvents logs_ = log_events();
  const RandomEvents messages_ = message_events();
  const RandomEvents exceptions_;
  RandomFields common_{kSpanAttributes};
  FieldsChoice statements_;
  std::vector<std::unique_ptr<Picked>> picked_;
  const Picked* functions_ = nullptr;
  const Picked* agents_ = nullptr;
  const Picked* http_operations_ = nullptr;
  const Picked* codes_ = nullptr;
  std::vector<RichKind> kinds_;
  Picked kind_picks_;
  std::array<std::string, kCorpusServices> resources_;
  std::string scope_;
};

}  // namespace

std::unique_ptr<SpanContent> rich_spans(uint64_t seed) {
  return std::make_unique<RichSpans>(seed);
}

}  // namespace clew::cli
