#include "random_cases.h"

#include <fmt/format.h>

#include <algorithm>

namespace clew::traceql::oracle {
namespace {

constexpr uint64_t kOrigin = 1'700'000'000'000'000'000;
constexpr uint64_t kMs = 1'000'000;

constexpr const char* kKeys[] = {"a", "b", "c", "http.status_code", "service.name", "odd key"};
constexpr const char* kTexts[] = {"x", "y", "xy", "", "500", "true"};
constexpr const char* kNames[] = {"get", "put", "query", ""};
constexpr const char* kServices[] = {"shop", "bank", "db"};

}  // namespace

PlainValue RandomCases::value(int depth) {
  switch (below(depth > 0 ? 13 : 9)) {
    case 0: return PlainValue::of(static_cast<int64_t>(below(4)) * 250 - 250);
    case 1: return PlainValue::of(static_cast<int64_t>(below(3)));
    case 2: return PlainValue::of(one_in(2));
    case 3: return PlainValue::of(pick({0.5, 500.0, -0.0, 1.0}));
    case 4: return PlainValue::of(int64_t{500});
    case 9:
    case 10: {
      PlainValue list{ValueType::array, 0, 0, {}, {}};
      uint64_t kind = below(4);
      for (uint64_t i = below(4); i > 0; --i) {
        list.items.push_back(kind == 0   ? PlainValue::of(std::string(pick(kTexts)))
                             : kind == 1 ? PlainValue::of(static_cast<int64_t>(below(3)))
                             : kind == 2 ? PlainValue::of(one_in(2))
                                         : value(depth - 1));
      }
      return list;
    }
    case 11: return {ValueType::kvlist, 0, 0, {}, {value(0)}};
    case 12: return one_in(2) ? PlainValue{} : PlainValue{ValueType::bytes, 0, 0, pick(kTexts), {}};
    default: return PlainValue::of(std::string(pick(kTexts)));
  }
}

PlainAttributes RandomCases::attributes(uint64_t most) {
  PlainAttributes out;
  for (uint64_t i = below(most + 1); i > 0; --i) {
    std::string key = pick(kKeys);
    bool known = std::ranges::any_of(out, [&](const auto& attribute) { return attribute.first == key; });
    if (!known) out.emplace_back(key, value(1));
  }
  return out;
}

void RandomCases::add_nested(PlainSpan& span) {
  for (uint64_t i = one_in(3) ? below(3) : 0; i > 0; --i) {
    span.events.push_back({static_cast<int64_t>(below(5) * kMs) - 1'000'000, pick(kNames), attributes(2)});
  }
  for (uint64_t i = one_in(5) ? below(3) : 0; i > 0; --i) {
    span.links.push_back({{below(3), below(3)}, below(20), attributes(2)});
  }
}

PlainSpan RandomCases::span(const std::vector<PlainSpan>& before, uint64_t trace_start_ns) {
  PlainSpan span;
  span.id = one_in(3) ? 1 + below(64) : random_() | 1;
  // Starts are distinct within a trace where ids may be equal.
  span.start_ns = trace_start_ns + below(20) * kMs + before.size();
  span.end_ns = span.start_ns + pick({0, 0, 1, 5, 20, 100, 3000}) * kMs;
  if (one_in(12)) span.end_ns = span.start_ns - below(3) * kMs;
  span.kind = static_cast<SpanKind>(below(6));
  span.status = static_cast<StatusCode>(below(3));
  span.name = pick(kNames);
  if (one_in(4)) span.status_message = pick(kTexts);
  if (one_in(2)) span.library = pick(kNames);
  if (one_in(3)) span.library_version = "1";
  if (!one_in(6))
    span.resource.emplace_back("service.name", one_in(8) ? value(0) : PlainValue::of(std::string(pick(kServices))));
  if (one_in(3)) span.resource.emplace_back("a", value(1));
  if (one_in(6)) span.library_attributes = attributes(2);
  span.attributes = attributes(4);
  add_nested(span);
  if (before.empty()) {
    span.parent = one_in(5) ? 999 : 0;
    return span;
  }
  const PlainSpan& other = before[below(before.size())];
  span.parent = one_in(8) ? 0 : one_in(8) ? 1 + below(64) : one_in(20) ? span.id : other.id;
  bool both = span.kind != other.kind && span.kind != SpanKind::server && other.kind != SpanKind::server;
  if (one_in(8) && !both) span.id = other.id;
  return span;
}

std::vector<PlainSpan> RandomCases::trace(size_t parts) {
  TraceId id{one_in(3) ? 0 : random_(), one_in(3) ? 1 + below(4096) : random_()};
  uint64_t start = kOrigin + below(40) * 50 * kMs;
  size_t home = below(parts);
  bool spread = one_in(3);
  std::vector<PlainSpan> out;
  uint64_t count = one_in(25) ? 60 : 1 + below(12);
  while (out.size() < count) {
    PlainSpan next = span(out, start);
    next.trace = id;
    next.part = spread ? below(parts) : home;
    bool twin = std::ranges::any_of(
        out, [&](const PlainSpan& known) { return known.id == next.id && known.kind == next.kind; });
    if (twin) next.id = random_() | 1;
    out.push_back(std::move(next));
  }
  // A cycle: the first becomes a child of a later one.
  if (out.size() > 1 && one_in(8)) out.front().parent = out.back().id;
  // Sent again, perhaps changed.
  for (size_t i = 0; i < count; ++i) {
    if (out[i].part + 1 >= parts || !one_in(12)) continue;
    PlainSpan again = out[i];
    again.part += 1 + below(parts - again.part - 1);
    if (one_in(2)) again.attributes = attributes(4);
    if (one_in(2)) again.end_ns += kMs;
    out.push_back(std::move(again));
  }
  return out;
}

std::vector<PlainSpan> RandomCases::spans(size_t parts) {
  std::vector<PlainSpan> out;
  for (uint64_t i = 1 + below(14); i > 0; --i) {
    auto own = trace(parts);
    bool known = std::ranges::any_of(out, [&](const PlainSpan& span) { return span.trace == own.front().trace; });
    if (!known) out.insert(out.end(), own.begin(), own.end());
  }
  // In any order.
  std::shuffle(out.begin(), out.end(), random_);
  return out;
}

std::string RandomCases::attribute() {
  std::string key = pick(kKeys);
  if (key == "odd key") key = "\"odd key\"";
  return pick({".", ".", "span.", "span.", "resource.", "event.", "link.", "instrumentation."}) + key;
}

std::string RandomCases::number() {
  return pick({"0", "1", "2", "500", "250", "-250", "0.5", "500.0", "1ms", "20ms", "0.0"});
}

std::string RandomCases::literal() {
  switch (below(5)) {
    case 0:
    case 1: return fmt::format("\"{}\"", pick(kTexts));
    case 2: return one_in(2) ? "true" : "false";
    default: return number();
  }
}

std::string RandomCases::number_attribute() {
  return one_in(2) ? attribute()
                   : pick({"duration", "duration", "span:childCount", "traceDuration", "event:timeSinceStart"});
}

std::string RandomCases::intrinsic_comparison() {
  const char* equality = pick({"=", "!="});
  const char* order = pick({"=", "!=", "<", "<=", ">", ">="});
  const PlainSpan& known = seen_[below(seen_.size())];
  switch (below(14)) {
    case 0: return fmt::format("name {} \"{}\"", order, pick(kNames));
    case 1: return fmt::format("status {} {}", equality, pick({"ok", "error", "unset"}));
    case 2: return fmt::format("kind {} {}", equality, pick({"server", "client", "internal", "producer"}));
    case 3: return fmt::format("duration {} {}", order, pick({"0s", "1ms", "5ms", "20ms", "100ms", "3s"}));
    case 4: {
      std::string id = known.trace.hex();
      if (one_in(2)) id.erase(0, std::min(id.find_first_not_of('0'), id.size()));
      if (one_in(3)) std::ranges::transform(id, id.begin(), [](char c) { return static_cast<char>(std::toupper(c)); });
      return fmt::format("trace:id {} \"{}\"", one_in(5) ? "!=" : "=", id);
    }
    case 5: return fmt::format("span:id {} \"{:016x}\"", equality, known.id);
    case 6: return fmt::format("rootServiceName {} \"{}\"", equality, pick(kServices));
    case 7: return fmt::format("rootName {} \"{}\"", equality, pick(kNames));
    case 8: return fmt::format("traceDuration {} {}", order, pick({"5ms", "100ms", "1s"}));
    case 9: return fmt::format("span:childCount {} {}", order, below(3));
    case 10: return pick({"nestedSetParent < 0", "nestedSetParent = 0", "nestedSetLeft > 2", "nestedSetRight = 2"});
    case 11: return fmt::format("event:name {} \"{}\"", order, pick(kNames));
    case 12:
      return fmt::format("{} {} \"{}\"", pick({"statusMessage", "instrumentation:name", "instrumentation:version"}),
                         equality, pick(kTexts));
    default: return fmt::format("span:parentID {} \"{:016x}\"", equality, known.parent);
  }
}

std::string RandomCases::comparison() {
  const char* order = pick({"=", "=", "!=", "<", "<=", ">", ">="});
  switch (below(9)) {
    case 0: return intrinsic_comparison();
    case 1: return fmt::format("{} {} {}", literal(), order, attribute());
    case 2:
      return fmt::format("{} {} \"{}\"", one_in(3) ? "name" : attribute(), pick({"=~", "!~"}),
                         pick({"x.*", ".*", "y|500", "[^x]*", "get|put"}));
    case 3: return fmt::format("{} {} nil", attribute(), pick({"=", "!="}));
    case 4: return fmt::format("{} {} {}", attribute(), order, attribute());
    case 5:
      return fmt::format("{} {} {} {} {}", number_attribute(), pick({"+", "-", "*", "/", "%"}), number(), order,
                         number());
    default: return fmt::format("{} {} {}", attribute(), order, literal());
  }
}

std::string RandomCases::condition(int depth) {
  switch (below(depth > 0 ? 10 : 6)) {
    case 0: return one_in(3) ? attribute() : comparison();
    case 1: return one_in(8) ? pick({"true", "false"}) : comparison();
    case 6:
    case 7: return fmt::format("{} && {}", condition(depth - 1), condition(depth - 1));
    case 8: return fmt::format("({} || {})", condition(depth - 1), condition(depth - 1));
    case 9:
      return one_in(2) ? fmt::format("!({})", comparison())
                       : fmt::format("{} || {}", condition(depth - 1), condition(depth - 1));
    default: return one_in(3) ? intrinsic_comparison() : comparison();
  }
}

std::string RandomCases::spanset(int depth) {
  if (depth == 0 || one_in(2)) return one_in(8) ? "{ }" : fmt::format("{{ {} }}", condition(2));
  const char* op =
      pick({"&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~"});
  std::string out = fmt::format("{} {} {}", spanset(depth - 1), op, spanset(depth - 1));
  return one_in(2) ? "(" + out + ")" : out;
}

std::string RandomCases::element() {
  const char* order = pick({"=", "!=", "<", "<=", ">", ">="});
  switch (below(7)) {
    case 0: return fmt::format("count() {} {}", order, below(4));
    case 1: return fmt::format("{}({}) {} {}", pick({"avg", "min", "max", "sum"}), number_attribute(), order, number());
    case 2:
      return fmt::format(
          "by({})", one_in(2) ? attribute() : pick({"name", "status", "kind", "duration", "resource.service.name"}));
    case 3: return "coalesce()";
    case 4:
      return fmt::format("select({}, {})", attribute(),
                         pick({"status", "kind", "span:parentID", "nestedSetLeft", "statusMessage", "event:name"}));
    default: return spanset(1);
  }
}

std::string RandomCases::pipeline() {
  std::string out = spanset(2);
  for (uint64_t i = one_in(2) ? below(3) : 0; i > 0; --i) out += " | " + element();
  return out;
}

std::string RandomCases::filter(const std::vector<PlainSpan>& spans) {
  seen_ = spans;
  return one_in(8) ? "{ }" : fmt::format("{{ {} }}", condition(2));
}

std::string RandomCases::tag() {
  if (!one_in(3)) return attribute();
  return pick(
      {"name", "status", "kind", "rootName", "rootServiceName", "event:name", "statusMessage", "span:childCount"});
}

std::string RandomCases::query(const std::vector<PlainSpan>& spans) {
  seen_ = spans;
  if (!one_in(10)) return pipeline();
  return fmt::format("({}) {} ({})", pipeline(), pick({"&&", "||", ">", ">>", "!~", "&<<"}), pipeline());
}

}  // namespace clew::traceql::oracle
