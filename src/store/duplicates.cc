#include "store/duplicates.h"

#include <algorithm>
#include <bit>

#include "base/mix.h"

namespace clew::store {
namespace {

constexpr size_t kFirstSlots = 1024;
// Spans between the prefetch of a slot and its use.
constexpr size_t kLookAhead = 8;

}  // namespace

DuplicateTable::DuplicateTable(uint64_t window_ns, uint64_t limit_bytes)
    : window_ns_(window_ns),
      max_slots_(std::bit_floor(std::max<uint64_t>(limit_bytes / (2 * sizeof(Slot)), kFirstSlots))) {}

uint64_t DuplicateTable::number_of(std::string_view tenant) {
  uint64_t number = 0;
  for (char c : tenant) number = mix64(number, static_cast<uint8_t>(c));
  return number;
}

DuplicateTable::Slot DuplicateTable::slot_of(uint64_t tenant, const SpanRow& row) {
  Slot slot;
  uint64_t first = mix64(tenant ^ row.trace.hi ^ static_cast<uint64_t>(row.kind), row.span);
  slot.high = mix64(first, row.trace.lo);
  slot.low = mix64(slot.high ^ row.span, row.trace.hi) | 1;
  return slot;
}

void DuplicateTable::prefetch(const Slot& wanted) const {
  for (const Generation* generation : {&young_, &old_}) {
    if (!generation->slots.empty()) {
      __builtin_prefetch(&generation->slots[wanted.high & (generation->slots.size() - 1)]);
    }
  }
}

bool DuplicateTable::find_or_enter(const Slot& wanted, uint64_t receive_ns) {
  if (contains(young_, wanted) || contains(old_, wanted)) return true;
  turn(receive_ns);
  enter(young_, wanted);
  return false;
}

bool DuplicateTable::find_or_enter(uint64_t tenant, const SpanRow& row, uint64_t receive_ns) {
  return find_or_enter(slot_of(tenant, row), receive_ns);
}

void DuplicateTable::find_or_enter(uint64_t tenant, std::span<const SpanRow> all, std::span<const uint32_t> rows,
                                   uint64_t receive_ns, std::vector<uint32_t>& entered) {
  wanted_.clear();
  for (uint32_t row : rows) wanted_.push_back(slot_of(tenant, all[row]));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i + kLookAhead < rows.size()) prefetch(wanted_[i + kLookAhead]);
    if (!find_or_enter(wanted_[i], receive_ns)) entered.push_back(rows[i]);
  }
}

bool DuplicateTable::contains(const Generation& generation, const Slot& wanted) {
  if (generation.slots.empty()) return false;
  size_t mask = generation.slots.size() - 1;
  for (size_t i = wanted.high & mask;; i = (i + 1) & mask) {
    const Slot& slot = generation.slots[i];
    if (slot.empty()) return false;
    if (slot == wanted) return true;
  }
}

void DuplicateTable::enter(Generation& generation, const Slot& slot) {
  size_t mask = generation.slots.size() - 1;
  size_t i = slot.high & mask;
  while (!generation.slots[i].empty()) i = (i + 1) & mask;
  generation.slots[i] = slot;
  ++generation.count;
}

void DuplicateTable::grow() {
  Generation larger;
  larger.first_receive_ns = young_.first_receive_ns;
  larger.slots = ZeroedArray<Slot>(std::max(kFirstSlots, young_.slots.size() * 2));
  for (const Slot& slot : young_.slots) {
    if (!slot.empty()) enter(larger, slot);
  }
  young_ = std::move(larger);
}

void DuplicateTable::turn(uint64_t receive_ns) {
  bool full = (young_.count + 1) * 3 > young_.slots.size() * 2;
  bool over = young_.count > 0 && receive_ns > young_.first_receive_ns + window_ns_;
  if (over || (full && young_.slots.size() >= max_slots_)) {
    old_ = std::move(young_);
    young_ = {};
    full = true;
  }
  if (young_.count == 0) young_.first_receive_ns = receive_ns;
  if (full) grow();
}

}  // namespace clew::store
