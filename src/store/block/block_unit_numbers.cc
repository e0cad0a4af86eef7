// The numbers, ids and traces of a block's unit; block_unit.cc has its coded columns.
#include <algorithm>
#include <charconv>
#include <limits>

#include "store/block/block_unit.h"

namespace clew::store {
namespace {

int64_t clamp_signed(int64_t bits) {
  return bits < 0 ? std::numeric_limits<int64_t>::max() : bits;
}

std::optional<int64_t> small_number(std::string_view text) {
  unsigned number = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > 255) return {};
  return number;
}

}  // namespace

std::optional<int64_t> kind_number(std::string_view text) {
  for (auto kind = SpanKind::unspecified; kind <= SpanKind::consumer;
       kind = static_cast<SpanKind>(static_cast<int>(kind) + 1)) {
    if (name_of(kind) == text) return static_cast<int64_t>(kind);
  }
  return small_number(text);
}

std::optional<int64_t> status_number(std::string_view text) {
  for (auto status : {StatusCode::unset, StatusCode::ok, StatusCode::error}) {
    if (name_of(status) == text) return static_cast<int64_t>(status);
  }
  return small_number(text);
}

// Numbers that are kept as dictionary codes.
Status BlockUnit::word_numbers(uint32_t leaf, RowRange rows, int64_t* out) const {
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    uint32_t group = file_.group_of_page(page);
    ASSIGN_OR_RETURN(auto codes, cache_.page(leaf, page));
    ASSIGN_OR_RETURN(const ChunkDictionary* dictionary, block_->dictionary(leaf, group));
    uint32_t base = file_.chunk(leaf, group).code_base;
    std::vector<int64_t> number_of;
    number_of.reserve(dictionary->entries.size());
    for (const ValueView& entry : dictionary->entries) {
      std::optional<int64_t> number;
      if (leaf == kKindLeaf) number = kind_number(entry.text);
      if (leaf == kStatusLeaf) number = status_number(entry.text);
      if (leaf == kBitsLeaf && entry.scalar < 256) number = entry.as_int();
      if (leaf == kReceivedLeaf) number = clamp_signed(entry.as_int());
      if (!number) return std::unexpected(file_.in_leaf({ErrorCode::corruption, "an entry is not of its kind"}, leaf));
      number_of.push_back(*number);
    }
    for (uint32_t i = 0; i < count; ++i) *out++ = number_of[codes->codes[from + i] - base];
    return {};
  });
}

Status BlockUnit::parent_rows(RowRange rows, int64_t* out) const {
  ASSIGN_OR_RETURN(const auto* traces, block_->traces());
  size_t trace = 0;
  uint32_t row = rows.begin;
  if (rows.size() > 0) {
    trace = static_cast<size_t>(std::ranges::upper_bound(*traces, row, {}, &TraceRun::first_row) - traces->begin() - 1);
  }
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto parents, cache_.page(kParentRowLeaf, page));
    for (uint32_t i = from; i < from + count; ++i, ++row) {
      while (row >= (*traces)[trace].first_row + (*traces)[trace].spans) ++trace;
      const TraceRun& run = (*traces)[trace];
      int64_t parent = parents->has(i) ? parents->numbers[i] : -1;
      if (parent != -1 && (parent < run.first_row || parent >= run.first_row + run.spans || parent == row)) {
        return std::unexpected(file_.in_leaf({ErrorCode::corruption, "a parent is outside its trace"}, kParentRowLeaf));
      }
      *out++ = parent;
    }
    return {};
  });
}

Status BlockUnit::numbers(NumberColumn column, RowRange rows, int64_t* out) const {
  auto plain = [&](uint32_t leaf) {
    return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
      ASSIGN_OR_RETURN(auto values, cache_.page(leaf, page));
      for (uint32_t i = 0; i < count; ++i) *out++ = clamp_signed(values->numbers[from + i]);
      return {};
    });
  };
  switch (column) {
    case NumberColumn::start_ns: return plain(kStartLeaf);
    case NumberColumn::duration_ns: return plain(kDurationLeaf);
    case NumberColumn::kind: return word_numbers(kKindLeaf, rows, out);
    case NumberColumn::status: return word_numbers(kStatusLeaf, rows, out);
    case NumberColumn::parent_row: return parent_rows(rows, out);
    case NumberColumn::receive_ns: return word_numbers(kReceivedLeaf, rows, out);
    case NumberColumn::bits: return word_numbers(kBitsLeaf, rows, out);
  }
  return {};
}

