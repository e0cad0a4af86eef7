#include "store/block/text_order.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace clew::store {
namespace {

constexpr size_t kLengthBytes = sizeof(uint32_t);
constexpr size_t kKeyBytes = sizeof(uint64_t);
// Fewer are compared as they are.
constexpr size_t kFewTexts = 4;

// Sorts by eight bytes after the other: texts that many begin with are not looked at again for each comparison.
class TextSorter {
 public:
  TextSorter(std::string_view entries, std::span<const size_t> begins) {
    texts_.reserve(begins.size());
    for (size_t i = 0; i < begins.size(); ++i) {
      const size_t end = i + 1 < begins.size() ? begins[i + 1] : entries.size();
      texts_.push_back(
          {entries.substr(begins[i] + kLengthBytes, end - begins[i] - kLengthBytes), 0, static_cast<uint32_t>(i)});
    }
  }

  struct Text {
    std::string_view rest;  // behind what it has in common with its neighbours
    uint64_t key;
    uint32_t entry;
  };
  std::span<const Text> run() {
    std::vector<std::span<Text>> left{texts_};
    while (!left.empty()) {
      std::span<Text> range = left.back();
      left.pop_back();
      if (range.size() <= kFewTexts) {
        std::ranges::sort(range, {}, &Text::rest);
        continue;
      }
      skip_common(range);
      // Zeros stand in for what a text is too short for.
      std::ranges::sort(range, [](const Text& a, const Text& b) {
        return a.key != b.key ? a.key < b.key
                              : std::min(a.rest.size(), kKeyBytes + 1) < std::min(b.rest.size(), kKeyBytes + 1);
      });
      split(range, left);
    }
    return texts_;
  }

 private:
  static void skip_common(std::span<Text> range) {
    std::string_view common = range[0].rest;
    for (const Text& text : range) {
      common = common.substr(0, static_cast<size_t>(std::ranges::mismatch(common, text.rest).in1 - common.begin()));
    }
    for (Text& text : range) {
      text.rest.remove_prefix(common.size());
      text.key = 0;
      if (!text.rest.empty()) std::memcpy(&text.key, text.rest.data(), std::min(kKeyBytes, text.rest.size()));
      if constexpr (std::endian::native == std::endian::little) text.key = __builtin_bswap64(text.key);
    }
  }

  // What is equal so far and goes on.
  static void split(std::span<Text> range, std::vector<std::span<Text>>& left) {
    for (size_t begin = 0, end = 0; begin < range.size(); begin = end) {
      const bool goes_on = range[begin].rest.size() > kKeyBytes;
      for (end = begin + 1; end < range.size() && range[end].key == range[begin].key; ++end) {
        if (goes_on != (range[end].rest.size() > kKeyBytes)) break;
      }
      if (!goes_on || end - begin == 1) continue;
      for (Text& text : range.subspan(begin, end - begin)) text.rest.remove_prefix(kKeyBytes);
      left.push_back(range.subspan(begin, end - begin));
    }
  }

  std::vector<Text> texts_;
};

}  // namespace

SortedEntries sort_entries(std::string_view entries, std::span<const size_t> begins) {
  auto whole = [&](size_t entry) {
    const size_t end = entry + 1 < begins.size() ? begins[entry + 1] : entries.size();
    return entries.substr(begins[entry], end - begins[entry]);
  };
  TextSorter sorter(entries, begins);
  SortedEntries out;
  out.places.resize(begins.size());
  out.bytes.reserve(entries.size());
  std::string_view last;
  for (const auto& text : sorter.run()) {
    if (out.count == 0 || whole(text.entry) != last) {
      last = whole(text.entry);
      out.bytes += last;
      ++out.count;
    }
    out.places[text.entry] = out.count - 1;
  }
  return out;
}

}  // namespace clew::store
