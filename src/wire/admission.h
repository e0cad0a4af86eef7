// What the limits (model/limits.h) and OTLP's rule that strings are UTF-8 make of one text, whatever encoding it came
// in: too long is cut at a character, ill-formed is repaired, both are counted and remembered as row bits.
//
// Views answered are into the argument or, where it had to be changed, valid until forget_kept().
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/counters.h"
#include "column/nested.h"
#include "column/span_row.h"
#include "model/limits.h"

namespace clew::wire {

class Admission {
 public:
  explicit Admission(const Limits& limits) : limits_(limits) {}

  const Limits& limits() const { return limits_; }

  // Names, trace states, messages, versions, URLs.
  std::string_view name(std::string_view raw);
  // Nothing: too long, the attribute is to be dropped.
  std::optional<std::string_view> key(std::string_view raw);
  std::string_view text_value(std::string_view raw);
  std::string_view bytes_value(std::string_view raw);

  // Arrays and key-value lists are built in the builder of their depth (1 and up); false when the value has grown
  // beyond value_bytes, so that the element and all after it are left out.
  NestedBuilder& open_nested(int depth);
  bool add_nested(int depth, ValueView element);
  bool add_nested(int depth, std::string_view key, ValueView element);

  // A text that was repaired before it came here (JSON must be valid UTF-8 as a whole before it can be read).
  void note_repaired();
  // Room for a text that had to be made, kept as long as the repaired ones.
  std::string& keep() { return kept_.emplace_back(); }

  // The row bits raised since they were last taken.
  uint8_t take_bits() { return std::exchange(bits_, uint8_t{0}); }
  // Goes up with every cut, drop and repair: unchanged over a piece of input means that the piece may be remembered.
  uint64_t incidents() const { return incidents_; }
  void note_incident() { ++incidents_; }

  void forget_kept() {
    if (!kept_.empty()) kept_.clear();
  }

 private:
  struct Level {
    NestedBuilder builder;
    size_t bytes = 0;
  };
  std::string_view cut(std::string_view raw, size_t limit, Counter& reached, bool at_character);
  std::string_view well_formed(std::string_view raw, size_t limit);
  bool fits(int depth, size_t bytes);
  Level& level(int depth) { return levels_[static_cast<size_t>(depth) - 1]; }

  const Limits limits_;
  std::deque<std::string> kept_;
  std::deque<Level> levels_;
  uint64_t incidents_ = 0;
  uint8_t bits_ = 0;
};

}  // namespace clew::wire
