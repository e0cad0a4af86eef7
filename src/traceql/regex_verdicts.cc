#include "traceql/regex_verdicts.h"

#include <absl/hash/hash.h>

namespace clew::traceql {
namespace {

constexpr size_t kFirstSlots = 1024;

}  // namespace

RegexVerdicts::Slot& RegexVerdicts::slot_of(std::vector<Slot>& slots, std::string_view text, uint64_t hash) {
  for (uint64_t at = hash & (slots.size() - 1);; at = (at + 1) & (slots.size() - 1)) {
    Slot& slot = slots[at];
    if (slot.text == nullptr) return slot;
    if (slot.hash == hash && std::string_view(slot.text, slot.bytes) == text) return slot;
  }
}

void RegexVerdicts::grow(Table& table) {
  std::vector<Slot> larger(table.slots.empty() ? kFirstSlots : table.slots.size() * 2);
  for (const Slot& slot : table.slots) {
    if (slot.text != nullptr) slot_of(larger, {slot.text, slot.bytes}, slot.hash) = slot;
  }
  table.slots = std::move(larger);
}

bool RegexVerdicts::judge(const Regex& regex, Table& table, std::string_view text, uint64_t hash) {
  Slot& slot = slot_of(table.slots, text, hash);
  if (slot.text != nullptr) return slot.verdict;
  ++judged_;
  bool verdict = regex.matches(text);
  if (size_ >= kMaxTexts || text.data() == nullptr || text.size() > UINT32_MAX) return verdict;
  slot = {text.data(), static_cast<uint32_t>(text.size()), verdict, hash};
  ++size_;
  if (++table.size * 2 > table.slots.size()) grow(table);
  return verdict;
}

std::vector<RegexVerdicts::Known>& RegexVerdicts::of_numbers(const Regex& regex, uint64_t numbering) {
  Table& table = tables_[&regex];
  if (table.numbering != numbering) {
    table.numbering = numbering;
    table.of_numbers.clear();
  }
  return table.of_numbers;
}

void RegexVerdicts::judge(const Regex& regex, std::span<const std::string_view> texts, bool* verdicts) {
  if (regex.is_plain()) {
    for (size_t i = 0; i < texts.size(); ++i) verdicts[i] = regex.matches(texts[i]);
    return;
  }
  Table& table = tables_[&regex];
  if (table.slots.empty()) grow(table);
  if (!regex.can_search() || !is_worth_a_search(table)) return judge_each(regex, table, texts, verdicts);
  regex.may_match(texts, joined_, verdicts);
  table.searched += texts.size();
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!verdicts[i]) continue;
    ++table.left;
    verdicts[i] = judge(regex, table, texts[i], absl::HashOf(texts[i]));
  }
}

void RegexVerdicts::judge_each(const Regex& regex, Table& table, std::span<const std::string_view> texts,
                               bool* verdicts) {
  // Hashes first, so that the look-ups wait for memory together.
  hashes_.resize(texts.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    hashes_[i] = absl::HashOf(texts[i]);
    __builtin_prefetch(&table.slots[hashes_[i] & (table.slots.size() - 1)]);
  }
  for (size_t i = 0; i < texts.size(); ++i) verdicts[i] = judge(regex, table, texts[i], hashes_[i]);
}

}  // namespace clew::traceql
