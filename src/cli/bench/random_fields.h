// Encoded fields of a span, event or link with random values in them, and the entropy of each by its distribution.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "cli/bench/corpus_random.h"
#include "cli/bench/picked.h"
#include "cli/bench/random_text.h"
#include "cli/bench/span_content.h"

namespace clew::cli {

// Fields of a message: what is always the same, then attributes with random text or numbers.
class RandomFields {
 public:
  // `attribute_field`: the number of the field `attributes` of the message.
  explicit RandomFields(uint32_t attribute_field, std::string fixed = {})
      : attribute_field_(attribute_field), fixed_(std::move(fixed)) {}
  RandomFields& fixed(std::string encoded);
  RandomFields& text(std::string_view key, std::string_view value);  // fixed text as an attribute
  RandomFields& random(std::string_view key, std::string_view pattern);
  RandomFields& number(std::string_view key, uint64_t low, uint64_t high);

  void append(CorpusRandom& random, SpanScratch& scratch, std::string& out) const;
  double entropy_bits() const;

 private:
  struct Text {
    std::string key;
    RandomText value;
  };
  struct Number {
    std::string key;
    uint64_t low = 0;
    uint64_t count = 0;
  };
  const uint32_t attribute_field_;
  std::string fixed_;
  std::vector<Text> texts_;
  std::vector<Number> numbers_;
};

// One of several, each as often.
class FieldsChoice {
 public:
  void add(RandomFields fields) { variants_.push_back(std::move(fields)); }
  const RandomFields& pick(CorpusRandom& random) const { return variants_[random.below(variants_.size())]; }
  double entropy_bits() const;

 private:
  std::vector<RandomFields> variants_;
};

// Events of a span: each in its own part of the span's time, in order.
class RandomEvents {
 public:
  // weights[n]: how often a span has n of these events.
  RandomEvents(FieldsChoice choice, std::vector<uint32_t> weights);
  // Gives the number of events.
  size_t append(const SpanPlace& place, CorpusRandom& random, SpanScratch& scratch, SpanBytes& out) const;
  double entropy_bits() const;

 private:
  FieldsChoice choice_;
  Picked counts_;
};

}  // namespace clew::cli
