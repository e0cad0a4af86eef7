#include "column/scan_facts.h"

#include <algorithm>

namespace clew {

CodeRange CodeRange::of(std::span<const uint32_t> codes) {
  CodeRange out;
  for (uint32_t code : codes) {
    if (code == kNoCode) continue;
    out.least = std::min(out.least, code);
    out.most = std::max(out.most, code);
    out.modulo_64 |= uint64_t{1} << code % 64;
  }
  return out;
}

template <typename Fact>
std::optional<Fact> ScanFacts::find(const Pages<Fact>& facts, uint32_t column, uint32_t page) const {
  std::lock_guard lock(mutex_);
  auto known = facts.find(column);
  if (known == facts.end() || page >= known->second.size()) return std::nullopt;
  return known->second[page];
}

template <typename Fact, typename Make>
void ScanFacts::keep(Pages<Fact>& facts, uint32_t column, uint32_t page, Make&& make) {
  if (find(facts, column, page)) return;
  Fact fact = make();
  std::lock_guard lock(mutex_);
  auto& pages = facts[column];
  if (page >= pages.size()) pages.resize(page + 1);
  pages[page] = fact;
}

void ScanFacts::set_codes(uint32_t column, uint32_t page, std::span<const uint32_t> codes) {
  keep(codes_, column, page, [&] { return CodeRange::of(codes); });
}

std::optional<CodeRange> ScanFacts::codes(uint32_t column, uint32_t page) const {
  return find(codes_, column, page);
}

void ScanFacts::set_numbers(uint32_t column, uint32_t page, std::span<const int64_t> numbers) {
  keep(numbers_, column, page, [&] {
    auto [least, most] = std::ranges::minmax(numbers);
    return NumberRange(least, most);
  });
}

std::optional<ScanFacts::NumberRange> ScanFacts::numbers(uint32_t column, uint32_t page) const {
  return find(numbers_, column, page);
}

void ScanFacts::array_codes(uint32_t column, const ValueDictionary& values, std::vector<uint32_t>& out) {
  std::lock_guard lock(mutex_);
  Arrays& arrays = arrays_[column];
  for (uint32_t size = values.size(); arrays.entries < size; ++arrays.entries) {
    if (values.at(arrays.entries).type == ValueType::array) arrays.codes.push_back(arrays.entries);
  }
  out.insert(out.end(), arrays.codes.begin(), arrays.codes.end());
}

}  // namespace clew
