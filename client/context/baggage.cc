#include "clew/baggage.h"

#include "context/characters.h"
#include "utf8.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr unsigned kSizesBytes = 3 * sizeof(uint16_t);

bool is_token(std::string_view key) noexcept {
  for (char c : key) {
    if (!is_a(c, kToken)) return false;
  }
  return !key.empty();
}

bool are_properties(std::string_view properties) noexcept {
  for (char c : properties) {
    if (c == ',' || (!is_a(c, kSpace) && (c < 0x21 || c > 0x7e))) return false;
  }
  return true;
}

// Entries one after the other, while they fit.
class Builder {
 public:
  // False: one too many, or too large.
  bool add(const Baggage::Entry& entry) noexcept {
    const size_t bytes = entry.key.size() + 1 + percent_encoded_size(entry.value, kBaggageValue) + (count_ != 0) +
                         (entry.properties.empty() ? 0 : 1 + entry.properties.size());
    if (count_ == Baggage::kMaxEntries || bytes > Baggage::kMaxBytes - header_bytes_) return false;
    ++count_;
    header_bytes_ += unsigned(bytes);
    const uint16_t sizes[3] = {uint16_t(entry.key.size()), uint16_t(entry.value.size()),
                               uint16_t(entry.properties.size())};
    put({reinterpret_cast<const char*>(sizes), sizeof sizes});
    put(entry.key);
    put(entry.value);
    put(entry.properties);
    return true;
  }
  Baggage baggage() const noexcept { return Baggage::of_entries(SharedText({text_, size_})); }

 private:
  void put(std::string_view part) noexcept {
    if (!part.empty()) std::memcpy(text_ + size_, part.data(), part.size());
    size_ += part.size();
  }

  unsigned count_ = 0, header_bytes_ = 0;
  size_t size_ = 0;
  // Values are never longer than they are in a header.
  char text_[Baggage::kMaxBytes + Baggage::kMaxEntries * kSizesBytes];
};

bool is_value(std::string_view value) noexcept {
  for (char c : value) {
    if (!is_a(c, kBaggageValue) && c != '%' && c != '+' && uint8_t(c) < 0x80) return false;
  }
  return true;
}

// The bytes of a percent-encoded text one after the other: it may be large, and the caller's stack small.
class DecodedBytes {
 public:
  explicit DecodedBytes(std::string_view text) noexcept : rest_(text) {}
  bool next(char& byte) noexcept {
    if (rest_.empty()) return false;
    char decoded[3];
    const bool one = percent_decode(rest_.substr(0, 3), decoded) == 1;  // else the three, or what there is of them
    byte = decoded[0];
    rest_.remove_prefix(one && rest_.size() >= 3 ? 3 : 1);
    return true;
  }

 private:
  std::string_view rest_;
};

// The value, decoded and valid UTF-8, in `out`, which has room for kMaxBytes. False: it is larger.
bool decode_value(std::string_view value, char* out, size_t& size) noexcept {
  DecodedBytes bytes(value);
  char window[4];
  unsigned held = 0;
  size = 0;
  while (true) {
    while (held < sizeof window && bytes.next(window[held])) ++held;
    if (held == 0) return true;
    const unsigned good = utf8_character({window, held});
    const std::string_view character = good == 0 ? std::string_view("\xef\xbf\xbd") : std::string_view(window, good);
    if (character.size() > Baggage::kMaxBytes - size) return false;
    std::memcpy(out + size, character.data(), character.size());
    size += character.size();
    const unsigned taken = good == 0 ? 1 : good;
    std::memmove(window, window + taken, held - taken);
    held -= taken;
  }
}

struct RawEntry {
  std::string_view key, value, properties;
};

bool take_apart(std::string_view member, RawEntry& entry) noexcept {
  const size_t semicolon = member.find(';');
  std::string_view pair = member.substr(0, semicolon);
  const size_t equals = pair.find('=');
  if (equals == std::string_view::npos) return false;
  entry.key = trimmed(pair.substr(0, equals));
  entry.value = trimmed(pair.substr(equals + 1));
  entry.properties = semicolon == std::string_view::npos ? std::string_view() : trimmed(member.substr(semicolon + 1));
  return is_token(entry.key) && are_properties(entry.properties) && entry.value.size() <= Baggage::kMaxBytes;
}

// Of a list of members the ones that can be read: the last of each key.
unsigned readable(std::string_view header, RawEntry* entries) noexcept {
  unsigned count = 0;
  while (header.data() != nullptr && count <= Baggage::kMaxEntries) {
    RawEntry entry;
    if (!take_apart(cut(header, ','), entry)) continue;
    unsigned kept = 0;
    for (unsigned i = 0; i < count; ++i) {
      if (entries[i].key != entry.key) entries[kept++] = entries[i];
    }
    entries[kept] = entry;
    count = kept + 1;
  }
  return count;
}

}  // namespace
}  // namespace detail

Baggage Baggage::parse(std::string_view header) noexcept {
  detail::RawEntry raw[kMaxEntries + 1];
  const unsigned count = detail::readable(header, raw);
  if (count == 0) return {};
  detail::Builder builder;
  char value[kMaxBytes];
  for (unsigned i = 0; i < count; ++i) {
    size_t size;
    if (!detail::is_value(raw[i].value)) continue;
    if (!detail::decode_value(raw[i].value, value, size) ||
        !builder.add({raw[i].key, {value, size}, raw[i].properties})) {
      break;
    }
  }
  return builder.baggage();
}

std::string_view Baggage::get(std::string_view key) const noexcept {
  for (Entry entry : *this) {
    if (entry.key == key) return entry.value;
  }
  return {};
}

Baggage Baggage::with(std::string_view key, std::string_view value, std::string_view properties) const noexcept {
  if (!detail::is_token(key) || !detail::are_properties(properties) || value.size() > kMaxBytes) return *this;
  detail::Builder builder;
  for (Entry entry : *this) {
    if (entry.key != key) builder.add(entry);
  }
  return builder.add({key, value, detail::trimmed(properties)}) ? builder.baggage() : *this;
}

Baggage Baggage::without(std::string_view key) const noexcept {
  if (get(key).data() == nullptr) return *this;
  detail::Builder builder;
  for (Entry entry : *this) {
    if (entry.key != key) builder.add(entry);
  }
  return builder.baggage();
}

unsigned Baggage::to_header(char* header) const noexcept {
  unsigned size = 0;
  const auto put = [&](std::string_view part) {
    if (!part.empty()) std::memcpy(header + size, part.data(), part.size());
    size += unsigned(part.size());
  };
  for (Entry entry : *this) {
    if (size != 0) put(",");
    put(entry.key);
    put("=");
    size += detail::percent_encode(entry.value, detail::kBaggageValue, header + size);
    if (!entry.properties.empty()) put(";");
    put(entry.properties);
  }
  return size;
}

CLEW_END
