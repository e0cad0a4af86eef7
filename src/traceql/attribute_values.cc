#include "traceql/attribute_values.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "traceql/evaluate.h"
#include "traceql/found.h"
#include "traceql/program.h"
#include "traceql/row_scan.h"
#include "traceql/trace_spans.h"

namespace clew::traceql {
namespace {

// Values with their counts, until there are too many.
class Collector {
 public:
  explicit Collector(const ValuesOptions& options) : options_(options) {}

  bool is_full() const { return is_full_; }

  void add(const FieldValue& value, uint64_t spans) {
    if (value.is_many) {
      for (const FieldValue& item : value.items) add(item, spans);
      return;
    }
    if (value.is_opaque || value.is_nil() || is_full_) return;
    FoundValue shown = found_value(value);
    auto [known, is_new] = counts_.try_emplace({shown.type, order_of(value), shown.text}, std::move(shown), 0);
    known->second.spans += spans;
    if (!is_new) return;
    bytes_ += known->second.value.text.size() + sizeof(uint64_t);
    is_full_ = counts_.size() >= options_.max_values || bytes_ >= options_.max_bytes;
  }

  AttributeValues take() {
    AttributeValues out;
    out.is_complete = !is_full_;
    for (auto& [key, count] : counts_) out.values.push_back(std::move(count));
    return out;
  }

 private:
  // Numbers in their order, NaN last.
  static std::pair<double, int64_t> order_of(const FieldValue& value) {
    if (value.type == Type::string) return {0, 0};
    double real = value.as_real();
    return std::isnan(real) ? std::pair(HUGE_VAL, int64_t{1}) : std::pair(real, value.integer);
  }

  const ValuesOptions& options_;
  std::map<std::tuple<ValueType, std::pair<double, int64_t>, std::string>, ValueCount> counts_;
  size_t bytes_ = 0;
  bool is_full_ = false;
};

// One unit's matching rows, page by page.
class UnitValues {
 public:
  UnitValues(UnitFields& fields, const SpansetFilter& filter, size_t slot, Collector& collector)
      : fields_(fields), unit_(fields.unit()), scan_(fields), filter_(filter), slot_(slot), collector_(collector) {}

  Status read(ReadBudget& budget) {
    ASSIGN_OR_RETURN(bool hopeless, scan_.is_hopeless(filter_));
    if (hopeless) return {};
    uint32_t page = 0;
    for (uint32_t begin = 0; begin < unit_.rows() && !collector_.is_full(); begin += unit_.page_rows(), ++page) {
      TRY(budget.check_time());
      RowRange rows{begin, std::min(unit_.rows(), begin + unit_.page_rows())};
      TRY(budget.charge(unit_.is_live() ? rows.size() * sizeof(uint32_t) : 0));
      budget.inspected_spans += rows.size();
      TRY(find_matches(page, rows));
      if (!matches_.empty()) TRY(count(rows));
    }
    return add_counted();
  }

 private:
  Status find_matches(uint32_t page, RowRange rows) {
    matches_.clear();
    if (!filter_.condition) {
      for (uint32_t row = rows.begin; row < rows.end; ++row) matches_.push_back(row);
      return {};
    }
    TRY(scan_.scan_page(filter_, page));
    ASSIGN_OR_RETURN(const RowMask* mask, scan_.mask(filter_));
    mask->for_each(page, [&](uint32_t row) { matches_.push_back(rows.begin + row); });
    if (mask->is_exact()) return {};
    std::vector<uint32_t> sure;
    for (uint32_t row : matches_) {
      ASSIGN_OR_RETURN(size_t index, place_in_trace(row));
      ASSIGN_OR_RETURN(FieldValue value, evaluate(*filter_.condition, *trace_, index));
      if (value.is_true()) sure.push_back(row);
    }
    matches_ = std::move(sure);
    return {};
  }

  // Makes trace_ the row's trace; answers the row's index in it.
  Result<size_t> place_in_trace(uint32_t row) {
    uint32_t number = 0;
    TRY(unit_.trace_numbers({row, row + 1}, &number));
    if (number != trace_number_ || !trace_) {
      ASSIGN_OR_RETURN(trace_, TraceSpans::load(fields_, nullptr, number));
      trace_number_ = number;
      index_of_row_.clear();
      for (size_t i = 0; i < trace_->size(); ++i) index_of_row_.emplace(trace_->row(i), i);
    }
    return index_of_row_.at(row);
  }

