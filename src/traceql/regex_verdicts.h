// What a query's regexes say of texts. Those that a search of many texts at once leaves are judged one by one, and what
// was said is remembered: a value which is in the dictionaries of many units is judged once and not once in each.
//
// Bounded: what is beyond kMaxTexts is judged each time.
// Thread rule: one thread. Texts outlive it: they belong to the units of the query's snapshot.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "traceql/regex.h"

namespace clew::traceql {

class RegexVerdicts {
 public:
  // Over all regexes of a query; about 48 bytes each.
  static constexpr size_t kMaxTexts = size_t{1} << 18;

  // Sets verdicts[i] to what the regex says of texts[i]. Precondition: at least as many verdicts as texts.
  void judge(const Regex& regex, std::span<const std::string_view> texts, bool* verdicts);
  // The same of texts that have numbers (Unit::text_numbers_from), by number, as far as it is known. Valid until
  // another regex is asked about.
  enum class Known : uint8_t { unknown, no, yes };
  std::vector<Known>& of_numbers(const Regex& regex, uint64_t numbering);
  // Texts that were matched against a regex and not remembered, for tests.
  uint64_t judged() const { return judged_; }

 private:
  struct Slot {
    const char* text = nullptr;
    uint32_t bytes = 0;
    bool verdict = false;
    uint64_t hash = 0;
  };
  // Open addressing, at most half full.
  struct Table {
    std::vector<Slot> slots;
    size_t size = 0;
    // Searched texts, and those of them that were left to be judged.
    uint64_t searched = 0;
    uint64_t left = 0;
    uint64_t numbering = 0;
    std::vector<Known> of_numbers;
  };
  // A search that leaves more than every fourth text saves nothing.
  static constexpr uint64_t kSearchedAtLeast = 4096;
  static bool is_worth_a_search(const Table& table) {
    return table.searched < kSearchedAtLeast || table.left * 4 <= table.searched;
  }
  void judge_each(const Regex& regex, Table& table, std::span<const std::string_view> texts, bool* verdicts);
  bool judge(const Regex& regex, Table& table, std::string_view text, uint64_t hash);
  static Slot& slot_of(std::vector<Slot>& slots, std::string_view text, uint64_t hash);
  static void grow(Table& table);

  absl::flat_hash_map<const Regex*, Table> tables_;
  std::vector<uint64_t> hashes_;
  std::string joined_;
  size_t size_ = 0;
  uint64_t judged_ = 0;
};

}  // namespace clew::traceql
