// The attributes of a program in one unit: which columns answer each, with the pages read so far.
//
// Thread rule: one thread. The unit, the program and the verdicts outlive it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "column/unit.h"
#include "traceql/field_value.h"
#include "traceql/program.h"
#include "traceql/regex_verdicts.h"

namespace clew::traceql {

class TraceSpans;

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
  // The codes of the page that holds the row; one per row of the page. Precondition: !is_multi.
  Result<std::span<const uint32_t>> page_of(const Column& column, uint32_t row);

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
  // Pages of one column, by page number; empty ones are unread.
  struct CodePages {
    ColumnId id;
    std::vector<std::unique_ptr<uint32_t[]>> pages;
  };
  UnitFields(const Unit& unit, const Program& program, RegexVerdicts& verdicts)
      : unit_(unit), program_(program), verdicts_(verdicts) {}

  Status resolve(Slot& slot);
  void add_column(Slot& slot, ColumnId id) { slot.columns.push_back({id, unit_.is_multi(id)}); }
  Status add_attribute(Slot& slot, Scope scope, std::string_view name);
  Result<FieldValue> from_columns(Slot& slot, uint32_t row);
  Result<FieldValue> from_ids(Slot& slot, uint32_t row, const TraceSpans& trace);
  Result<FieldValue> from_nested(Slot& slot, uint32_t row);
  CodePages& pages_of(ColumnId id);

  const Unit& unit_;
  const Program& program_;
  RegexVerdicts& verdicts_;
  std::vector<Slot> slots_;
  std::vector<CodePages> code_pages_;
  std::array<std::vector<std::unique_ptr<int64_t[]>>, 8> number_pages_;
  std::vector<std::unique_ptr<uint64_t[]>> span_id_pages_;
  std::vector<uint32_t> begins_, codes_;
};

}  // namespace clew::traceql
