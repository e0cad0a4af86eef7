#include "store/block/text_numbers.h"

#include "base/counters.h"
#include "column/dictionary.h"

namespace clew::store {
namespace {

struct NumberCounters {
  Counter& texts = gauge("clew_store_numbered_texts", "Different texts of blocks' dictionaries that have a number.");
  Counter& numberings =
      counter("clew_store_text_numberings_total", "Times that the numbers of texts were full and given anew.");
};

NumberCounters& counters() {
  static NumberCounters* const instance = new NumberCounters;
  return *instance;
}

}  // namespace

TextNumbers::~TextNumbers() {
  counters().texts.add(-static_cast<int64_t>(numbers_.size()));
}

void TextNumbers::begin_anew() {
  counters().texts.add(-static_cast<int64_t>(numbers_.size()));
  counters().numberings.add();
  numbers_.clear();
  texts_ = std::make_unique<Arena>();
  met_again_ = 0;
  ++numbering_;
}

std::unique_ptr<TextNumbers::Numbered> TextNumbers::number(const ValueList& list) {
  auto out = std::make_unique<Numbered>();
  out->numbers.resize(list.size(), kNoCode);
  std::lock_guard lock(mutex_);
  if (is_full() && met_again_ >= numbers_.size()) begin_anew();
  out->numbering = numbering_;
  const size_t before = numbers_.size();
  for (uint32_t at = 0; at < list.size(); ++at) {
    const std::string_view text = list.stored(at);
    if (auto known = numbers_.find(text); known != numbers_.end()) {
      out->numbers[at] = known->second;
      ++met_again_;
    } else if (!is_full()) {
      out->numbers[at] = static_cast<uint32_t>(numbers_.size());
      numbers_.emplace(texts_->copy(text), out->numbers[at]);
    }
  }
  counters().texts.add(static_cast<int64_t>(numbers_.size() - before));
  return out;
}

uint64_t TextNumbers::numbering() const {
  std::lock_guard lock(mutex_);
  return numbering_;
}

TextNumbers& process_text_numbers() {
  static TextNumbers* const instance = new TextNumbers;
  return *instance;
}

}  // namespace clew::store
