// Text with random places, for what no fixed set of values holds: statements with literals, log lines, stack traces.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/corpus_random.h"

namespace clew::cli {

class RandomText {
 public:
  // Places of a pattern: {7-99} a decimal number from 7 to 99, {x8} 8 hex digits (at most 16), {word} one of 64 words.
  // Precondition: nothing else is in braces.
  explicit RandomText(std::string_view pattern);
  void append(CorpusRandom& random, std::string& out) const;
  double entropy_bits() const;

 private:
  enum class PlaceKind { number, hex, word };
  struct Place {
    std::string before;
    PlaceKind kind = PlaceKind::word;
    uint64_t low = 0;
    uint64_t count = 0;   // of values; hex: 0 for 2^64
    uint32_t digits = 0;  // hex
  };
  static Place parse_place(std::string_view text);

  std::vector<Place> places_;
  std::string tail_;
};

}  // namespace clew::cli
