#include "traceql/search.h"

#include <absl/container/flat_hash_set.h>

#include <algorithm>
#include <memory>

#include "traceql/candidate_queue.h"
#include "traceql/found.h"
#include "traceql/named_traces.h"
#include "traceql/pipeline.h"
#include "traceql/program.h"

namespace clew::traceql {
namespace {

// Listed traces are gathered in groups, each larger than the one before: one at a time would repeat the look-ups, all
// at once would do too much.
constexpr size_t kFirstGatherGroup = 4;
constexpr size_t kLargestGatherGroup = 64;
// A block is read from its newest end, each time by so much more: a common value is found in the first pages, a rare
// one without many rounds.
constexpr uint32_t kSliceGrowth = 4;

// Whether a trace of so many spans may have a spanset as large as the pipeline asks by count().
bool may_count(const PipelineExpression& expression, uint32_t spans) {
  const auto* pipeline = std::get_if<Pipeline>(&expression.node);
  if (pipeline == nullptr) return true;
  for (const PipelineElement& element : pipeline->elements) {
    const auto* filter = std::get_if<ScalarFilter>(&element.node);
    const auto* aggregate = filter == nullptr ? nullptr : std::get_if<Aggregate>(&filter->left.node);
    const auto* bound = filter == nullptr ? nullptr : std::get_if<Literal>(&filter->right.node);
    if (aggregate == nullptr || bound == nullptr || aggregate->function != AggregateFunction::count) continue;
    double least = FieldValue::of(*bound).as_real();
    if (filter->op == Operator::greater && spans <= least) return false;
    if ((filter->op == Operator::greater_equal || filter->op == Operator::equal) && spans < least) return false;
  }
  return true;
}

class Search {
 public:
  Search(const Snapshot& snapshot, const Program& program, const SearchOptions& options)
      : snapshot_(snapshot), program_(program), options_(options) {}

  Result<SearchAnswer> run() {
    const auto& pipelines = std::get<PipelineExpression>(program_.query().body);
    if (auto named = named_traces(pipelines)) {
      for (TraceId id : *named) want(id, UINT64_MAX);
      answer_.units_read = static_cast<uint32_t>(snapshot_.units().size());
      TRY(evaluate_newer_than(0));
      return std::move(answer_);
    }
    ASSIGN_OR_RETURN(auto lists, snapshot_.listed());
    listed_ = ListedTraces(lists);
    TRY(read_units());
    TRY(evaluate_newer_than(0));
    return std::move(answer_);
  }

 private:
  bool is_complete() const { return answer_.traces.size() >= options_.limit; }

  bool overlaps(uint64_t start_ns, uint64_t end_ns) const {
    return (options_.end_ns == 0 || start_ns <= options_.end_ns) && end_ns >= options_.start_ns;
  }

  // A listed trace of which a part may match. The whole starts with that part or before: when its turn has come by this
  // bound, it is gathered, and takes its true place.
  void want(TraceId id, uint64_t part_start_ns) {
    if (wanted_.insert(id).second) listed_queue_.push({part_start_ns, id, nullptr, 0});
  }

  // The unit whose rest may start last goes first: what of it becomes a candidate only later (also a listed trace,
  // whose start is that of its earliest part) is not newer than its bound.
  Status read_units() {
    auto older = [](const SearchedUnit* a, const SearchedUnit* b) { return a->bound_ns < b->bound_ns; };
    std::vector<SearchedUnit*> open;
    for (const auto& unit : snapshot_.units()) {
      if (unit->rows() == 0) continue;
      if (listed_.empty() && !overlaps(unit->min_start_ns(), unit->max_end_ns())) {
        ++answer_.units_pruned;
        continue;
      }
      SearchedUnit& searched = *searched_.emplace_back(std::make_unique<SearchedUnit>());
      searched.unit = unit.get();
      searched.traces_left = unit->traces();
      searched.pages_left = (unit->rows() + unit->page_rows() - 1) / unit->page_rows();
      searched.bound_ns = unit->max_end_ns();
      open.push_back(&searched);
    }
    std::ranges::make_heap(open, older);
    while (!open.empty()) {
      std::ranges::pop_heap(open, older);
      SearchedUnit& searched = *open.back();
      TRY(evaluate_newer_than(searched.bound_ns));
      if (is_complete()) return {};
      TRY(read_slice(searched));
      if (searched.is_done()) {
        open.pop_back();
      } else {
        std::ranges::push_heap(open, older);
      }
    }
    return {};
  }

