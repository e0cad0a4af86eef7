// What scans of a growing table learned of it, kept for the next ones: which codes and numbers its full pages have, and
// which entries of its dictionaries are arrays. Nothing is looked for here; who scanned a page says what it saw, at a
// few bytes a page and column.
//
// Thread rule: any thread.
#pragma once

#include <absl/container/flat_hash_map.h>

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "column/dictionary.h"

namespace clew {

// A set of codes, by its ends and a bit for each code modulo 64: exact for small dictionaries, and tight where each row
// brings a new value.
struct CodeRange {
  uint32_t least = kNoCode;
  uint32_t most = 0;
  uint64_t modulo_64 = 0;

  static CodeRange of(std::span<const uint32_t> codes);  // kNoCode does not count
  bool may_contain(uint32_t code) const { return least <= code && code <= most && (modulo_64 >> code % 64 & 1) != 0; }
};

class ScanFacts {
 public:
  using NumberRange = std::pair<int64_t, int64_t>;

  void set_codes(uint32_t column, uint32_t page, std::span<const uint32_t> codes);
  std::optional<CodeRange> codes(uint32_t column, uint32_t page) const;
  void set_numbers(uint32_t column, uint32_t page, std::span<const int64_t> numbers);
  std::optional<NumberRange> numbers(uint32_t column, uint32_t page) const;
  // Appends the codes of the column's entries that are arrays. Each entry is looked at once.
  void array_codes(uint32_t column, const ValueDictionary& values, std::vector<uint32_t>& out);

 private:
  template <typename Fact>
  using Pages = absl::flat_hash_map<uint32_t, std::vector<std::optional<Fact>>>;
  struct Arrays {
    uint32_t entries = 0;  // looked at
    std::vector<uint32_t> codes;
  };
  template <typename Fact>
  std::optional<Fact> find(const Pages<Fact>& facts, uint32_t column, uint32_t page) const;
  template <typename Fact, typename Make>
  void keep(Pages<Fact>& facts, uint32_t column, uint32_t page, Make&& make);

  mutable std::mutex mutex_;
  Pages<CodeRange> codes_;
  Pages<NumberRange> numbers_;
  absl::flat_hash_map<uint32_t, Arrays> arrays_;
};

}  // namespace clew
