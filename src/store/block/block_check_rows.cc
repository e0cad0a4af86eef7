#include "store/block/block_check_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

#include "store/block/block_unit.h"
#include "store/block/trace_lookup.h"

namespace clew::store {
namespace {

class RowChecker {
 public:
  RowChecker(std::shared_ptr<const Block> block, BlockCheck& out)
      : block_(std::move(block)), file_(block_->file()), out_(out) {}

  Status run() {
    TRY(load());
    for (uint32_t group = 0; group < file_.groups(); ++group) {
      // What the unit holds of dictionaries goes with it.
      unit_ = block_->unit(nullptr);
      ASSIGN_OR_RETURN(auto entries, read_entries(file_, kTraceIdLeaf, group));
      const RowRange rows = file_.rows_of_group(group);
      for (uint32_t begin = rows.begin; begin < rows.end; begin += file_.page_rows()) {
        TRY(check_page(begin / file_.page_rows(), *entries));
        TRY(copy_page(begin / file_.page_rows()));
      }
    }
    end_trace();
    return compare();
  }

 private:
  void add(std::string what) { out_.add(fmt::format("block {}: {}", file_.key(), what)); }

  Status load() {
    ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::runs}));
    ASSIGN_OR_RETURN(runs_, decode_runs(raw, file_.counts()));
    ASSIGN_OR_RETURN(raw, file_.read_section({SectionKind::trace_facts}));
    ASSIGN_OR_RETURN(facts_, decode_trace_facts(raw, file_.counts()));
    ASSIGN_OR_RETURN(numbers_, file_.read_section({SectionKind::trace_numbers}));
    if (numbers_.size() != TraceLookup::numbers_bytes(file_.counts().traces))
      return corrupt("trace numbers are missing");
    return {};
  }

  // A leaf of a page as it is, where the unit would clamp.
  Result<LeafPage> read(uint32_t leaf, uint32_t page) const {
    const auto& offsets = file_.chunk(leaf, file_.group_of_page(page)).page_offsets;
    const uint32_t number = file_.page_in_group(page);
    ASSIGN_OR_RETURN(std::string bytes, file_.read(offsets[number], offsets[number + 1] - offsets[number]));
    return read_leaf_page(file_, leaf, file_.group_of_page(page), number, bytes);
  }

  Status check_page(uint32_t page, const ValueList& ids) {
    const RowRange rows = file_.rows_of_page(page);
    ASSIGN_OR_RETURN(const LeafPage traces, read(kTraceIdLeaf, page));
    ASSIGN_OR_RETURN(const LeafPage starts, read(kStartLeaf, page));
    ASSIGN_OR_RETURN(const LeafPage durations, read(kDurationLeaf, page));
    ASSIGN_OR_RETURN(const LeafPage ends, read(kEndBeforeStartLeaf, page));
    spans_.resize(rows.size());
    parents_.resize(rows.size());
    parent_rows_.resize(rows.size());
    statuses_.resize(rows.size());
    receives_.resize(rows.size());
    TRY(unit_->span_ids(rows, spans_.data()));
    TRY(unit_->parent_ids(rows, parents_.data()));
    TRY(unit_->numbers(NumberColumn::parent_row, rows, parent_rows_.data()));
    TRY(unit_->numbers(NumberColumn::status, rows, statuses_.data()));
    TRY(unit_->numbers(NumberColumn::receive_ns, rows, receives_.data()));
    const uint32_t code_base = file_.chunk(kTraceIdLeaf, file_.group_of_page(page)).code_base;
    PageRanges ranges{INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN};
    for (uint32_t i = 0; i < rows.size(); ++i) {
      const auto start_ns = static_cast<uint64_t>(starts.numbers[i]);
      const auto duration_ns = static_cast<uint64_t>(durations.numbers[i]);
      const uint64_t end_ns = ends.has(i) ? static_cast<uint64_t>(ends.numbers[i]) : start_ns + duration_ns;
      enter({TraceId::from_bytes(ids.stored(traces.codes[i] - code_base).data()), rows.begin + i, i, start_ns, end_ns});
      widen(ranges.min_start_ns, ranges.max_start_ns, start_ns);
      widen(ranges.min_duration_ns, ranges.max_duration_ns, duration_ns);
    }
    if (ranges != file_.ranges_of_page(page)) {
      add(fmt::format("its index has wrong ranges of time for rows {} to {}", rows.begin, rows.end - 1));
    }
    return {};
  }

  static void widen(int64_t& least, int64_t& most, uint64_t number) {
    const auto clamped = static_cast<int64_t>(std::min<uint64_t>(number, INT64_MAX));
    least = std::min(least, clamped);
    most = std::max(most, clamped);
  }

  struct Row {
    TraceId trace;
    uint32_t number;
    uint32_t in_page;
    uint64_t start_ns;
    uint64_t end_ns;
  };

  void enter(const Row& row) {
    if (run_.spans == 0 || row.trace != run_.id) begin_trace(row);
    const std::tuple order(row.start_ns, spans_[row.in_page]);
    if (run_.spans > 0 && order < last_row_) add(fmt::format("row {} is out of order", row.number));
    last_row_ = order;
    run_.end_ns = std::max({run_.end_ns, row.start_ns, row.end_ns});
    if (statuses_[row.in_page] == static_cast<int64_t>(StatusCode::error)) ++run_.errors;
    ++run_.spans;
    if (parents_[row.in_page] == 0 && run_.root == 0) run_.root = run_.spans;
    if (const int64_t parent = parent_rows_[row.in_page]; parent >= 0) {
      least_parent_ = std::min(least_parent_, parent);
      most_parent_ = std::max(most_parent_, parent);
    }
    const auto receive_ns = static_cast<uint64_t>(receives_[row.in_page]);
    counts_.min_receive_ns = std::min(counts_.min_receive_ns, receive_ns);
    counts_.max_receive_ns = std::max(counts_.max_receive_ns, receive_ns);
  }

  void begin_trace(const Row& row) {
    end_trace();
    const std::tuple order(row.start_ns, row.trace);
    if (counts_.traces > 0 && !(last_trace_ < order)) {
      add(fmt::format("the trace that begins in row {} is out of order", row.number));
    }
    last_trace_ = order;
    run_ = {};
    run_.id = row.trace;
    run_.first_row = row.number;
    run_.start_ns = row.start_ns;
    least_parent_ = INT64_MAX;
    most_parent_ = -1;
  }

  void end_trace() {
    if (run_.spans == 0) return;
    const uint64_t trace = counts_.traces++;
    counts_.min_start_ns = std::min(counts_.min_start_ns, run_.start_ns);
    counts_.max_end_ns = std::max(counts_.max_end_ns, run_.end_ns);
    const uint64_t end_row = uint64_t{run_.first_row} + run_.spans;
    if (most_parent_ >= 0 && (least_parent_ < run_.first_row || static_cast<uint64_t>(most_parent_) >= end_row)) {
      add("a span of trace " + run_.id.hex() + " has its parent in another trace");
    }
    if (trace >= file_.counts().traces) return;
    if (runs_[trace] != run_.first_row || runs_[trace + 1] != end_row) {
      add("its index has other rows for trace " + run_.id.hex());
    }
    const TraceFacts& said = facts_[trace];
    if (std::tuple(said.start_ns, said.end_ns, said.errors, said.root) !=
        std::tuple(run_.start_ns, run_.end_ns, run_.errors, run_.root)) {
      add("its index has another summary for trace " + run_.id.hex());
    }
    if (!is_found(run_.id, static_cast<uint32_t>(trace))) add("its index does not find trace " + run_.id.hex());
  }

  bool is_found(TraceId id, uint32_t trace) const {
    bool found = false;
    file_.trace_lookup().find(id, [&](uint32_t position) {
      auto place = TraceLookup::number_place(position, file_.counts().traces);
      found |= place.number(std::string_view(numbers_).substr(place.offset, place.bytes)) == trace;
    });
    return found;
  }

  // Every row as a span: texts of maps, nested values, levels of lists.
  Status copy_page(uint32_t page) {
    const RowRange range = file_.rows_of_page(page);
    std::vector<uint32_t> rows(range.size());
    std::iota(rows.begin(), rows.end(), range.begin);
    SpanTable spans;
    Status copied = unit_->copy_rows(rows, spans);
    if (copied || copied.error().code == ErrorCode::cancelled) return copied;
    out_.add(std::move(copied.error().message));
    return {};
  }

  Status compare() {
    const BlockCounts& said = file_.counts();
    auto of = [](const BlockCounts& counts) {
      return std::tuple(counts.traces, counts.min_start_ns, counts.max_end_ns, counts.min_receive_ns,
                        counts.max_receive_ns);
    };
    if (file_.rows() > 0 && of(said) != of(counts_)) add("its index has other counts or times than its rows");
    ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::listed}));
    ASSIGN_OR_RETURN(const auto listed, decode_listed(raw));
    for (TraceId id : listed) {
      ASSIGN_OR_RETURN(auto found, block_->unit(nullptr)->find_trace(id));
      if (!found) add("its index lists trace " + id.hex() + ", which it does not have");
    }
    return {};
  }

  const std::shared_ptr<const Block> block_;
  const BlockFile& file_;
  BlockCheck& out_;
  std::shared_ptr<const Unit> unit_;
  std::vector<uint32_t> runs_;
  std::vector<TraceFacts> facts_;
  std::string numbers_;
  // Of a page.
  std::vector<uint64_t> spans_, parents_;
  std::vector<int64_t> parent_rows_, statuses_, receives_;
  // As far as the rows were read.
  BlockCounts counts_{.min_start_ns = ~uint64_t{0}, .min_receive_ns = ~uint64_t{0}};
  TraceRun run_;  // the trace under way; spans 0: none
  std::tuple<uint64_t, uint64_t> last_row_;
  std::tuple<uint64_t, TraceId> last_trace_;
  int64_t least_parent_ = INT64_MAX;
  int64_t most_parent_ = -1;
};

}  // namespace

Status check_block_rows(const std::shared_ptr<const Block>& block, BlockCheck& out) {
  Status checked = RowChecker(block, out).run();
  if (checked || checked.error().code == ErrorCode::cancelled) return checked;
  std::string message = std::move(checked.error().message);
  const std::string& key = block->file().key();
  out.add(message.find(key) == std::string::npos ? fmt::format("block {}: {}", key, message) : std::move(message));
  return {};
}

}  // namespace clew::store