  // False: nothing in the unit can match.
  Result<bool> begin(SearchedUnit& searched) {
    ASSIGN_OR_RETURN(searched.fields, UnitFields::make(*searched.unit, program_, verdicts_));
    searched.scan = std::make_unique<RowScan>(*searched.fields);
    searched.candidates = std::make_unique<Candidates>(*searched.scan, listed_, order_, snapshot_.budget());
    if (!listed_.empty()) return true;
    return searched.candidates->is_possible();
  }

  // Takes the next traces from the end of the unit: the newest of a block, and about those of a live unit.
  Status read_slice(SearchedUnit& searched) {
    const Unit& unit = *searched.unit;
    TRY(snapshot_.budget().check_time());
    if (!searched.candidates) {
      ASSIGN_OR_RETURN(bool possible, begin(searched));
      ++(possible ? answer_.units_read : answer_.units_pruned);
      if (!possible) {
        searched.traces_left = 0;
        searched.release_if_done();
        return {};
      }
    }
    uint32_t first = searched.traces_left;
    uint32_t pages = searched.pages_left;
    while (first == searched.traces_left) {
      pages = searched.slice_pages >= pages ? 0 : pages - searched.slice_pages;
      searched.slice_pages *= kSliceGrowth;
      ASSIGN_OR_RETURN(first, unit.traces_before(pages * unit.page_rows()));
    }
    const uint32_t end = searched.traces_left;
    const uint32_t rows = std::min(unit.rows(), searched.pages_left * unit.page_rows()) - pages * unit.page_rows();
    TRY(snapshot_.budget().charge(unit.is_live() ? uint64_t{rows} * sizeof(uint32_t) : 0));
    ASSIGN_OR_RETURN(TraceSet within, in_range(searched, first));
    searched.pages_left = pages;
    searched.traces_left = first;
    if (first > 0) {
      ASSIGN_OR_RETURN(uint64_t latest_ns, unit.latest_start_ns(first));
      searched.bound_ns = std::min(searched.bound_ns, latest_ns);
    }
    TRY(find_in(searched, std::move(within), first, end));
    searched.release_if_done();
    return {};
  }

  // Traces first … traces_left - 1 that meet the range, or are listed.
  Result<TraceSet> in_range(SearchedUnit& searched, uint32_t first) {
    const Unit& unit = *searched.unit;
    TraceSet out(unit.traces());
    bool is_open = options_.start_ns == 0 && options_.end_ns == 0;
    bool is_inside =
        unit.min_start_ns() >= options_.start_ns && (options_.end_ns == 0 || unit.max_end_ns() <= options_.end_ns);
    if (is_open || is_inside) {
      out.set_range(first, searched.traces_left);
      return out;
    }
    for (uint32_t trace = first; trace < searched.traces_left; ++trace) {
      ASSIGN_OR_RETURN(TraceTimes times, unit.trace_times(trace));
      if (overlaps(times.start_ns, times.end_ns)) out.set(trace);
    }
    if (listed_.empty()) return out;
    ASSIGN_OR_RETURN(const TraceSet* listed, searched.candidates->listed());
    TRY(listed->for_each([&](uint32_t trace) -> Status {
      if (trace >= first && trace < searched.traces_left) out.set(trace);
      return {};
    }));
    return out;
  }

  Status find_in(SearchedUnit& searched, TraceSet within, uint32_t first, uint32_t end) {
    if (within.empty()) return {};
    ASSIGN_OR_RETURN(TraceSet found, searched.candidates->find(std::move(within), first, end));
    if (found.empty()) return {};
    return found.for_each([&](uint32_t trace) -> Status {
      ASSIGN_OR_RETURN(const TraceSummary summary, searched.unit->summary(trace));
      if (!listed_.empty() && listed_.contains(summary.id)) {
        want(summary.id, summary.start_ns);
      } else if (may_count(std::get<PipelineExpression>(program_.query().body), summary.spans)) {
        queue_.push({summary.start_ns, summary.id, &searched, trace});
        ++searched.pending;
      }
      return {};
    });
  }

