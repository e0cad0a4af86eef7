// The attributes of a program in one unit: which columns answer each, with the pages read so far.
//
// Thread rule: one thread. The unit, the program and the verdicts outlive it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "column/unit.h"
#include "traceql/field_value.h"
#include "traceql/program.h"
#include "traceql/regex_verdicts.h"

namespace clew::traceql {

class TraceSpans;

// Cells of a column that were read: of a page some strips of rows, for few traces are looked at of most pages; where
// more are, the page.
template <typename T>
class ReadCells {
 public:
  // read(rows, out) reads rows of the unit. Precondition: always the same unit.
  template <typename Read>
  Result<T> at(const Unit& unit, uint32_t row, Read&& read);

 private:
  static constexpr uint32_t kStripRows = 64;
  static constexpr size_t kMaxStrips = 4;

  struct Piece {
    RowRange rows;
    std::unique_ptr<T[]> cells;
  };
  struct Page {
    std::vector<Piece> pieces;  // strips, or the whole page alone
  };
  std::vector<Page> pages_;
};

template <typename T>
template <typename Read>
Result<T> ReadCells<T>::at(const Unit& unit, uint32_t row, Read&& read) {
  const uint32_t page_rows = unit.page_rows();
  if (pages_.empty()) pages_.resize((unit.rows() + page_rows - 1) / page_rows);
  auto& pieces = pages_[row / page_rows].pieces;
  for (const Piece& piece : pieces) {
    if (row - piece.rows.begin < piece.rows.size()) return piece.cells[row - piece.rows.begin];
  }
  const bool is_whole = pieces.size() >= kMaxStrips;
  if (is_whole) pieces.clear();
  // Strips end where pages do.
  const uint32_t page_begin = row / page_rows * page_rows;
  const uint32_t step = is_whole ? page_rows : kStripRows;
  RowRange rows{page_begin + (row - page_begin) / step * step, 0};
  rows.end = std::min({rows.begin + step, page_begin + page_rows, unit.rows()});
  auto cells = std::make_unique_for_overwrite<T[]>(rows.size());
  if (Status status = read(rows, cells.get()); !status) return std::unexpected(std::move(status.error()));
  T out = cells[row - rows.begin];
  pieces.push_back({rows, std::move(cells)});
  return out;
}

// Where the answer of an attribute is found.
enum class Source : uint8_t {
  columns,   // the first of several coded columns that has a value
  number,    // duration, status, kind
  ids,       // span:id, span:parentID, trace:id
  nested,    // event:timeSinceStart, link ids
  of_trace,  // root names, trace duration, tree numbers: needs the whole trace
};

class UnitFields {
 public:
  // The verdicts are the query's, over all its units.
  static Result<std::unique_ptr<UnitFields>> make(const Unit& unit, const Program& program, RegexVerdicts& verdicts);

  const Unit& unit() const { return unit_; }
  const Program& program() const { return program_; }
  RegexVerdicts& verdicts() const { return verdicts_; }

  Source source(size_t slot) const { return slots_[slot].source; }
  // The attribute's value on a row; of_trace ones ask `trace` for the span with that index. The value's text may live
  // in this object until the next call for the same slot.
  Result<FieldValue> value(size_t slot, uint32_t row, const TraceSpans& trace, size_t index);

  // For scans: one column of a `columns` source.
  struct Column {
    ColumnId id = 0;
    bool is_multi = false;
  };
  const std::vector<Column>& columns(size_t slot) const { return slots_[slot].columns; }
  NumberColumn number(size_t slot) const { return slots_[slot].number; }
  // The code of a row. Precondition: !is_multi.
  Result<uint32_t> code_at(const Column& column, uint32_t row);

  Result<int64_t> number_at(NumberColumn column, uint32_t row);
  Result<uint64_t> span_id_at(uint32_t row);

 private:
  struct Slot {
    const Attribute* attribute = nullptr;
    Source source = Source::columns;
    std::vector<Column> columns;
    NumberColumn number = NumberColumn::duration_ns;
    std::string text;  // storage of a value made here (hex ids)
    std::vector<std::string> texts;
  };
  struct ColumnCodes {
    ColumnId id;
    ReadCells<uint32_t> cells;
  };
  UnitFields(const Unit& unit, const Program& program, RegexVerdicts& verdicts)
      : unit_(unit), program_(program), verdicts_(verdicts) {}

  Status resolve(Slot& slot);
  void add_column(Slot& slot, ColumnId id) { slot.columns.push_back({id, unit_.is_multi(id)}); }
  Status add_attribute(Slot& slot, Scope scope, std::string_view name);
  Result<FieldValue> from_columns(Slot& slot, uint32_t row);
  Result<FieldValue> from_ids(Slot& slot, uint32_t row, const TraceSpans& trace);
  Result<FieldValue> from_nested(Slot& slot, uint32_t row);
  ReadCells<uint32_t>& codes_of(ColumnId id);

  const Unit& unit_;
  const Program& program_;
  RegexVerdicts& verdicts_;
  std::vector<Slot> slots_;
  std::vector<ColumnCodes> codes_of_columns_;
  std::array<ReadCells<int64_t>, 8> numbers_;
  ReadCells<uint64_t> span_ids_;
  std::vector<uint32_t> begins_, codes_;
};

}  // namespace clew::traceql
