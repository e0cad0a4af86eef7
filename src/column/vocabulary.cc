#include "column/vocabulary.h"

#include <absl/container/inlined_vector.h>

#include <algorithm>

namespace clew {
namespace {

// The stored form of a key, on the stack for all but very long names.
class StoredKey {
 public:
  explicit StoredKey(KeyView key) : bytes_(key.name.size() + 1) {
    bytes_[0] = static_cast<char>(key.scope);
    std::ranges::copy(key.name, bytes_.data() + 1);
  }
  ValueView value() const { return ValueView::of_bytes({bytes_.data(), bytes_.size()}); }

 private:
  absl::InlinedVector<char, 128> bytes_;
};

}  // namespace

Vocabulary::Vocabulary() {
  texts.intern(ValueView::of_string(""));
  shapes.intern({});
  envelopes.intern(Envelope{}.words());
}

uint32_t Vocabulary::intern_key(KeyView key) {
  uint32_t code = keys_.intern(StoredKey(key).value());
  add_value_dictionaries();
  return code;
}

bool Vocabulary::place_key(uint32_t code, KeyView key) {
  bool placed = keys_.place(code, StoredKey(key).value());
  add_value_dictionaries();
  return placed;
}

uint32_t Vocabulary::find_key(KeyView key) const {
  uint32_t code = keys_.find(StoredKey(key).value());
  // A key may be seen before its dictionary is.
  return code < values_.size() ? code : kNoCode;
}

KeyView Vocabulary::key_at(uint32_t code) const {
  std::string_view stored = keys_.at(code).text;
  if (stored.empty()) return {};
  return {static_cast<Scope>(stored[0]), stored.substr(1)};
}

void Vocabulary::add_value_dictionaries() {
  while (values_.pending_size() < keys_.size()) {
    owned_values_.push_back(std::make_unique<ValueDictionary>());
    values_.append(owned_values_.back().get());
    values_.publish();
  }
}

size_t Vocabulary::allocated_bytes() const {
  size_t total = names.allocated_bytes() + event_names.allocated_bytes() + texts.allocated_bytes() +
                 shapes.allocated_bytes() + resources.allocated_bytes() + scopes.allocated_bytes() +
                 envelopes.allocated_bytes() + keys_.allocated_bytes();
  for (const auto& values : owned_values_) total += sizeof(ValueDictionary) + values->allocated_bytes();
  return total;
}

}  // namespace clew
