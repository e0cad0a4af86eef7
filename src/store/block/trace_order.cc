#include "store/block/trace_order.h"

#include <algorithm>

#include "base/check.h"
#include "base/huge_pages.h"
#include "store/block/key_sort.h"
#include "store/block/trace_family.h"

namespace clew::store {
namespace {

class Orderer {
 public:
  Orderer(const SpanTable& table, std::span<const uint32_t> rows)
      : table_(table), rows_(rows), traces_(rows.empty() ? 0 : table.trace_count(rows.back() + 1)) {}

  TraceOrder run() {
    group();
    for (uint32_t trace = 0; trace < traces_; ++trace) {
      if (begins_[trace] < begins_[trace + 1]) settle(trace);
    }
    KeySorter().sort(by_start_);
    for (size_t i = 0; i < by_start_.size();) {
      size_t end = i + 1;
      while (end < by_start_.size() && by_start_[end].key == by_start_[i].key) ++end;
      if (end > i + 1) {
        std::ranges::sort(std::span(by_start_).subspan(i, end - i), {},
                          [&](const KeyedItem& start) { return table_.trace_id(start.item); });
      }
      for (; i < end; ++i) emit(by_start_[i].item);
    }
    return std::move(out_);
  }

 private:
  // Counting sort by trace number: members of a trace side by side, in order of receipt.
  void group() {
    begins_.assign(traces_ + 1, 0);
    for (uint32_t row : rows_) ++begins_[table_.trace_of(row) + 1];
    for (uint32_t trace = 0; trace < traces_; ++trace) begins_[trace + 1] += begins_[trace];
    std::vector<uint32_t> next(begins_.begin(), begins_.end() - 1);
    reserve_large(members_, rows_.size());
    members_.resize(rows_.size());
    for (uint32_t row : rows_) {
      members_[next[table_.trace_of(row)]++] = {table_.start_ns(row), table_.span(row), row, table_.kind(row)};
    }
    counts_.resize(traces_);
    reserve_large(by_start_, traces_);
    reserve_large(out_.rows, rows_.size());
    reserve_large(out_.parents, rows_.size());
    reserve_large(out_.traces, traces_);
  }

  void settle(uint32_t trace) {
    std::span<FamilyMember> all(members_.data() + begins_[trace], begins_[trace + 1] - begins_[trace]);
    counts_[trace] = family_.settle(all);
    out_.duplicates += all.size() - counts_[trace];
    by_start_.push_back({all[0].start_ns, trace});
  }

  void emit(uint32_t trace) {
    std::span<const FamilyMember> members(members_.data() + begins_[trace], counts_[trace]);
    family_.meet(members);
    TraceRun run;
    run.id = table_.trace_id(trace);
    run.first_row = static_cast<uint32_t>(out_.rows.size());
    run.spans = counts_[trace];
    run.start_ns = members[0].start_ns;
    for (uint32_t i = 0; i < members.size(); ++i) {
      uint32_t row = members[i].order;
      uint64_t parent = table_.parent(row);
      run.end_ns = std::max({run.end_ns, members[i].start_ns, table_.end_ns(row)});
      if (table_.status(row) == static_cast<uint8_t>(StatusCode::error)) ++run.errors;
      if (parent == 0 && run.root == 0) run.root = i + 1;
      uint32_t found = parent == 0 ? TraceFamily::kNobody : family_.parent_of(members, i, parent);
      out_.rows.push_back(row);
      out_.parents.push_back(found == TraceFamily::kNobody ? kNoParentRow : run.first_row + found);
    }
    out_.traces.push_back(run);
  }

  const SpanTable& table_;
  std::span<const uint32_t> rows_;
  uint32_t traces_;
  std::vector<uint32_t> begins_, counts_;
  std::vector<KeyedItem> by_start_;  // traces
  std::vector<FamilyMember> members_;
  TraceFamily family_;
  TraceOrder out_;
};

}  // namespace

TraceOrder order_traces(const SpanTable& table, std::span<const uint32_t> rows) {
  CHECK(std::ranges::is_sorted(rows));
  return Orderer(table, rows).run();
}

}  // namespace clew::store
