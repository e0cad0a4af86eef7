#include "cli/bench/random_fields.h"

#include <cmath>

#include "base/bytes.h"
#include "cli/bench/span_bytes.h"

namespace clew::cli {

RandomFields& RandomFields::fixed(std::string encoded) {
  fixed_ += encoded;
  return *this;
}

RandomFields& RandomFields::text(std::string_view key, std::string_view value) {
  return fixed(string_attribute(attribute_field_, key, value));
}

RandomFields& RandomFields::random(std::string_view key, std::string_view pattern) {
  texts_.push_back({std::string(key), RandomText(pattern)});
  return *this;
}

RandomFields& RandomFields::number(std::string_view key, uint64_t low, uint64_t high) {
  numbers_.push_back({std::string(key), low, high - low + 1});
  return *this;
}

void RandomFields::append(CorpusRandom& random, SpanScratch& scratch, std::string& out) const {
  out += fixed_;
  for (const Text& text : texts_) {
    scratch.text.clear();
    text.value.append(random, scratch.text);
    append_string_attribute(out, attribute_field_, text.key, scratch.text);
  }
  for (const Number& number : numbers_) {
    append_int_attribute(out, attribute_field_, number.key, number.low + random.below(number.count));
  }
}

double RandomFields::entropy_bits() const {
  double bits = 0;
  for (const Text& text : texts_) bits += text.value.entropy_bits();
  for (const Number& number : numbers_) bits += std::log2(static_cast<double>(number.count));
  return bits;
}

double FieldsChoice::entropy_bits() const {
  auto count = static_cast<double>(variants_.size());
  double bits = std::log2(count);
  for (const RandomFields& variant : variants_) bits += variant.entropy_bits() / count;
  return bits;
}

RandomEvents::RandomEvents(FieldsChoice choice, std::vector<uint32_t> weights) : choice_(std::move(choice)) {
  for (uint32_t weight : weights) counts_.add("", weight);
}

size_t RandomEvents::append(const SpanPlace& place, CorpusRandom& random, SpanScratch& scratch, SpanBytes& out) const {
  uint32_t count = counts_.place(random.next());
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t part = place.duration_ns / count + 1;
    scratch.fields.clear();
    choice_.pick(random).append(random, scratch, scratch.fields);
    out.event(place.start_ns + i * part + random.below(part), scratch.fields);
  }
  return count;
}

double RandomEvents::entropy_bits() const {
  // A place in 1/n of the duration, whose logarithm's mean is the duration's mu.
  double bits = counts_.entropy_bits();
  double place_bits = kCorpusDurationMu / std::numbers::ln2;
  for (size_t n = 1; n < counts_.size(); ++n) {
    auto count = static_cast<double>(n);
    bits += counts_.share(n) * count * (choice_.entropy_bits() + place_bits - std::log2(count));
  }
  return bits;
}

}  // namespace clew::cli
