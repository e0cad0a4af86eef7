#include "traceql/names.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>
#include <vector>

namespace clew::traceql {
namespace {

struct IntrinsicSpelling {
  Intrinsic intrinsic;
  std::string_view scope;
  std::string_view scoped;
  std::string_view unscoped;
  Type type;
};

constexpr std::array kIntrinsics = {
    IntrinsicSpelling{Intrinsic::name, "span", "name", "name", Type::string},
    IntrinsicSpelling{Intrinsic::duration, "span", "duration", "duration", Type::duration},
    IntrinsicSpelling{Intrinsic::status, "span", "status", "status", Type::status},
    IntrinsicSpelling{Intrinsic::status_message, "span", "statusMessage", "statusMessage", Type::string},
    IntrinsicSpelling{Intrinsic::kind, "span", "kind", "kind", Type::kind},
    IntrinsicSpelling{Intrinsic::span_id, "span", "id", "", Type::string},
    IntrinsicSpelling{Intrinsic::parent_id, "span", "parentID", "", Type::string},
    IntrinsicSpelling{Intrinsic::child_count, "span", "childCount", "", Type::integer},
    IntrinsicSpelling{Intrinsic::trace_id, "trace", "id", "", Type::string},
    IntrinsicSpelling{Intrinsic::trace_duration, "trace", "duration", "traceDuration", Type::duration},
    IntrinsicSpelling{Intrinsic::root_name, "trace", "rootName", "rootName", Type::string},
    IntrinsicSpelling{Intrinsic::root_service, "trace", "rootService", "rootServiceName", Type::string},
    IntrinsicSpelling{Intrinsic::event_name, "event", "name", "", Type::string},
    IntrinsicSpelling{Intrinsic::event_time_since_start, "event", "timeSinceStart", "", Type::duration},
    IntrinsicSpelling{Intrinsic::link_trace_id, "link", "traceID", "", Type::string},
    IntrinsicSpelling{Intrinsic::link_span_id, "link", "spanID", "", Type::string},
    IntrinsicSpelling{Intrinsic::instrumentation_name, "instrumentation", "name", "", Type::string},
    IntrinsicSpelling{Intrinsic::instrumentation_version, "instrumentation", "version", "", Type::string},
    IntrinsicSpelling{Intrinsic::nested_set_left, "", "", "nestedSetLeft", Type::integer},
    IntrinsicSpelling{Intrinsic::nested_set_right, "", "", "nestedSetRight", Type::integer},
    IntrinsicSpelling{Intrinsic::nested_set_parent, "", "", "nestedSetParent", Type::integer},
    IntrinsicSpelling{Intrinsic::parent, "", "", "parent", Type::any},
};

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> kAggregates = {"count", "avg", "min", "max", "sum"};
constexpr std::array<std::string_view, 9> kMetrics = {
    "rate",          "count_over_time",    "min_over_time",       "max_over_time", "avg_over_time",
    "sum_over_time", "quantile_over_time", "histogram_over_time", "compare"};
constexpr std::array<std::string_view, 14> kOperators = {"=",  "!=", "<", "<=", ">", ">=", "=~",
                                                         "!~", "+",  "-", "*",  "/", "%",  "^"};
constexpr std::array<std::string_view, 9> kTypes = {"any",     "nil",      "int",    "float", "string",
                                                    "boolean", "duration", "status", "kind"};
constexpr std::array<std::string_view, 6> kStages = {"by", "coalesce", "select", "topk", "bottomk", "with"};
constexpr std::array kStatuses = {StatusCode::unset, StatusCode::ok, StatusCode::error};
constexpr std::array kKinds = {SpanKind::unspecified, SpanKind::internal, SpanKind::server,
                               SpanKind::client,      SpanKind::producer, SpanKind::consumer};

template <typename Enum, size_t N>
std::optional<Enum> find_in(const std::array<std::string_view, N>& names, std::string_view word) {
  auto found = std::find(names.begin(), names.end(), word);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

const IntrinsicSpelling* spelling_of(Intrinsic intrinsic) {
  for (const auto& row : kIntrinsics) {
    if (row.intrinsic == intrinsic) return &row;
  }
  return nullptr;
}

// Of one word into the other by inserting, deleting or replacing a letter, or exchanging two neighbours; case ignored.
size_t edit_distance(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  auto same = [&](size_t i, size_t j) { return lower(a[i]) == lower(b[j]); };
  std::vector<size_t> before;
  std::vector<size_t> last;
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    before = std::exchange(last, row);
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      row[j + 1] = std::min({last[j] + (same(i, j) ? 0 : 1), row[j] + 1, last[j + 1] + 1});
      bool exchanged = i > 0 && j > 0 && same(i, j - 1) && same(i - 1, j);
      if (exchanged) row[j + 1] = std::min(row[j + 1], before[j - 1] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view name_of(Type type) {
  return kTypes[static_cast<size_t>(type)];
}
std::string_view name_of(AggregateFunction function) {
  return kAggregates[static_cast<size_t>(function)];
}
std::string_view name_of(MetricsFunction function) {
  return kMetrics[static_cast<size_t>(function)];
}
std::string_view symbol_of(Operator op) {
  return kOperators[static_cast<size_t>(op)];
}

std::string_view symbol_of(SpansetOperator op) {
  static constexpr std::string_view kSymbols[3][6] = {
      {"", ">", ">>", "<", "<<", "~"}, {"", "!>", "!>>", "!<", "!<<", "!~"}, {"", "&>", "&>>", "&<", "&<<", "&~"}};
  if (op.combination == Combination::all_of) return "&&";
  if (op.combination == Combination::any_of) return "||";
  return kSymbols[static_cast<int>(op.combination) - static_cast<int>(Combination::related)]
                 [static_cast<int>(op.relation)];
}

Type type_of(const Attribute& attribute) {
  const IntrinsicSpelling* row = spelling_of(attribute.intrinsic);
  return row ? row->type : Type::any;
}

std::optional<Intrinsic> unscoped_intrinsic(std::string_view word) {
  for (const auto& row : kIntrinsics) {
    if (!row.unscoped.empty() && row.unscoped == word) return row.intrinsic;
  }
  return std::nullopt;
}

std::optional<Intrinsic> scoped_intrinsic(std::string_view scope, std::string_view word) {
  for (const auto& row : kIntrinsics) {
    if (!row.scoped.empty() && row.scope == scope && row.scoped == word) return row.intrinsic;
  }
  return std::nullopt;
}

bool has_intrinsics(std::string_view scope) {
  return !scope.empty() &&
         std::any_of(kIntrinsics.begin(), kIntrinsics.end(), [&](const auto& row) { return row.scope == scope; });
}

std::string_view canonical_name(Intrinsic intrinsic) {
  switch (intrinsic) {
    case Intrinsic::span_id: return "span:id";
    case Intrinsic::parent_id: return "span:parentID";
    case Intrinsic::child_count: return "span:childCount";
    case Intrinsic::trace_id: return "trace:id";
    case Intrinsic::event_name: return "event:name";
    case Intrinsic::event_time_since_start: return "event:timeSinceStart";
    case Intrinsic::link_trace_id: return "link:traceID";
    case Intrinsic::link_span_id: return "link:spanID";
    case Intrinsic::instrumentation_name: return "instrumentation:name";
    case Intrinsic::instrumentation_version: return "instrumentation:version";
    default: break;
  }
  const IntrinsicSpelling* row = spelling_of(intrinsic);
  return row ? row->unscoped : std::string_view();
}

std::optional<Scope> attribute_scope(std::string_view word) {
  for (int i = 0; i < kScopes; ++i) {
    if (name_of(static_cast<Scope>(i)) == word) return static_cast<Scope>(i);
  }
  return std::nullopt;
}

std::optional<AggregateFunction> aggregate_function(std::string_view word) {
  return find_in<AggregateFunction>(kAggregates, word);
}

std::optional<MetricsFunction> metrics_function(std::string_view word) {
  return find_in<MetricsFunction>(kMetrics, word);
}

std::optional<Literal> literal_word(std::string_view word) {
  if (word == "true" || word == "false") return Literal{Type::boolean, word == "true", {}};
  if (word == "nil") return Literal{};
  for (StatusCode status : kStatuses) {
    if (name_of(status) == word) return Literal{Type::status, status, {}};
  }
  for (SpanKind kind : kKinds) {
    if (name_of(kind) == word) return Literal{Type::kind, kind, {}};
  }
  return std::nullopt;
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  constexpr size_t kLongestWord = 64;
  if (word.size() > kLongestWord) return {};
  std::string_view best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (std::string_view candidate : candidates) {
    size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  constexpr size_t kShortestPrefix = 3;
  if (!best.empty() || word.size() < kShortestPrefix) return best;
  for (std::string_view candidate : candidates) {
    if (candidate.starts_with(word)) return candidate;
  }
  return {};
}

std::string_view nearest_field_word(std::string_view word) {
  std::vector<std::string_view> words = {"true", "false", "nil", "minInt", "maxInt"};
  for (const auto& row : kIntrinsics) {
    if (!row.unscoped.empty()) words.push_back(row.unscoped);
    if (row.unscoped.empty() && row.scoped == word) return canonical_name(row.intrinsic);
  }
  for (StatusCode status : kStatuses) words.push_back(name_of(status));
  for (SpanKind kind : kKinds) words.push_back(name_of(kind));
  return nearest(word, words);
}

std::string_view nearest_stage_word(std::string_view word) {
  std::vector<std::string_view> words(kStages.begin(), kStages.end());
  words.insert(words.end(), kAggregates.begin(), kAggregates.end());
  words.insert(words.end(), kMetrics.begin(), kMetrics.end());
  return nearest(word, words);
}

std::string_view nearest_scope(std::string_view word) {
  std::vector<std::string_view> words = {"trace", "parent"};
  for (int i = 0; i < kScopes; ++i) words.push_back(name_of(static_cast<Scope>(i)));
  return nearest(word, words);
}

std::string_view nearest_scoped_word(std::string_view scope, std::string_view word) {
  std::vector<std::string_view> words;
  for (const auto& row : kIntrinsics) {
    if (row.scope == scope) words.push_back(row.scoped);
  }
  return nearest(word, words);
}

std::string intrinsics_of(std::string_view scope) {
  std::string list;
  for (const auto& row : kIntrinsics) {
    if (row.scope != scope) continue;
    if (!list.empty()) list += ", ";
    list.append(scope).append(":").append(row.scoped);
  }
  return list;
}

}  // namespace clew::traceql
