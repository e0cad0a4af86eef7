#include "traceql/search.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>

#include "column/table_unit.h"
#include "traceql/candidates.h"
#include "traceql/found.h"
#include "traceql/pipeline.h"
#include "traceql/program.h"
#include "traceql/unit_fields.h"

namespace clew::traceql {
namespace {

// Listed traces are gathered in groups: one at a time would repeat the look-ups, all at once would do too much.
constexpr size_t kGatherGroup = 64;

// A trace that may match, with the start of the whole, newest first.
struct Candidate {
  uint64_t start_ns = 0;
  TraceId id;
  size_t unit = 0;
  uint32_t trace = 0;
  bool is_listed = false;
};

bool newer(const Candidate& a, const Candidate& b) {
  return a.start_ns != b.start_ns ? a.start_ns > b.start_ns : a.id < b.id;
}

class Search {
 public:
  Search(const Snapshot& snapshot, const Program& program, const SearchOptions& options)
      : snapshot_(snapshot), program_(program), options_(options) {}

  Result<SearchAnswer> run() {
    ASSIGN_OR_RETURN(listed_, snapshot_.listed());
    // The unit that ends last first: a trace starts before its unit ends, so a trace that only a later unit makes a
    // candidate (also a listed one: its start is that of its earliest part) is not newer than that unit's end.
    std::vector<const Unit*> units;
    for (const auto& unit : snapshot_.units()) {
      if (unit->rows() > 0) units.push_back(unit.get());
    }
    std::stable_sort(units.begin(), units.end(),
                     [](const Unit* a, const Unit* b) { return a->max_end_ns() > b->max_end_ns(); });
    for (const Unit* unit : units) {
      TRY(evaluate_newer_than(unit->max_end_ns()));
      if (is_complete()) break;
      TRY(scan(*unit));
    }
    TRY(evaluate_newer_than(0));
    return std::move(answer_);
  }

 private:
  bool is_complete() const { return answer_.traces.size() >= options_.limit; }

  bool overlaps(uint64_t start_ns, uint64_t end_ns) const {
    return (options_.end_ns == 0 || start_ns <= options_.end_ns) && end_ns >= options_.start_ns;
  }

  Status scan(const Unit& unit) {
    ReadBudget& budget = snapshot_.budget();
    if (listed_.empty() && !overlaps(unit.min_start_ns(), unit.max_end_ns())) {
      ++answer_.units_pruned;
      return {};
    }
    ++answer_.units_read;
    TRY(budget.charge(unit.is_live() ? uint64_t{unit.rows()} * sizeof(uint32_t) : 0));
    budget.inspected_spans += unit.rows();
    budget.inspected_traces += unit.traces();
    ASSIGN_OR_RETURN(auto fields, UnitFields::make(unit, program_));
    ASSIGN_OR_RETURN(Candidates found, find_candidates(*fields, !listed_.empty(), budget));
    ASSIGN_OR_RETURN(auto summaries, unit.summaries());
    size_t index = units_.size();
    units_.push_back(std::move(fields));
    for (uint32_t trace = 0; trace < summaries.size(); ++trace) {
      const TraceSummary& summary = summaries[trace];
      if (!listed_.empty() && listed_.contains(summary.id)) {
        if (found.part[trace] && placed_.insert(summary.id).second) wanted_.push_back(summary.id);
        continue;
      }
      if (found.whole[trace] && overlaps(summary.start_ns, summary.end_ns)) {
        candidates_.push_back({summary.start_ns, summary.id, index, trace, false});
      }
    }
    return {};
  }

  // The start of the whole of each wanted listed trace, over all units, whatever the time range.
  Status place_listed() {
    for (TraceId id : wanted_) {
      Candidate candidate{UINT64_MAX, id, 0, 0, true};
      uint64_t end_ns = 0;
      for (const auto& unit : snapshot_.units()) {
        ASSIGN_OR_RETURN(auto trace, unit->find_trace(id));
        if (!trace) continue;
        ASSIGN_OR_RETURN(auto summaries, unit->summaries());
        candidate.start_ns = std::min(candidate.start_ns, summaries[*trace].start_ns);
        end_ns = std::max(end_ns, summaries[*trace].end_ns);
      }
      if (overlaps(candidate.start_ns, end_ns)) candidates_.push_back(candidate);
    }
    wanted_.clear();
    return {};
  }

  // Evaluates candidates in order until the answer is complete or those left start at or before `bound_ns`.
  Status evaluate_newer_than(uint64_t bound_ns) {
    TRY(place_listed());
    std::sort(candidates_.begin(), candidates_.end(), newer);
    size_t next = 0;
    for (; next < candidates_.size() && !is_complete(); ++next) {
      if (bound_ns != 0 && candidates_[next].start_ns <= bound_ns) break;
      if (next % 64 == 0) TRY(snapshot_.budget().check_time());
      if (candidates_[next].is_listed) TRY(gather_from(next));
      TRY(evaluate(candidates_[next]));
    }
    candidates_.erase(candidates_.begin(), candidates_.begin() + static_cast<ptrdiff_t>(next));
    return {};
  }

  // Makes the next listed candidates one unit, and whole in it.
  Status gather_from(size_t next) {
    std::vector<TraceId> ids;
    for (size_t i = next; i < candidates_.size() && ids.size() < kGatherGroup; ++i) {
      if (candidates_[i].is_listed) ids.push_back(candidates_[i].id);
    }
    ASSIGN_OR_RETURN(auto table, snapshot_.gather(ids));
    gathered_.push_back(std::make_unique<TableUnit>("gathered", table, table->rows()));
    ASSIGN_OR_RETURN(auto fields, UnitFields::make(*gathered_.back(), program_));
    units_.push_back(std::move(fields));
    size_t left = ids.size();
    for (size_t i = next; left > 0; ++i) {
      if (!candidates_[i].is_listed) continue;
      --left;
      ASSIGN_OR_RETURN(auto trace, gathered_.back()->find_trace(candidates_[i].id));
      candidates_[i].is_listed = false;
      candidates_[i].unit = units_.size() - 1;
      candidates_[i].trace = trace.value_or(kNoTrace);
    }
    return {};
  }

  Status evaluate(const Candidate& candidate) {
    if (candidate.trace == kNoTrace) return {};
    ASSIGN_OR_RETURN(auto trace, TraceSpans::load(*units_[candidate.unit], candidate.trace));
    ASSIGN_OR_RETURN(auto spansets, traceql::run(std::get<PipelineExpression>(program_.query().body), *trace));
    if (spansets.empty()) return {};
    ASSIGN_OR_RETURN(FoundTrace found, found_trace(*trace, spansets, options_));
    answer_.traces.push_back(std::move(found));
    return {};
  }

  const Snapshot& snapshot_;
  const Program& program_;
  const SearchOptions& options_;
  absl::flat_hash_set<TraceId> listed_;
  absl::flat_hash_set<TraceId> placed_;  // listed traces that are candidates already
  std::vector<TraceId> wanted_;          // of these, the ones whose start is not known yet
  std::vector<std::unique_ptr<UnitFields>> units_;
  std::vector<std::unique_ptr<TableUnit>> gathered_;
  std::vector<Candidate> candidates_;
  SearchAnswer answer_;
};

}  // namespace

Result<SearchAnswer> search(const Snapshot& snapshot, const Query& query, const SearchOptions& options) {
  ASSIGN_OR_RETURN(auto program, Program::make(query));
  return Search(snapshot, *program, options).run();
}

}  // namespace clew::traceql
