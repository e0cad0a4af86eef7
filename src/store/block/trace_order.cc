#include "store/block/trace_order.h"

#include <algorithm>
#include <tuple>

#include "base/mix.h"

namespace clew::store {
namespace {

struct Member {
  uint64_t start_ns;
  uint64_t span;
  uint32_t row;
  uint8_t kind;
};

// The spans of one trace by span id: open addressing, chains of equal ids through `next`. Emptied for the next trace by
// a new stamp instead of being cleared.
class FamilyTable {
 public:
  static constexpr uint32_t kEnd = 0xffffffffU;

  void start(size_t members) {
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
  // The newest member of that id, or kEnd.
  uint32_t find(uint64_t span) const {
    for (size_t i = mix64(span) & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.stamp != stamp_) return kEnd;
      if (slot.span == span) return slot.head;
    }
  }
  uint32_t next(uint32_t member) const { return next_[member]; }
  void add(uint64_t span, uint32_t member) {
    for (size_t i = mix64(span) & mask_;; i = (i + 1) & mask_) {
      Slot& slot = slots_[i];
      if (slot.stamp != stamp_) {
        slot = {span, stamp_, member};
        next_[member] = kEnd;
        return;
      }
      if (slot.span == span) {
        next_[member] = slot.head;
        slot.head = member;
        return;
      }
    }
  }

 private:
  struct Slot {
    uint64_t span = 0;
    uint64_t stamp = 0;
    uint32_t head = 0;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> next_;
  size_t mask_ = 0;
  uint64_t stamp_ = 0;
};

class Orderer {
 public:
  Orderer(const SpanTable& table, uint32_t rows) : table_(table), rows_(rows), traces_(table.trace_count(rows)) {}

  TraceOrder run() {
    group();
    for (uint32_t trace = 0; trace < traces_; ++trace) settle(trace);
    by_start_.resize(traces_);
    for (uint32_t trace = 0; trace < traces_; ++trace) by_start_[trace] = trace;
    std::ranges::sort(by_start_, {}, [&](uint32_t t) { return std::tuple(starts_[t], table_.trace_id(t)); });
    for (uint32_t trace : by_start_) emit(trace);
    return std::move(out_);
  }

 private:
  // Counting sort by trace number: members of a trace side by side, in order of receipt.
  void group() {
    begins_.assign(traces_ + 1, 0);
    for (uint32_t row = 0; row < rows_; ++row) ++begins_[table_.trace_of(row) + 1];
    for (uint32_t trace = 0; trace < traces_; ++trace) begins_[trace + 1] += begins_[trace];
    std::vector<uint32_t> next(begins_.begin(), begins_.end() - 1);
    members_.resize(rows_);
    for (uint32_t row = 0; row < rows_; ++row) {
      members_[next[table_.trace_of(row)]++] = {table_.start_ns(row), table_.span(row), row, table_.kind(row)};
    }
    counts_.resize(traces_);
    starts_.resize(traces_);
    out_.rows.reserve(rows_);
    out_.parents.reserve(rows_);
    out_.traces.reserve(traces_);
  }

  // Drops duplicates and sorts the members.
  void settle(uint32_t trace) {
    std::span<Member> all(members_.data() + begins_[trace], begins_[trace + 1] - begins_[trace]);
    family_.start(all.size());
    uint32_t kept = 0;
    for (const Member& member : all) {
      if (is_duplicate(all, member)) {
        ++out_.duplicates;
        continue;
      }
      family_.add(member.span, kept);
      all[kept++] = member;
    }
    counts_[trace] = kept;
    std::ranges::sort(all.first(kept), {}, [](const Member& m) { return std::tuple(m.start_ns, m.span, m.row); });
    starts_[trace] = all[0].start_ns;
  }

  bool is_duplicate(std::span<const Member> kept, const Member& member) const {
    for (uint32_t i = family_.find(member.span); i != FamilyTable::kEnd; i = family_.next(i)) {
      if (kept[i].kind == member.kind) return true;
    }
    return false;
  }

  void emit(uint32_t trace) {
    std::span<const Member> members(members_.data() + begins_[trace], counts_[trace]);
    family_.start(members.size());
    for (uint32_t i = 0; i < members.size(); ++i) family_.add(members[i].span, i);
    TraceRun run;
    run.id = table_.trace_id(trace);
    run.first_row = static_cast<uint32_t>(out_.rows.size());
    run.spans = counts_[trace];
    run.start_ns = starts_[trace];
    for (uint32_t i = 0; i < members.size(); ++i) {
      uint32_t row = members[i].row;
      uint64_t parent = table_.parent(row);
      run.end_ns = std::max({run.end_ns, members[i].start_ns, table_.end_ns(row)});
      if (table_.status(row) == static_cast<uint8_t>(StatusCode::error)) ++run.errors;
      if (parent == 0 && run.root == 0) run.root = i + 1;
      uint32_t found = parent == 0 ? FamilyTable::kEnd : parent_of(members, i, parent);
      out_.rows.push_back(row);
      out_.parents.push_back(found == FamilyTable::kEnd ? kNoParentRow : run.first_row + found);
    }
    out_.traces.push_back(run);
  }

  uint32_t parent_of(std::span<const Member> members, uint32_t child, uint64_t parent) const {
    uint32_t found = FamilyTable::kEnd;
    for (uint32_t i = family_.find(parent); i != FamilyTable::kEnd; i = family_.next(i)) {
      if (i == child) continue;
      if (members[i].kind == static_cast<uint8_t>(SpanKind::server)) return i;
      if (found == FamilyTable::kEnd || i < found) found = i;
    }
    return found;
  }

  const SpanTable& table_;
  uint32_t rows_;
  uint32_t traces_;
  std::vector<uint32_t> begins_, counts_, by_start_;
  std::vector<uint64_t> starts_;
  std::vector<Member> members_;
  FamilyTable family_;
  TraceOrder out_;
};

}  // namespace

TraceOrder order_traces(const SpanTable& table, uint32_t rows) {
  return Orderer(table, rows).run();
}

}  // namespace clew::store
