#include "store/block/trace_family.h"

#include <algorithm>
#include <tuple>

#include "base/mix.h"
#include "model/span_words.h"

namespace clew::store {

void TraceFamily::start(size_t members) {
  size_t wanted = 16;
  while (wanted < members * 2) wanted *= 2;
  if (wanted > slots_.size()) {
    slots_.assign(wanted, {});
    stamp_ = 0;
  }
  mask_ = wanted - 1;
  ++stamp_;
  next_.resize(members);
}

uint32_t TraceFamily::find(uint64_t span) const {
  for (size_t i = mix64(span) & mask_;; i = (i + 1) & mask_) {
    const Slot& slot = slots_[i];
    if (slot.stamp != stamp_) return kNobody;
    if (slot.span == span) return slot.head;
  }
}

void TraceFamily::add(uint64_t span, uint32_t member) {
  for (size_t i = mix64(span) & mask_;; i = (i + 1) & mask_) {
    Slot& slot = slots_[i];
    if (slot.stamp != stamp_) {
      slot = {span, stamp_, member};
      next_[member] = kNobody;
      return;
    }
    if (slot.span == span) {
      next_[member] = slot.head;
      slot.head = member;
      return;
    }
  }
}

bool TraceFamily::is_duplicate(std::span<const FamilyMember> kept, const FamilyMember& member) const {
  for (uint32_t i = find(member.span); i != kNobody; i = next_[i]) {
    if (kept[i].kind == member.kind) return true;
  }
  return false;
}

uint32_t TraceFamily::settle_few(std::span<FamilyMember> members) {
  uint32_t kept = 0;
  for (const FamilyMember& member : members) {
    const bool is_there = std::ranges::any_of(members.first(kept), [&](const FamilyMember& other) {
      return other.span == member.span && other.kind == member.kind;
    });
    if (!is_there) members[kept++] = member;
  }
  return kept;
}

uint32_t TraceFamily::settle(std::span<FamilyMember> members) {
  uint32_t kept = 0;
  if (members.size() <= kFew) {
    kept = settle_few(members);
  } else {
    start(members.size());
    for (const FamilyMember& member : members) {
      if (is_duplicate(members, member)) continue;
      add(member.span, kept);
      members[kept++] = member;
    }
  }
  std::ranges::sort(members.first(kept), {},
                    [](const FamilyMember& m) { return std::tuple(m.start_ns, m.span, m.order); });
  return kept;
}

void TraceFamily::meet(std::span<const FamilyMember> members) {
  if (members.size() <= kFew) return;
  start(members.size());
  for (uint32_t i = 0; i < members.size(); ++i) add(members[i].span, i);
}

uint32_t TraceFamily::parent_of(std::span<const FamilyMember> members, uint32_t child, uint64_t parent) const {
  uint32_t server = kNobody;
  uint32_t first = kNobody;
  auto look_at = [&](uint32_t i) {
    if (i == child) return;
    if (members[i].kind == static_cast<uint8_t>(SpanKind::server)) server = i;
    first = std::min(first, i);
  };
  if (members.size() <= kFew) {
    for (uint32_t i = 0; i < members.size(); ++i) {
      if (members[i].span == parent) look_at(i);
    }
  } else {
    for (uint32_t i = find(parent); i != kNobody; i = next_[i]) look_at(i);
  }
  return server != kNobody ? server : first;
}

}  // namespace clew::store
