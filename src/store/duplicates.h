// The spans of the last minutes, to recognise a batch that a sender repeats. Belongs to a lane, not to a segment.
//
// An entry is a hash of 16 bytes over (tenant, trace id, span id, kind). Two generations of fixed size; when the
// younger is full or the window is over, the older is forgotten. So a span is known for at least the window (in
// recorded receive times), unless the bytes do not suffice, and for at most two. Two different spans of millions are
// taken for one with a probability below 2^-80. Thread rule: the lane's writer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/zeroed_array.h"
#include "column/span_row.h"

namespace clew::store {

class DuplicateTable {
 public:
  DuplicateTable(uint64_t window_ns, uint64_t limit_bytes);

  // Tenants may send equal ids; they are told apart by this number.
  static uint64_t number_of(std::string_view tenant);

  // True when the span is known; else it is entered.
  bool find_or_enter(uint64_t tenant, const SpanRow& row, uint64_t receive_ns);
  // The same for many: appends the indices of those that were entered.
  void find_or_enter(uint64_t tenant, std::span<const SpanRow> all, std::span<const uint32_t> rows, uint64_t receive_ns,
                     std::vector<uint32_t>& entered);

  uint64_t entries() const { return young_.count + old_.count; }
  uint64_t allocated_bytes() const { return (young_.slots.size() + old_.slots.size()) * sizeof(Slot); }

 private:
  struct Slot {
    uint64_t high = 0;
    uint64_t low = 0;  // never 0 in use
    bool empty() const { return low == 0; }
    friend bool operator==(const Slot&, const Slot&) = default;
  };
  struct Generation {
    ZeroedArray<Slot> slots;
    uint64_t count = 0;
    uint64_t first_receive_ns = 0;
  };

  bool find_or_enter(const Slot& wanted, uint64_t receive_ns);
  void prefetch(const Slot& wanted) const;
  static Slot slot_of(uint64_t tenant, const SpanRow& row);
  static bool contains(const Generation& generation, const Slot& wanted);
  static void enter(Generation& generation, const Slot& slot);
  void grow();
  void turn(uint64_t receive_ns);

  uint64_t window_ns_;
  size_t max_slots_;
  Generation young_, old_;
  std::vector<Slot> wanted_;
};

}  // namespace clew::store
