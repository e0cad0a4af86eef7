// Which names attributes have: today's semantic conventions, those of before, or both. For HTTP and for databases
// OTEL_SEMCONV_STABILITY_OPT_IN decides, a list of words:
//
//   http, database           today's names (also when nothing is said)
//   http/dup, database/dup   both
//   http/old, database/old   those of before only (a word of this library's own)
#pragma once

#include <cstdlib>

#include "clew/value.h"

CLEW_BEGIN

enum class Names : uint8_t { kToday = 1, kBefore = 2, kBoth = 3 };

// What the list says for a group, "http" or "database". "dup" wins over "old", and both over the plain word.
inline Names names_from(std::string_view list, std::string_view group) noexcept {
  Names names = Names::kToday;
  while (!list.empty()) {
    const size_t comma = list.find(',');
    std::string_view word = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    while (!word.empty() && word.front() == ' ') word.remove_prefix(1);
    while (!word.empty() && word.back() == ' ') word.remove_suffix(1);
    if (word.substr(0, group.size()) != group) continue;
    word.remove_prefix(group.size());
    if (word == "/dup") names = Names::kBoth;
    if (word == "/old" && names == Names::kToday) names = Names::kBefore;
  }
  return names;
}

namespace detail {

inline Names names_of_environment(std::string_view group) noexcept {
  const char* const list = std::getenv("OTEL_SEMCONV_STABILITY_OPT_IN");
  return list == nullptr ? Names::kToday : names_from(list, group);
}

// Attributes of a span's start, under the names wanted.
template <unsigned kRoom>
class NamedAttributes {
 public:
  explicit NamedAttributes(Names names) noexcept : names_(names) {}

  // An empty name, or an empty text, is left out.
  void add(std::string_view today, std::string_view before, const Value& value) noexcept {
    if (value.type() == Value::Type::kString && value.text().empty()) return;
    if ((unsigned(names_) & unsigned(Names::kToday)) != 0) put(today, value);
    if ((unsigned(names_) & unsigned(Names::kBefore)) != 0 && (today != before || names_ == Names::kBefore)) {
      put(before, value);
    }
  }
  List<const KeyValue> list() const noexcept { return {all_, count_}; }

 private:
  void put(std::string_view key, const Value& value) noexcept {
    if (!key.empty() && count_ < kRoom) all_[count_++] = {key, value};
  }

  Names names_;
  KeyValue all_[kRoom];
  unsigned count_ = 0;
};

// The same for a span that has begun.
template <typename AnySpan>
void set_named(AnySpan& span, Names names, std::string_view today, std::string_view before,
               const Value& value) noexcept {
  NamedAttributes<2> both(names);
  both.add(today, before, value);
  for (const KeyValue& each : both.list()) span.set(each.key, each.value);
}

}  // namespace detail
CLEW_END
