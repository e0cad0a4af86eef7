// W3C baggage: key-value pairs of the application that travel with a request. An immutable value, cheap to copy.
//
// Limits: a baggage with more than kMaxEntries entries or kMaxBytes bytes as a header loses whole entries, the last
// ones.
#pragma once

#include <cstring>

#include "clew/detail/shared_text.h"

CLEW_BEGIN

class Baggage {
 public:
  static constexpr unsigned kMaxEntries = 64;
  static constexpr unsigned kMaxBytes = 8192;

  struct Entry {
    std::string_view key;         // a token
    std::string_view value;       // UTF-8, decoded
    std::string_view properties;  // what follows the value's ';', as it came
  };

  // Goes through the entries in their order: for (Baggage::Entry entry : baggage). Valid as long as the value.
  class Iterator {
   public:
    explicit Iterator(const char* at) noexcept : at_(at) {}
    Entry operator*() const noexcept {
      const char* text = at_ + sizeof(Sizes);
      const Sizes s = sizes();
      return {{text, s.key}, {text + s.key, s.value}, {text + s.key + s.value, s.properties}};
    }
    Iterator& operator++() noexcept {
      const Sizes s = sizes();
      at_ += sizeof(Sizes) + s.key + s.value + s.properties;
      return *this;
    }
    bool operator!=(const Iterator& other) const noexcept { return at_ != other.at_; }

   private:
    friend class Baggage;
    // An entry in the text: its three sizes, then key, value and properties without a gap.
    struct Sizes {
      uint16_t key, value, properties;
    };
    Sizes sizes() const noexcept {
      Sizes s;
      std::memcpy(&s, at_, sizeof s);
      return s;
    }
    const char* at_;
  };

  Baggage() noexcept = default;  // without entries

  // The entries of a header that can be read; others are skipped.
  CLEW_API static Baggage parse(std::string_view header) noexcept;

  bool empty() const noexcept { return text_.empty(); }
  Iterator begin() const noexcept { return Iterator(text_.view().data()); }
  Iterator end() const noexcept { return Iterator(text_.view().data() + text_.view().size()); }
  // The value of a key (case counts), or an empty view with a null pointer.
  CLEW_API std::string_view get(std::string_view key) const noexcept;
  // With the entry last, in place of one of the same key. A key that is no token, or a baggage that would exceed its
  // limits, changes nothing.
  CLEW_API Baggage with(std::string_view key, std::string_view value, std::string_view properties = {}) const noexcept;
  CLEW_API Baggage without(std::string_view key) const noexcept;
  // Writes the header, percent-encoded, into `header` and returns its size; kMaxBytes are always enough.
  CLEW_API unsigned to_header(char* header) const noexcept;

  const detail::SharedText& text() const noexcept { return text_; }
  // Precondition: entries as Iterator reads them.
  static Baggage of_entries(detail::SharedText text) noexcept {
    Baggage baggage;
    baggage.text_ = static_cast<detail::SharedText&&>(text);
    return baggage;
  }

 private:
  detail::SharedText text_;
};

CLEW_END