Status BlockUnit::nested_numbers(NestedNumber column, RowRange rows, std::vector<uint32_t>& begins,
                                 std::vector<int64_t>& values) const {
  begins.assign(1, 0);
  values.clear();
  uint32_t leaf = column == NestedNumber::event_since_start_ns ? kEventTimeLeaf
                  : column == NestedNumber::link_span          ? kLinkSpanLeaf
                                                               : kLinkTraceLeaf;
  // A trace id is two numbers.
  size_t step = leaf == kLinkTraceLeaf ? 2 : 1;
  size_t offset = column == NestedNumber::link_trace_lo ? 1 : 0;
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto numbers, cache_.page(leaf, page));
    std::vector<uint32_t> elements = element_begins(*numbers);
    for (uint32_t row = from; row < from + count; ++row) {
      for (uint32_t i = elements[row]; i < elements[row + 1]; ++i)
        values.push_back(numbers->numbers[i * step + offset]);
      begins.push_back(static_cast<uint32_t>(values.size()));
    }
    return {};
  });
}

Status BlockUnit::span_ids(RowRange rows, uint64_t* out) const {
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto ids, cache_.page(kSpanIdLeaf, page));
    for (uint32_t i = 0; i < count; ++i) *out++ = static_cast<uint64_t>(ids->numbers[from + i]);
    return {};
  });
}

Status BlockUnit::parent_ids(RowRange rows, uint64_t* out) const {
  std::vector<int64_t> parents(rows.size());
  TRY(parent_rows(rows, parents.data()));
  size_t next = 0;
  std::shared_ptr<const LeafPage> ids;
  uint32_t ids_page = kNoRow;
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto own, cache_.page(kParentIdLeaf, page));
    for (uint32_t i = from; i < from + count; ++i) {
      int64_t parent = parents[next++];
      if (parent < 0) {
        *out++ = static_cast<uint64_t>(own->numbers[i]);
        continue;
      }
      auto row = static_cast<uint32_t>(parent);
      if (uint32_t needed = row / file_.page_rows(); needed != ids_page) {
        ASSIGN_OR_RETURN(ids, cache_.page(kSpanIdLeaf, needed));
        ids_page = needed;
      }
      *out++ = static_cast<uint64_t>(ids->numbers[row % file_.page_rows()]);
    }
    return {};
  });
}

Status BlockUnit::trace_numbers(RowRange rows, uint32_t* out) const {
  if (rows.size() == 0) return {};
  ASSIGN_OR_RETURN(const auto* traces, block_->traces());
  auto run = std::ranges::upper_bound(*traces, rows.begin, {}, &TraceRun::first_row) - 1;
  for (uint32_t row = rows.begin; row < rows.end; ++row) {
    while (row >= run->first_row + run->spans) ++run;
    *out++ = static_cast<uint32_t>(run - traces->begin());
  }
  return {};
}

Result<std::optional<uint32_t>> BlockUnit::find_trace(TraceId id) const {
  return block_->find_trace(id);
}

Result<std::span<const TraceSummary>> BlockUnit::summaries() const {
  ASSIGN_OR_RETURN(const auto* summaries, block_->summaries());
  return std::span<const TraceSummary>(*summaries);
}

Status BlockUnit::trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const {
  ASSIGN_OR_RETURN(const auto* traces, block_->traces());
  const TraceRun& run = (*traces)[trace];
  rows.clear();
  for (uint32_t i = 0; i < run.spans; ++i) rows.push_back(run.first_row + i);
  return {};
}

Result<std::span<const TraceId>> BlockUnit::listed() const {
  ASSIGN_OR_RETURN(const auto* listed, block_->listed());
  return std::span<const TraceId>(*listed);
}

}  // namespace clew::store
