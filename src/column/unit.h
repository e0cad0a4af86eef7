// A unit is a piece of a tenant's data that can be scanned alone: a live segment cut off at a published row, or a
// block. To a query both are the same: numbered rows, columns of codes with a dictionary each, traces with their rows.
//
// Rows are numbered 0 … rows()-1. In a block the rows of a trace are adjacent, and traces are numbered by rows and by
// start; in a live segment traces are numbered by their first row, and their rows are anywhere after it. So in both no
// trace from a number on has a row before its first_row(). Callers read in ranges of any length; pages (page_rows()
// rows) are the natural ones.
//
// Thread rule: all const, any thread. A unit is valid as long as the snapshot it came from.
// Errors: a live unit has none; a block answers corruption or unavailable, and the query's budget may run out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "column/dictionary.h"
#include "column/span_table.h"
#include "column/value.h"
#include "model/ids.h"
#include "model/span_words.h"

namespace clew {

struct RowRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t size() const { return end - begin; }
};

// A handle to a coded column of one unit. The fixed ones have these numbers in every unit; attributes come after.
using ColumnId = uint32_t;
inline constexpr ColumnId kNameColumn = 0;
inline constexpr ColumnId kStatusMessageColumn = 1;
inline constexpr ColumnId kScopeNameColumn = 2;
inline constexpr ColumnId kScopeVersionColumn = 3;
inline constexpr ColumnId kEventNameColumn = 4;  // several values a row
inline constexpr ColumnId kTraceStateColumn = 5;
inline constexpr ColumnId kFirstAttributeColumn = 16;

// Columns of plain numbers, one a row.
enum class NumberColumn : uint8_t {
  start_ns,     // clamped to int64
  duration_ns,  // 0 where the end is before the start
  kind,
  status,
  parent_row,  // the row of the parent, if it is in this unit and trace; else -1
  receive_ns,
  bits,  // RowBit
};

// Pieces of events and links, several a row.
enum class NestedNumber : uint8_t { event_since_start_ns, link_trace_hi, link_trace_lo, link_span };

struct AttributeColumn {
  Scope scope = Scope::span;
  std::string name;
  ColumnId id = 0;
};

// What a copy of spans is asked for. Ids, times, kind, status and name are always in it.
struct SpanParts {
  bool everything = true;
  // Otherwise beside these only the attributes of spans, resources and scopes with these keys: no events and links, and
  // nothing of what OTLP says around a span.
  std::vector<std::string> keys;

  bool has_key(std::string_view key) const { return everything || std::ranges::find(keys, key) != keys.end(); }
};

class Unit {
 public:
  virtual ~Unit() = default;

  virtual const std::string& name() const = 0;  // "lane0-000017" or the block's id, for logs and explain
  virtual bool is_live() const = 0;
  virtual uint32_t rows() const = 0;
  virtual uint32_t traces() const = 0;
  virtual uint32_t page_rows() const = 0;
  // Over all spans; min_start > max_end when empty. A live unit may answer a little more than its rows span.
  virtual uint64_t min_start_ns() const = 0;
  virtual uint64_t max_end_ns() const = 0;
  virtual uint64_t stored_bytes() const = 0;

  // --- coded columns ---------------------------------------------------------------------------------------------
  // Every attribute key that occurs, with its column.
  virtual Result<std::vector<AttributeColumn>> attributes() const = 0;
  virtual Result<std::optional<ColumnId>> attribute(Scope scope, std::string_view name) const = 0;
  // True when a row may have several values (events and links).
  virtual bool is_multi(ColumnId column) const = 0;

  // The column's dictionary. Entries are strings for the fixed columns. A dictionary may hold entries that no row uses.
  // entries() reads them all, which for values that are mostly distinct is dear: find() and value() read what they
  // need.
  virtual Result<uint32_t> entries(ColumnId column) const = 0;
  virtual ValueView entry(ColumnId column, uint32_t code) const = 0;  // precondition: entries() was asked and is > code
  // The entries from `first` on into `out`. Precondition: entries() was asked, and is at least first + out.size().
  virtual void entries_from(ColumnId column, uint32_t first, std::span<ValueView> out) const {
    for (ValueView& value : out) value = entry(column, first++);
  }
  // Numbers of the entries from `first` on as texts, kNoCode where there is none: within one numbering, over all units,
  // equal texts have equal numbers. Answers the numbering; 0 where no entry has a number. Precondition as above.
  virtual Result<uint64_t> text_numbers_from([[maybe_unused]] ColumnId column, [[maybe_unused]] uint32_t first,
                                             [[maybe_unused]] std::span<uint32_t> out) const {
    return uint64_t{0};
  }
  // One entry, whatever was asked before. Precondition: a code that this unit gave. The view lives as long as the unit.
  virtual Result<ValueView> value(ColumnId column, uint32_t code) const {
    if (auto all = entries(column); !all) return std::unexpected(std::move(all.error()));
    return entry(column, code);
  }
  // Appends every code of that value.
  virtual Status find(ColumnId column, ValueView value, std::vector<uint32_t>& codes) const = 0;
  // Appends every code whose value is an array: these and find() are all that can equal a text.
  virtual Status array_codes(ColumnId column, std::vector<uint32_t>& codes) const {
    if (column < kFirstAttributeColumn) return {};
    auto all = entries(column);
    if (!all) return std::unexpected(std::move(all.error()));
    for (uint32_t code = 0; code < *all; ++code) {
      if (entry(column, code).type == ValueType::array) codes.push_back(code);
    }
    return {};
  }
  // What an earlier query found out about the entries of a column and left behind: the codes that satisfy a question,
  // whose text says all that the answer depends on. Costs what reading the entries would. Null where nobody asked, or
  // it was not kept.
  struct KnownCodes {
    uint32_t entries = 0;
    std::vector<uint32_t> codes;  // ascending
  };
  virtual Result<std::unique_ptr<KnownCodes>> known_codes([[maybe_unused]] ColumnId column,
                                                          [[maybe_unused]] std::string_view question) const {
    return std::unique_ptr<KnownCodes>();
  }
  // Precondition: `known` is true, and will be of this unit.
  virtual void keep_codes([[maybe_unused]] ColumnId column, [[maybe_unused]] std::string_view question,
                          [[maybe_unused]] const KnownCodes& known) const {}
  // False when no row of the page can have one of the codes (sorted ascending). True is always allowed.
  virtual bool page_may_contain(ColumnId column, uint32_t page, std::span<const uint32_t> codes) const = 0;