  Status count(RowRange rows) {
    if (fields_.source(slot_) == Source::columns) return count_codes(rows);
    if (fields_.source(slot_) == Source::number && fields_.number(slot_) != NumberColumn::duration_ns) {
      return count_numbers(rows);
    }
    for (uint32_t row : matches_) {
      ASSIGN_OR_RETURN(size_t index, place_in_trace(row));
      ASSIGN_OR_RETURN(FieldValue value, fields_.value(slot_, row, *trace_, index));
      collector_.add(value, 1);
    }
    return {};
  }

  // The first column that has a value decides.
  Status count_codes(RowRange rows) {
    const auto& columns = fields_.columns(slot_);
    counted_.resize(columns.size());
    for (size_t c = 0; c < columns.size() && !matches_.empty(); ++c) {
      std::vector<uint32_t> without;
      auto& counts = counted_[c];
      if (columns[c].is_multi) {
        TRY(unit_.multi_codes(columns[c].id, rows, begins_, codes_));
        for (uint32_t row : matches_) {
          uint32_t at = begins_[row - rows.begin];
          uint32_t end = begins_[row - rows.begin + 1];
          if (at == end) without.push_back(row);
          for (; at < end; ++at) ++counts[codes_[at]];
        }
      } else {
        codes_.resize(rows.size());
        TRY(unit_.codes(columns[c].id, rows, codes_.data()));
        for (uint32_t row : matches_) {
          uint32_t code = codes_[row - rows.begin];
          if (code == kNoCode) {
            without.push_back(row);
          } else {
            ++counts[code];
          }
        }
      }
      matches_ = std::move(without);
    }
    return {};
  }

  Status count_numbers(RowRange rows) {
    std::vector<int64_t> numbers(rows.size());
    TRY(unit_.numbers(fields_.number(slot_), rows, numbers.data()));
    for (uint32_t row : matches_) ++numbers_[numbers[row - rows.begin]];
    return {};
  }

  Status add_counted() {
    for (size_t c = 0; c < counted_.size(); ++c) {
      for (const auto& [code, spans] : counted_[c]) {
        if (collector_.is_full()) return {};
        ASSIGN_OR_RETURN(ValueView value, unit_.value(fields_.columns(slot_)[c].id, code));
        collector_.add(FieldValue::of(value), spans);
      }
    }
    bool is_status = fields_.source(slot_) == Source::number && fields_.number(slot_) == NumberColumn::status;
    for (const auto& [number, spans] : numbers_) {
      collector_.add(
          is_status ? FieldValue::of(static_cast<StatusCode>(number)) : FieldValue::of(static_cast<SpanKind>(number)),
          spans);
    }
    return {};
  }

  UnitFields& fields_;
  const Unit& unit_;
  RowScan scan_;
  const SpansetFilter& filter_;
  const size_t slot_;
  Collector& collector_;
  std::vector<uint32_t> matches_, codes_, begins_;
  std::vector<absl::flat_hash_map<uint32_t, uint64_t>> counted_;  // by column: spans of a code
  std::map<int64_t, uint64_t> numbers_;
  std::unique_ptr<TraceSpans> trace_;
  uint32_t trace_number_ = 0;
  absl::flat_hash_map<uint32_t, size_t> index_of_row_;
};

}  // namespace

const SpansetFilter* only_filter(const Query& query) {
  const auto* expression = std::get_if<PipelineExpression>(&query.body);
  const auto* pipeline = expression == nullptr ? nullptr : std::get_if<Pipeline>(&expression->node);
  if (pipeline == nullptr || pipeline->elements.size() != 1) return nullptr;
  const auto* spanset = std::get_if<SpansetExpression>(&pipeline->elements.front().node);
  return spanset == nullptr ? nullptr : std::get_if<SpansetFilter>(&spanset->node);
}

Result<AttributeValues> attribute_values(const Snapshot& snapshot, const Query& query, const Attribute& attribute,
                                         const ValuesOptions& options) {
  ASSIGN_OR_RETURN(auto program, Program::make(query, &attribute));
  Collector collector(options);
  RegexVerdicts verdicts;
  for (const auto& unit : snapshot.units()) {
    if (collector.is_full()) break;
    if (unit->rows() == 0 || unit->max_end_ns() < options.start_ns) continue;
    if (options.end_ns != 0 && unit->min_start_ns() > options.end_ns) continue;
    ASSIGN_OR_RETURN(auto fields, UnitFields::make(*unit, *program, verdicts));
    UnitValues values(*fields, *only_filter(query), program->slot(attribute), collector);
    TRY(values.read(snapshot.budget()));
  }
  return collector.take();
}

}  // namespace clew::traceql
