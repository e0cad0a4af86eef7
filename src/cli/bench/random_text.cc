#include "cli/bench/random_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"

namespace clew::cli {
namespace {

constexpr std::array<std::string_view, 64> kWords = {
    "amber",  "anchor",  "apple",   "arrow",   "basil",  "beacon", "birch",  "bridge", "canyon", "cedar",  "cherry",
    "cloud",  "copper",  "coral",   "cotton",  "dawn",   "delta",  "desert", "ember",  "falcon", "fern",   "flint",
    "forest", "garnet",  "ginger",  "glacier", "grove",  "harbor", "hazel",  "heron",  "indigo", "island", "ivory",
    "jasper", "juniper", "lagoon",  "lemon",   "linen",  "maple",  "marble", "meadow", "mist",   "nectar", "nutmeg",
    "ocean",  "olive",   "onyx",    "opal",    "orchid", "pearl",  "pepper", "pine",   "quartz", "raven",  "reed",
    "ridge",  "river",   "saffron", "sage",    "slate",  "tide",   "tulip",  "violet", "willow"};
constexpr uint32_t kMaxHexDigits = 16;

uint64_t number_of(std::string_view text) {
  uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  CHECK(error == std::errc{} && end == text.data() + text.size());
  return value;
}

}  // namespace

RandomText::Place RandomText::parse_place(std::string_view text) {
  Place place;
  if (text == "word") {
    place.count = kWords.size();
  } else if (text.starts_with('x')) {
    place.kind = PlaceKind::hex;
    place.digits = static_cast<uint32_t>(number_of(text.substr(1)));
    CHECK(place.digits >= 1 && place.digits <= kMaxHexDigits);
    place.count = place.digits == kMaxHexDigits ? 0 : uint64_t{1} << 4 * place.digits;
  } else {
    place.kind = PlaceKind::number;
    size_t dash = text.find('-');
    CHECK(dash != std::string_view::npos);
    place.low = number_of(text.substr(0, dash));
    uint64_t high = number_of(text.substr(dash + 1));
    CHECK(high >= place.low);
    place.count = high - place.low + 1;
  }
  return place;
}

RandomText::RandomText(std::string_view pattern) {
  while (true) {
    size_t open = pattern.find('{');
    if (open == std::string_view::npos) break;
    size_t close = pattern.find('}', open);
    CHECK(close != std::string_view::npos);
    Place& place = places_.emplace_back(parse_place(pattern.substr(open + 1, close - open - 1)));
    place.before = pattern.substr(0, open);
    pattern.remove_prefix(close + 1);
  }
  tail_ = pattern;
}

void RandomText::append(CorpusRandom& random, std::string& out) const {
  for (const Place& place : places_) {
    out += place.before;
    uint64_t value = random.next();
    if (place.count != 0) value %= place.count;
    if (place.kind == PlaceKind::word) {
      out += kWords[value];
      continue;
    }
    constexpr size_t kMostDigits = 20;
    char text[kMostDigits];
    constexpr char kHexDigits[] = "0123456789abcdef";
    size_t length = place.digits;
    if (place.kind == PlaceKind::number) {
      length = static_cast<size_t>(std::to_chars(text, text + kMostDigits, place.low + value).ptr - text);
    } else {
      for (uint32_t i = 0; i < place.digits; ++i) text[i] = kHexDigits[value >> (4 * i) & 15];
    }
    out.append(text, length);
  }
  out += tail_;
}

double RandomText::entropy_bits() const {
  double bits = 0;
  for (const Place& place : places_) bits += place.count == 0 ? 64 : std::log2(static_cast<double>(place.count));
  return bits;
}

}  // namespace clew::cli