  // One code a row, kNoCode where the row has no such attribute. Precondition: !is_multi(column), out holds
  // rows.size().
  virtual Status codes(ColumnId column, RowRange rows, uint32_t* out) const = 0;
  // All codes: those of row rows.begin + i are codes[begins[i]] … codes[begins[i + 1] - 1]; begins gets rows.size() + 1
  // entries. Both vectors are overwritten. Works for every column.
  virtual Status multi_codes(ColumnId column, RowRange rows, std::vector<uint32_t>& begins,
                             std::vector<uint32_t>& codes) const = 0;

  // --- numbers and ids -------------------------------------------------------------------------------------------
  virtual Status numbers(NumberColumn column, RowRange rows, int64_t* out) const = 0;
  // No row of the page has a number (as numbers() answers it) outside of this range, ends included.
  virtual std::pair<int64_t, int64_t> page_number_range([[maybe_unused]] NumberColumn column,
                                                        [[maybe_unused]] uint32_t page) const {
    return {INT64_MIN, INT64_MAX};
  }
  virtual Status nested_numbers(NestedNumber column, RowRange rows, std::vector<uint32_t>& begins,
                                std::vector<int64_t>& values) const = 0;
  virtual Status span_ids(RowRange rows, uint64_t* out) const = 0;
  virtual Status parent_ids(RowRange rows, uint64_t* out) const = 0;

  // --- traces ------------------------------------------------------------------------------------------------------
  // Traces are numbered 0 … traces()-1.
  virtual Status trace_numbers(RowRange rows, uint32_t* out) const = 0;
  virtual Result<std::optional<uint32_t>> find_trace(TraceId id) const = 0;
  // One summary per trace, by number. The span is valid as long as the unit.
  virtual Result<std::span<const TraceSummary>> summaries() const = 0;
  // Of one trace alone: a block reads and keeps less for these than for all summaries. Precondition: below traces().
  virtual Result<TraceSummary> summary(uint32_t trace) const;
  virtual Result<TraceTimes> trace_times(uint32_t trace) const;  // the summary's start and end
  virtual Result<TraceId> trace_id(uint32_t trace) const;
  // The least row of the trace and all with higher numbers. Precondition: below traces().
  virtual Result<uint32_t> first_row(uint32_t trace) const = 0;
  // How many traces have their first row before this one. Precondition: at most rows().
  virtual Result<uint32_t> traces_before(uint32_t row) const = 0;
  // None of the traces below `traces`, of which there is at least one, starts later.
  virtual Result<uint64_t> latest_start_ns(uint32_t traces) const = 0;
  // The trace's rows by span start, then span id; overwrites rows.
  virtual Status trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const = 0;
  // Whether two spans of the trace here have the same id.
  virtual Result<bool> shares_span_ids(uint32_t trace) const;
  // Traces whose other parts may be in other units (DESIGN 3.11): those without a root here, or known from an earlier
  // unit. Sorted. Valid as long as the unit.
  virtual Result<std::span<const TraceId>> listed() const = 0;

  // --- whole spans -------------------------------------------------------------------------------------------------
  // Copies rows to the end of a table (and does not publish it): these parts of them at least.
  virtual Status copy_rows(std::span<const uint32_t> rows, const SpanParts& parts, SpanTable& out) const = 0;
  Status copy_rows(std::span<const uint32_t> rows, SpanTable& out) const { return copy_rows(rows, SpanParts{}, out); }
};

inline bool has_equal_ids(std::vector<uint64_t>& ids) {
  std::ranges::sort(ids);
  return std::ranges::adjacent_find(ids) != ids.end();
}

inline Result<bool> Unit::shares_span_ids(uint32_t trace) const {
  std::vector<uint32_t> rows;
  if (Status read = trace_rows(trace, rows); !read) return std::unexpected(std::move(read.error()));
  std::vector<uint64_t> ids(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (Status read = span_ids({rows[i], rows[i] + 1}, &ids[i]); !read) return std::unexpected(std::move(read.error()));
  }
  return has_equal_ids(ids);
}

inline Result<TraceSummary> Unit::summary(uint32_t trace) const {
  ASSIGN_OR_RETURN(auto all, summaries());
  return all[trace];
}

inline Result<TraceTimes> Unit::trace_times(uint32_t trace) const {
  ASSIGN_OR_RETURN(const TraceSummary summary, this->summary(trace));
  return TraceTimes{summary.start_ns, summary.end_ns};
}

inline Result<TraceId> Unit::trace_id(uint32_t trace) const {
  ASSIGN_OR_RETURN(const TraceSummary summary, this->summary(trace));
  return summary.id;
}

}  // namespace clew
