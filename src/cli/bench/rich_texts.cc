#include "cli/bench/rich_texts.h"

#include <fmt/format.h>

#include <array>

#include "base/mix.h"

namespace clew::cli {
namespace {

constexpr auto kStatements = std::to_array<RichStatement>({
    {"SELECT", "orders",
     "SELECT o.id, o.customer_id, o.state, o.total_cents, o.currency, o.created_at, o.updated_at, i.sku, i.quantity, "
     "i.price_cents FROM shop.orders o JOIN shop.order_items i ON i.order_id = o.id LEFT JOIN shop.shipments s ON "
     "s.order_id = o.id WHERE o.customer_id = {100000-999999} AND o.created_at >= TIMESTAMP '2026-{10-12}-{10-28} "
     "00:00:00' AND o.state IN ('paid', 'packed', 'shipped') ORDER BY o.created_at DESC LIMIT 50 OFFSET {0-9}"},
    {"SELECT", "products",
     "SELECT p.id, p.sku, p.title, p.description, p.price_cents, p.currency, p.weight_grams, c.name AS category, "
     "COALESCE(avg(r.stars), 0) AS stars, count(r.id) AS reviews FROM shop.products p JOIN shop.categories c ON c.id = "
     "p.category_id LEFT JOIN shop.reviews r ON r.product_id = p.id WHERE p.id IN ({1000-99999}, {1000-99999}, "
     "{1000-99999}, {1000-99999}) AND p.active GROUP BY p.id, c.name"},
    {"SELECT", "accounts",
     "SELECT a.id, a.email, a.display_name, a.locale, a.loyalty_points, d.street, d.city, d.postal_code, d.country "
     "FROM shop.accounts a LEFT JOIN shop.addresses d ON d.account_id = a.id AND d.is_default WHERE lower(a.email) = "
     "'{word}.{word}{10-99}@example.com' AND a.deleted_at IS NULL"},
    {"SELECT", "stock",
     "SELECT s.sku, s.warehouse_id, s.on_hand - s.reserved AS available, w.region FROM shop.stock s JOIN "
     "shop.warehouses w ON w.id = s.warehouse_id WHERE s.sku = '{word}-{1000-9999}' AND s.on_hand > s.reserved AND "
     "w.region = ANY(ARRAY['eu-central', 'eu-west', 'us-east']) ORDER BY available DESC FOR UPDATE SKIP LOCKED"},
    {"SELECT", "prices",
     "WITH newest AS (SELECT sku, max(valid_from) AS valid_from FROM shop.prices WHERE valid_from <= now() GROUP BY "
     "sku) SELECT p.sku, p.amount_cents, p.currency, p.discount_percent FROM shop.prices p JOIN newest n USING (sku, "
     "valid_from) WHERE p.sku IN ('{word}-{1000-9999}', '{word}-{1000-9999}') AND p.tenant_id = {1-200}"},
    {"SELECT", "carts",
     "SELECT c.id, c.session, c.updated_at, json_agg(json_build_object('sku', l.sku, 'n', l.quantity, 'cents', "
     "l.price_cents) ORDER BY l.added_at) AS lines FROM shop.carts c JOIN shop.cart_lines l ON l.cart_id = c.id WHERE "
     "c.session = '{x16}' AND c.checked_out_at IS NULL GROUP BY c.id"},
    {"INSERT", "order_items",
     "INSERT INTO shop.order_items (order_id, sku, quantity, price_cents, currency, created_at) VALUES "
     "({100000-999999}, "
     "'{word}-{1000-9999}', {1-9}, {100-99999}, 'EUR', now()), ({100000-999999}, '{word}-{1000-9999}', {1-9}, "
     "{100-99999}, 'EUR', now()) ON CONFLICT (order_id, sku) DO UPDATE SET quantity = "
     "order_items.quantity + excluded.quantity"},
    {"INSERT", "payments",
     "INSERT INTO shop.payments (id, order_id, provider, amount_cents, currency, state, idempotency_key) VALUES "
     "({1000000-9999999}, {100000-999999}, 'stripe', {100-99999}, 'EUR', 'authorised', '{x16}') RETURNING id, state, "
     "created_at"},
    {"INSERT", "audit_log",
     "INSERT INTO shop.audit_log (actor, action, subject, reason, at) VALUES ('{word}.{word}', 'order.state.changed', "
     "'order/{100000-999999}', 'moved from paid to packed by the warehouse worker {word}-{10-99}', now())"},
    {"UPDATE", "stock",
     "UPDATE shop.stock SET reserved = reserved + {1-9}, updated_at = now(), version = version + 1 WHERE sku = "
     "'{word}-{1000-9999}' AND warehouse_id = {1-40} AND on_hand - reserved >= {1-9} AND version = {1-5000}"},
    {"UPDATE", "orders",
     "UPDATE shop.orders SET state = 'packed', packed_at = now(), packed_by = '{word}.{word}', updated_at = now() "
     "WHERE "
     "id = {100000-999999} AND state = 'paid' AND NOT EXISTS (SELECT 1 FROM shop.order_holds h WHERE h.order_id = "
     "orders.id AND h.released_at IS NULL)"},
    {"DELETE", "cart_lines",
     "DELETE FROM shop.cart_lines USING shop.carts WHERE cart_lines.cart_id = carts.id AND carts.session = '{x16}' AND "
     "cart_lines.sku = '{word}-{1000-9999}'"},
});

constexpr auto kLogLines = std::to_array<RichLogLine>({
    {"INFO", "com.example.shop.cart.CartService", "Added {1-9} of {word}-{1000-9999} to the cart of session {x16}"},
    {"INFO", "com.example.shop.orders.OrderService",
     "Order {100000-999999} of customer {100000-999999} placed, {1-30} lines, total {1-999}.{10-99} EUR"},
    {"INFO", "com.example.shop.catalog.ProductIndex", "Query '{word} {word}' matched {0-5000} products in {1-400} ms"},
    {"WARN", "com.example.shop.cache.RedisClient",
     "Key product:{1000-99999} was not in the cache; read through took {1-90} ms, {100-9000} bytes stored for 300 s"},
    {"WARN", "com.example.shop.payment.ProviderClient",
     "Provider answered 429 for attempt {1-5}; next attempt in {100-5000} ms with idempotency key {x16}"},
    {"DEBUG", "com.example.shop.pricing.Discounts",
     "Rule {word}-{word} gives {1-40} percent on {word}-{1000-9999}, price {100-99999} becomes {100-99999} cents"},
    {"DEBUG", "com.example.shop.http.ConnectionPool",
     "Connection {1-200} leased to {word}.shop.svc.cluster.local:8080 after {0-30} ms, {0-64} idle, {0-64} leased"},
    {"ERROR", "com.example.shop.shipping.LabelPrinter",
     "Label for parcel {word}-{100000-999999} could not be made: carrier {word} says code {400-599}"},
});

constexpr auto kFunctions = std::to_array<std::string_view>({
    "com.example.shop.orders.OrderController.placeOrder",
    "com.example.shop.orders.OrderService.reserveStock",
    "com.example.shop.orders.OrderRepository.findByCustomer",
    "com.example.shop.cart.CartController.addLine",
    "com.example.shop.cart.CartService.mergeSessions",
    "com.example.shop.catalog.ProductController.search",
    "com.example.shop.catalog.ProductIndex.lookUp",
    "com.example.shop.pricing.Discounts.apply",
    "com.example.shop.payment.ProviderClient.authorise",
    "com.example.shop.payment.PaymentService.capture",
    "com.example.shop.shipping.LabelPrinter.print",
    "com.example.shop.account.AccountService.load",
});

// Frames between an application's own: what frameworks add to every stack.
constexpr auto kFrameworkFrames = std::to_array<std::string_view>({
    "java.base/jdk.internal.reflect.DirectMethodHandleAccessor.invoke(DirectMethodHandleAccessor.java:103)",
    "java.base/java.lang.reflect.Method.invoke(Method.java:580)",
    "org.springframework.aop.framework.CglibAopProxy$CglibMethodInvocation.proceed(CglibAopProxy.java:765)",
    "org.springframework.transaction.interceptor.TransactionInterceptor.invoke(TransactionInterceptor.java:119)",
    "org.springframework.web.method.support.InvocableHandlerMethod.doInvoke(InvocableHandlerMethod.java:255)",
    "org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1089)",
    "org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:885)",
    "org.apache.catalina.core.ApplicationFilterChain.internalDoFilter(ApplicationFilterChain.java:195)",
    "org.apache.catalina.core.StandardWrapperValve.invoke(StandardWrapperValve.java:167)",
    "org.apache.coyote.http11.Http11Processor.service(Http11Processor.java:391)",
    "org.apache.tomcat.util.net.NioEndpoint$SocketProcessor.doRun(NioEndpoint.java:1744)",
    "com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:162)",
    "org.postgresql.core.v3.QueryExecutorImpl.receiveErrorResponse(QueryExecutorImpl.java:2713)",
    "io.netty.channel.AbstractChannelHandlerContext.invokeChannelRead(AbstractChannelHandlerContext.java:444)",
});

std::string frames(uint64_t seed) {
  constexpr uint64_t kLeastFrames = 24;
  constexpr uint64_t kFrameChoices = 24;
  constexpr uint64_t kVaryingEvery = 12;
  std::string out;
  uint64_t count = kLeastFrames + mix64(seed, 0) % kFrameChoices;
  for (uint64_t i = 1; i <= count; ++i) {
    uint64_t random = mix64(seed, i);
    if (random % 3 != 0) {
      out += fmt::format("\tat {}\n", kFrameworkFrames[(random >> 8) % kFrameworkFrames.size()]);
      continue;
    }
    std::string_view function = kFunctions[(random >> 8) % kFunctions.size()];
    std::string_view method = function.substr(function.rfind('.') + 1);
    std::string_view owner = function.substr(0, function.rfind('.'));
    std::string_view file = owner.substr(owner.rfind('.') + 1);
    uint64_t line = 20 + (random >> 32) % 400;
    std::string lines = i % kVaryingEvery < 3 ? fmt::format("{{{}-{}}}", line, line + 7) : std::to_string(line);
    out += fmt::format("\tat {}.{}({}.java:{})\n", owner, method, file, lines);
  }
  return out;
}

}  // namespace

std::span<const RichStatement> rich_statements() {
  return kStatements;
}

std::span<const RichLogLine> rich_log_lines() {
  return kLogLines;
}

std::span<const std::string_view> rich_functions() {
  return kFunctions;
}

std::vector<RichException> rich_exceptions(uint64_t seed) {
  constexpr std::pair<std::string_view, std::string_view> kKinds[] = {
      {"org.postgresql.util.PSQLException", "ERROR: duplicate key value violates unique constraint orders_{word}_key"},
      {"java.net.SocketTimeoutException",
       "Read timed out after {1000-9999} ms from {word}.shop.svc.cluster.local:8080"},
      {"java.lang.IllegalStateException", "Order {100000-999999} is already packed by {word}.{word}"},
      {"java.lang.NullPointerException", "Cannot invoke Price.cents() because the price of {word}-{1000-9999} is null"},
      {"io.grpc.StatusRuntimeException", "UNAVAILABLE: upstream connect error, attempt {1-5} of 5"},
      {"com.example.shop.payment.DeclinedException", "Card declined for payment {1000000-9999999}: insufficient funds"},
  };
  constexpr uint64_t kStacksOfAKind = 8;
  std::vector<RichException> out;
  for (auto [type, message] : kKinds) {
    for (uint64_t i = 0; i < kStacksOfAKind; ++i) {
      out.push_back({std::string(type), std::string(message),
                     fmt::format("{}: {}\n{}", type, message, frames(mix64(seed, out.size())))});
    }
  }
  return out;
}

std::vector<std::string> rich_user_agents() {
  constexpr std::string_view kSystems[] = {"Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7",
                                           "X11; Linux x86_64", "Linux; Android 14; Pixel 8 Pro Build/UQ1A.240205.004",
                                           "iPhone; CPU iPhone OS 17_4_1 like Mac OS X"};
  constexpr int kVersions = 60;
  std::vector<std::string> out;
  for (std::string_view system : kSystems) {
    for (int i = 0; i < kVersions; ++i) {
      out.push_back(
          fmt::format("Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1{:02}.0.{}.{} "
                      "Safari/537.36 ShopApp/7.{}.{} (build {}; locale=en-GB; channel=production)",
                      system, i, 6000 + i * 13, i * 7 % 200, i % 30, i % 9, 70000 + i * 31));
    }
  }
  return out;
}

}  // namespace clew::cli
