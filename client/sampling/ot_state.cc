#include "sampling/ot_state.h"

#include <cmath>

#include "context/characters.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr std::string_view kKey = "ot", kThreshold = "th", kRandom = "rv";
constexpr unsigned kDigits = 14;  // of 56 bits
constexpr unsigned kPrecision = 4;

// Digits that are not there are zeros at the end. False: none, too many, others.
bool read_digits(std::string_view text, uint64_t& value) noexcept {
  if (text.empty() || text.size() > kDigits) return false;
  value = 0;
  for (unsigned i = 0; i < kDigits; ++i) {
    const uint8_t digit = i < text.size() ? hex_value(text[i]) : 0;
    if (digit > 15) return false;
    value = value << 4 | digit;
  }
  return true;
}

// Of "k:v;k:v" the value of a key.
std::string_view sub_value(std::string_view ot, std::string_view key) noexcept {
  while (ot.data() != nullptr) {
    std::string_view value = cut(ot, ';');
    if (cut(value, ':') == key) return value;
  }
  return {};
}

}  // namespace

uint64_t threshold_of(double probability) noexcept {
  if (!(probability > 0)) return kThresholds;
  if (probability >= 1) return 0;
  // Half of the last digit is added before what is behind it goes: a threshold of 1/3 is "aaab", not fourteen digits.
  const int exponent = std::ilogb(probability);  // below 0
  const unsigned leading = unsigned(-exponent - 1) / 4;
  const unsigned kept = leading + kPrecision < kDigits ? leading + kPrecision : kDigits;
  const uint64_t unit = uint64_t(1) << 4 * (kDigits - kept);
  const double share = probability * double(kThresholds);
  const uint64_t exact = share < 1 ? kThresholds - 1 : kThresholds - uint64_t(share);
  const uint64_t rounded = unit == 1 ? exact : (exact + unit / 2) & ~(unit - 1);
  return rounded < kThresholds ? rounded : kThresholds - unit;
}

uint64_t randomness(const TraceId& trace_id, const TraceState& state) noexcept {
  if (CLEW_UNLIKELY(!state.empty())) {
    const std::string_view digits = sub_value(state.get(kKey), kRandom);
    uint64_t random;
    if (digits.size() == kDigits && read_digits(digits, random)) return random;
  }
  uint64_t value = 0;
  for (unsigned i = TraceId::kSize - 7; i < TraceId::kSize; ++i) value = value << 8 | trace_id.bytes[i];
  return value;
}

uint64_t threshold_in(const TraceState& state) noexcept {
  uint64_t threshold;
  return read_digits(sub_value(state.get(kKey), kThreshold), threshold) ? threshold : kNoThreshold;
}

TraceState with_threshold(const TraceState& state, uint64_t threshold) noexcept {
  const std::string_view old = state.get(kKey);
  if (old.data() == nullptr && threshold == kNoThreshold) return state;
  char text[TraceState::kMaxValueBytes];
  size_t size = 0;
  if (threshold != kNoThreshold) {
    std::memcpy(text, "th:0", 4);
    for (size = 3; threshold != 0; threshold = threshold << 4 & (kThresholds - 1)) {
      text[size++] = hex_digit(unsigned(threshold >> 52));
    }
    if (size == 3) ++size;
  }
  for (std::string_view rest = old; rest.data() != nullptr;) {
    const std::string_view part = cut(rest, ';');
    if (part.empty() || part.substr(0, 3) == "th:" || size + 1 + part.size() > sizeof text) continue;
    if (size != 0) text[size++] = ';';
    std::memcpy(text + size, part.data(), part.size());
    size += part.size();
  }
  return size == 0 ? state.without(kKey) : state.with(kKey, {text, size});
}

}  // namespace detail
CLEW_END
