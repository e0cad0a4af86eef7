#include "store/block/text_order.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/huge_pages.h"

namespace clew::store {
namespace {

// Fewer texts are compared as they are.
constexpr size_t kFewTexts = 24;

// Sorts by keys of as many bytes as fit: a byte of a text is a digit, in a number system of the bytes that some text
// has at its place, so that a key holds a whole address or sixteen hex digits.
class TextSorter {
 public:
  TextSorter(std::span<const std::string_view> texts, std::span<KeyedItem> items, KeySorter& sorter)
      : texts_(texts), items_(items), sorter_(sorter), is_new_(items.size()) {}

  void run(size_t skipped) {
    if (items_.empty()) return;
    is_new_[0] = 1;
    left_.push_back({0, static_cast<uint32_t>(items_.size()), skipped});
    while (!left_.empty()) {
      const Range range = left_.back();
      left_.pop_back();
      if (range.end - range.begin <= kFewTexts) {
        sort_few(range);
      } else {
        sort_many(range);
      }
    }
  }
  // Whether the item at that position differs from the one before.
  bool is_new(size_t at) const { return is_new_[at] != 0; }

 private:
  static constexpr size_t kPlaces = 16;
  static constexpr size_t kSymbols = 257;  // the end of the text, and each byte
  // All texts of a range have the first `depth` bytes in common.
  struct Range {
    uint32_t begin, end;
    size_t depth;
  };
  // Of each symbol its rank among those of its place, times the number of all texts of the later places.
  using Weights = std::array<uint64_t, kSymbols>;

  std::span<KeyedItem> items_of(const Range& range) { return items_.subspan(range.begin, range.end - range.begin); }
  std::string_view rest(const KeyedItem& item, size_t depth) const { return texts_[item.item].substr(depth); }

  void sort_few(const Range& range) {
    const auto items = items_of(range);
    const std::string_view first = rest(items[0], range.depth);
    auto is_first = [&](const KeyedItem& item) { return rest(item, range.depth) == first; };
    if (std::ranges::all_of(items.subspan(1), is_first)) return;
    std::ranges::sort(items, {}, [&](const KeyedItem& item) { return rest(item, range.depth); });
    for (size_t i = 1; i < items.size(); ++i) {
      is_new_[range.begin + i] = rest(items[i], range.depth) != rest(items[i - 1], range.depth);
    }
  }

  void sort_many(const Range& range) {
    const auto items = items_of(range);
    const size_t depth = range.depth + common_bytes(items, range.depth);
    const size_t places = learn(items, depth);
    for (KeyedItem& item : items) item.key = key_of(rest(item, depth), places);
    sorter_.sort(items);
    for (uint32_t begin = 0, end = 0; begin < items.size(); begin = end) {
      if (begin > 0) is_new_[range.begin + begin] = 1;
      for (end = begin + 1; end < items.size() && items[end].key == items[begin].key;) ++end;
      // Of equal keys, all texts have ended before or none.
      const bool goes_on = end - begin > 1 && texts_[items[begin].item].size() >= depth + places;
      if (goes_on) left_.push_back({range.begin + begin, range.begin + end, depth + places});
    }
  }

  size_t common_bytes(std::span<const KeyedItem> items, size_t depth) const {
    std::string_view common = rest(items[0], depth);
    for (const KeyedItem& item : items) {
      const std::string_view text = rest(item, depth);
      if (text.starts_with(common)) continue;
      common = common.substr(0, static_cast<size_t>(std::ranges::mismatch(common, text).in1 - common.begin()));
    }
    return common.size();
  }

  // The symbols of the next places, and what they weigh in a key; answers of how many places, one at least.
  size_t learn(std::span<const KeyedItem> items, size_t depth) {
    seen_ = {};
    for (const KeyedItem& item : items) {
      const std::string_view text = rest(item, depth);
      const size_t count = std::min(text.size(), kPlaces);
      for (size_t place = 0; place < count; ++place) seen_[place][static_cast<uint8_t>(text[place]) + 1U] = 1;
      if (count < kPlaces) seen_[count][0] = 1;
    }
    const size_t places = keyed_places();
    uint64_t weight = 1;
    for (size_t place = places; place-- > 0;) {
      uint64_t next = 0;
      for (size_t symbol = 0; symbol < kSymbols; ++symbol) {
        weights_[place][symbol] = next;
        next += weight * seen_[place][symbol];
      }
      weight = next;
    }
    return places;
  }

  // For how many places there are no more texts than keys.
  size_t keyed_places() {
    uint8_t some_ended = 0;
    uint64_t keys = 1;
    for (size_t place = 0; place < kPlaces; ++place) {
      some_ended |= seen_[place][0];
      seen_[place][0] = some_ended;
      uint64_t size = 0;
      for (uint8_t seen : seen_[place]) size += seen;
      if (place > 0 && keys > ~uint64_t{0} / size) return place;
      keys *= size;
      if (some_ended != 0 && size == 1) return place + 1;
    }
    return kPlaces;
  }

  uint64_t key_of(std::string_view text, size_t places) const {
    const size_t count = std::min(text.size(), places);
    uint64_t key = 0;
    for (size_t place = 0; place < count; ++place) key += weights_[place][static_cast<uint8_t>(text[place]) + 1U];
    return key;
  }

  std::span<const std::string_view> texts_;
  std::span<KeyedItem> items_;
  KeySorter& sorter_;
  std::vector<uint8_t> is_new_;  // by position
  std::vector<Range> left_;
  std::array<std::array<uint8_t, kSymbols>, kPlaces> seen_;
  std::array<Weights, kPlaces> weights_;
};

}  // namespace

void DistinctOrder::begin(size_t values, std::span<const uint8_t> used) {
  items_.clear();
  reserve_large(items_, values);
  for (uint32_t i = 0; i < values; ++i) {
    if (used.empty() || used[i] != 0) items_.push_back({0, i});
  }
  if (places_.size() < values) places_.resize(values);
  firsts_.clear();
}

template <typename IsNew>
void DistinctOrder::number(IsNew&& is_new) {
  for (size_t at = 0; at < items_.size(); ++at) {
    if (is_new(at)) firsts_.push_back(items_[at].item);
    places_[items_[at].item] = static_cast<uint32_t>(firsts_.size() - 1);
  }
}

void DistinctOrder::order_texts(std::span<const std::string_view> texts, size_t skipped,
                                std::span<const uint8_t> used) {
  begin(texts.size(), used);
  TextSorter texts_in_order(texts, items_, sorter_);
  texts_in_order.run(skipped);
  number([&](size_t at) { return texts_in_order.is_new(at); });
}

void DistinctOrder::order_numbers(std::span<const std::string_view> numbers, std::span<const uint8_t> used) {
  begin(numbers.size(), used);
  for (KeyedItem& item : items_) std::memcpy(&item.key, numbers[item.item].data(), numbers[item.item].size());
  sorter_.sort(items_);
  number([&](size_t at) { return at == 0 || items_[at].key != items_[at - 1].key; });
}

}  // namespace clew::store