  // Evaluates candidates in order until the answer is complete or those left start at or before `bound_ns`.
  Status evaluate_newer_than(uint64_t bound_ns) {
    for (uint64_t count = 1; !is_complete(); ++count) {
      if (count % 64 == 0) TRY(snapshot_.budget().check_time());
      bool listed_is_next = !listed_queue_.empty() && (queue_.empty() || is_older(queue_.top(), listed_queue_.top()));
      CandidateQueue& next = listed_is_next ? listed_queue_ : queue_;
      if (next.empty() || (bound_ns != 0 && next.top().start_ns <= bound_ns)) return {};
      if (listed_is_next) {
        TRY(gather());
        continue;
      }
      Candidate candidate = queue_.pop();
      TRY(evaluate(candidate));
      --candidate.searched->pending;
      candidate.searched->release_if_done();
    }
    return {};
  }

  // Makes the next listed candidates one unit, and whole in it.
  Status gather() {
    std::vector<TraceId> ids;
    while (!listed_queue_.empty() && ids.size() < gather_group_) ids.push_back(listed_queue_.pop().id);
    gather_group_ = std::min(2 * gather_group_, kLargestGatherGroup);
    ASSIGN_OR_RETURN(auto table, snapshot_.gather(ids, program_.parts()));
    snapshot_.budget().inspected_spans += table->rows();
    snapshot_.budget().inspected_traces += ids.size();
    SearchedUnit& searched = *searched_.emplace_back(std::make_unique<SearchedUnit>());
    searched.gathered = std::make_unique<TableUnit>("gathered", table, table->rows());
    searched.unit = searched.gathered.get();
    ASSIGN_OR_RETURN(searched.fields, UnitFields::make(*searched.unit, program_, verdicts_));
    ASSIGN_OR_RETURN(auto summaries, searched.unit->summaries());
    for (uint32_t trace = 0; trace < summaries.size(); ++trace) {
      queue_.push({summaries[trace].start_ns, summaries[trace].id, &searched, trace});
      ++searched.pending;
    }
    return {};
  }

  Status evaluate(const Candidate& candidate) {
    const SearchedUnit& searched = *candidate.searched;
    ASSIGN_OR_RETURN(auto trace, TraceSpans::load(*searched.fields, searched.scan.get(), candidate.trace));
    if (searched.candidates) {
      ASSIGN_OR_RETURN(bool was_inspected, searched.candidates->was_inspected(candidate.trace));
      snapshot_.budget().inspected_spans += was_inspected ? 0 : trace->size();
      snapshot_.budget().inspected_traces += was_inspected ? 0 : 1;
    }
    ASSIGN_OR_RETURN(bool in_range, trace->overlaps(options_.start_ns, options_.end_ns));
    if (!in_range) return {};
    ASSIGN_OR_RETURN(auto spansets, traceql::run(std::get<PipelineExpression>(program_.query().body), *trace));
    if (spansets.empty()) return {};
    ASSIGN_OR_RETURN(FoundTrace found, found_trace(*trace, spansets, options_));
    answer_.traces.push_back(std::move(found));
    return {};
  }

  const Snapshot& snapshot_;
  const Program& program_;
  const SearchOptions& options_;
  ListedTraces listed_;
  absl::flat_hash_set<TraceId> wanted_;  // listed traces that are or were candidates
  size_t gather_group_ = kFirstGatherGroup;
  std::vector<std::unique_ptr<SearchedUnit>> searched_;
  RegexVerdicts verdicts_;
  ScanOrder order_;
  CandidateQueue queue_, listed_queue_;
  SearchAnswer answer_;
};

}  // namespace

Result<SearchAnswer> search(const Snapshot& snapshot, const Query& query, const SearchOptions& options) {
  ASSIGN_OR_RETURN(auto program, Program::make(query));
  return Search(snapshot, *program, options).run();
}

}  // namespace clew::traceql
