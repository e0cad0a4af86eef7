// The spans of one trace put in order: duplicates out, rows by span start, parents found (docs/internals/block.md §1,
// §2). Sealing and merging share it, so that a trace comes out the same whichever way its rows came together.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace clew::store {

// One span of the trace. `order` numbers the spans by receipt and says to the caller which one it is.
struct FamilyMember {
  uint64_t start_ns;
  uint64_t span;
  uint32_t order;
  uint8_t kind;
};

// One thread. Memory is kept from trace to trace.
class TraceFamily {
 public:
  static constexpr uint32_t kNobody = 0xffffffffU;

  // Of members in order of receipt: moves those that are kept to the front, by (start, span id, receipt), and answers
  // how many they are. Of the same span id and kind the first is kept.
  uint32_t settle(std::span<FamilyMember> members);

  // After meet(), the parent of a member by its parent's id: one of kind server, else the first; or kNobody.
  // `members` are those of meet(), and `child` is a position in them.
  void meet(std::span<const FamilyMember> members);
  uint32_t parent_of(std::span<const FamilyMember> members, uint32_t child, uint64_t parent) const;

 private:
  // Fewer are compared with each other.
  static constexpr size_t kFew = 16;
  // Open addressing, chains of equal ids through next_. Emptied for the next trace by a new stamp instead of being
  // cleared.
  struct Slot {
    uint64_t span = 0;
    uint64_t stamp = 0;
    uint32_t head = 0;
  };
  void start(size_t members);
  uint32_t find(uint64_t span) const;
  void add(uint64_t span, uint32_t member);
  bool is_duplicate(std::span<const FamilyMember> kept, const FamilyMember& member) const;
  static uint32_t settle_few(std::span<FamilyMember> members);

  std::vector<Slot> slots_;
  std::vector<uint32_t> next_;
  size_t mask_ = 0;
  uint64_t stamp_ = 0;
};

}  // namespace clew::store
