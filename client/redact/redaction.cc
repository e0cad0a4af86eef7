// Redaction of finished spans, and of baggage on its way out.
#include <charconv>
#include <cstring>

#include "clew/redaction.h"

CLEW_BEGIN
namespace detail {
namespace {

// What the patterns say about keys seen lately: programs have few keys, and there may be many patterns. One thread.
class KeyMemo {
 public:
  explicit KeyMemo(const Redactor& redactor) noexcept : redactor_(redactor) {}

  // False: nothing.
  bool by_key(std::string_view key, Redact& action) noexcept {
    if (key.size() > sizeof Seen::key) return redactor_.by_key(key, action);
    Seen& seen = seen_[place(key)];
    if (!seen.used || std::string_view(seen.key, seen.bytes) != key) {
      seen.used = true;
      seen.bytes = uint8_t(key.size());
      if (!key.empty()) std::memcpy(seen.key, key.data(), key.size());
      seen.known = redactor_.by_key(key, seen.action);
    }
    action = seen.action;
    return seen.known;
  }

 private:
  static constexpr unsigned kSlots = 256;
  // By both ends of the key, which may overlap.
  static unsigned place(std::string_view key) noexcept {
    uint64_t first = 0, last = 0;
    const size_t bytes = key.size() < sizeof first ? key.size() : sizeof first;
    if (bytes != 0) {
      std::memcpy(&first, key.data(), bytes);
      std::memcpy(&last, key.data() + key.size() - bytes, bytes);
    }
    const uint64_t hash = (first ^ (last << 7 | last >> 57) ^ key.size()) * 0x9e3779b97f4a7c15;
    return unsigned(hash >> 56) % kSlots;
  }
  struct Seen {
    bool used = false, known = false;
    Redact action = Redact::kKeep;
    uint8_t bytes = 0;
    char key[60];
  };
  const Redactor& redactor_;
  Seen seen_[kSlots];
};

class RedactingProcessor : public Processor {
 public:
  explicit RedactingProcessor(std::shared_ptr<const Redactor> redactor) noexcept
      : redactor_(std::move(redactor)), keys_(*redactor_) {}

  bool on_end(SpanData& span, TextStore& texts) noexcept override {
    texts_ = &texts;
    text(span.name);
    text(span.status_message);
    attributes(span.attributes);
    for (Event& event : span.events) {
      text(event.name);
      attributes(event.attributes);
    }
    for (Link& link : span.links) attributes(link.attributes);
    return true;
  }

 private:
  // Without memory there is no text rather than the one that must not be seen.
  void text(std::string_view& text) noexcept {
    if (redactor_->redact(text, scratch_)) text = texts_->keep(scratch_);
  }

  void attributes(List<KeyValue>& list) noexcept {
    size_t kept = 0;
    for (KeyValue& attribute : list) {
      Redact action;
      if (keys_.by_key(attribute.key, action)) {
        if (action == Redact::kDrop) {
          redactor_->replacement(action, {});  // is counted
          continue;
        }
        if (action != Redact::kKeep)
          attribute.value = texts_->keep(redactor_->replacement(action, text_of(attribute.value)));
      } else {
        value(attribute.value);
      }
      list[kept++] = attribute;
    }
    list.count = kept;
  }

  // Arrays and maps are the decoder's, as the span is: changed where they stand.
  void value(Value& value) noexcept {
    switch (value.type()) {
      case Value::Type::kString:
        if (redactor_->redact(value.text(), scratch_)) value = texts_->keep(scratch_);
        break;
      case Value::Type::kInt:  // a card's number may be one
        if (value.integer() >= kShortestCard && redactor_->redact(text_of(value), scratch_))
          value = texts_->keep(scratch_);
        break;
      case Value::Type::kArray:
        for (const Value& item : value.items()) this->value(const_cast<Value&>(item));
        break;
      case Value::Type::kMap: {
        List<KeyValue> pairs{const_cast<KeyValue*>(value.pairs().data), value.pairs().size()};
        attributes(pairs);
        value = Value(List<const KeyValue>{pairs.data, pairs.count});
        break;
      }
      default: break;
    }
  }

  // What is hashed.
  static std::string text_of(const Value& value) noexcept {
    if (value.type() == Value::Type::kString || value.type() == Value::Type::kBytes) return std::string(value.text());
    if (value.type() == Value::Type::kArray) {
      std::string all;
      for (const Value& item : value.items()) all += text_of(item) + ",";
      return all;
    }
    if (value.type() == Value::Type::kMap) {
      std::string all;
      for (const KeyValue& pair : value.pairs()) all += std::string(pair.key) + "=" + text_of(pair.value) + ",";
      return all;
    }
    char digits[32];
    const bool number = value.type() == Value::Type::kDouble;
    const auto end = number ? std::to_chars(digits, digits + sizeof digits, value.number()).ptr
                            : std::to_chars(digits, digits + sizeof digits, value.integer()).ptr;
    return std::string(digits, end);
  }

  static constexpr int64_t kShortestCard = 1'000'000'000'000;

  std::shared_ptr<const Redactor> redactor_;
  KeyMemo keys_;
  std::string scratch_;
  TextStore* texts_ = nullptr;
};

class RedactingPropagator : public Propagator {
 public:
  RedactingPropagator(std::shared_ptr<const Redactor> redactor, std::shared_ptr<Propagator> inner) noexcept
      : redactor_(std::move(redactor)), inner_(std::move(inner)) {}

  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    return inner_->extract(headers, base);
  }
  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    if (context.baggage().empty()) return inner_->inject(context, headers);
    inner_->inject(context.with(redactor_->redact(context.baggage())), headers);
  }
  List<const std::string_view> fields() const noexcept override { return inner_->fields(); }

 private:
  std::shared_ptr<const Redactor> redactor_;
  std::shared_ptr<Propagator> inner_;
};

}  // namespace
}  // namespace detail

std::unique_ptr<Processor> redacting_processor(std::shared_ptr<const Redactor> redactor) noexcept {
  if (redactor == nullptr) return nullptr;
  return std::make_unique<detail::RedactingProcessor>(std::move(redactor));
}

std::shared_ptr<Propagator> redacting_propagator(std::shared_ptr<const Redactor> redactor,
                                                 std::shared_ptr<Propagator> inner) noexcept {
  if (redactor == nullptr || inner == nullptr) return nullptr;
  return std::make_shared<detail::RedactingPropagator>(std::move(redactor), std::move(inner));
}

CLEW_END
