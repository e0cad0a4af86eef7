// Residual attributes on their way to the file: the map's names and texts, and the exact column's bytes, as codes of
// dictionaries made here (docs/internals/block.md §4). Text is made once per distinct (key, value).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "column/dictionary.h"
#include "column/nested.h"
#include "column/vocabulary.h"

namespace clew::store {

// What one element (a span, resource, scope, event or link) leaves in map and exact column.
struct ResidualElement {
  std::vector<uint32_t> names;
  std::vector<uint32_t> values;
  uint32_t exact = kNoCode;
};

class ResidualWriter {
 public:
  // With scope, names are "span.<key>…", else "<key>…". The vocabulary outlives the writer.
  ResidualWriter(const Vocabulary& vocabulary, bool with_scope) : vocabulary_(vocabulary), with_scope_(with_scope) {}

  // begin(), add() for each attribute in order, end(). `first`: of its key in the element.
  void begin() { any_exact_ = false; }
  void add(uint32_t key, uint32_t code, bool first, ResidualElement& out);
  void end(ResidualElement& out);

  const ValueDictionary& names() const { return names_; }
  const ValueDictionary& values() const { return values_; }
  const ValueDictionary& exact() const { return exact_; }
  // Attributes added, by key code.
  const std::vector<uint64_t>& counts() const { return counts_; }
  void count_again(uint32_t key, uint64_t times) { counts_[key] += times; }

 private:
  struct Key {
    bool suffixed = false;
    uint32_t name_of_type[kValueTypes];
    std::vector<uint32_t> value_of_code;
  };
  Key& key_at(uint32_t key);

  const Vocabulary& vocabulary_;
  const bool with_scope_;
  std::vector<Key> keys_;
  std::vector<uint64_t> counts_;
  ValueDictionary names_, values_, exact_;
  NestedBuilder builder_;
  bool any_exact_ = false;
};

}  // namespace clew::store
