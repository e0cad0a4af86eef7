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

namespace {

std::optional<int64_t> word_number(uint32_t leaf, ValueView entry) {
  if (leaf == kKindLeaf) return kind_number(entry.text);
  if (leaf == kStatusLeaf) return status_number(entry.text);
  if (leaf == kReceivedLeaf) return clamp_signed(entry.as_int());
  if (leaf == kBitsLeaf && entry.scalar < 256) return entry.as_int();
  return {};
}

}  // namespace

// Numbers that are kept as dictionary codes.
Status BlockUnit::word_numbers(uint32_t leaf, RowRange rows, int64_t* out) const {
  std::vector<uint32_t> code_of;
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    uint32_t group = file_.group_of_page(page);
    code_of.resize(count);
    TRY(page_codes(leaf, page, from, count, code_of.data()));
    const auto& chunk = file_.chunk(leaf, group);
    const bool plain = chunk.encoding == ChunkEncoding::plain;
    ASSIGN_OR_RETURN(const ValueList* entries,
                     plain ? reads_.plain_values(leaf, page) : reads_.dictionary(leaf, group));
    uint32_t base = chunk.code_base + (plain ? chunk.codes_begin(file_.page_in_group(page)) : 0);
    std::vector<int64_t> number_of;
    number_of.reserve(entries->size());
    for (uint32_t at = 0; at < entries->size(); ++at) {
      auto number = word_number(leaf, entries->view(at, nullptr));
      if (!number) return reads_.damaged(leaf, "an entry is not of its kind");
      number_of.push_back(*number);
    }
    for (uint32_t code : code_of) *out++ = number_of[code - base];
    return {};
  });
}

// By the page's set of entries; everything when there is none, or it cannot be read.
std::pair<int64_t, int64_t> BlockUnit::word_range(uint32_t leaf, uint32_t page) const {
  constexpr std::pair<int64_t, int64_t> kEverything{INT64_MIN, INT64_MAX};
  uint32_t group = file_.group_of_page(page);
  const PerLeaf<PageSets>* sets = page_sets();
  if (sets == nullptr || file_.chunk(leaf, group).encoding != ChunkEncoding::dictionary) return kEverything;
  const PageSets& set = (*sets)[leaf][group];
  auto entries = reads_.dictionary(leaf, group);
  if (!entries || set.entries == 0) return kEverything;
  std::pair<int64_t, int64_t> range{INT64_MAX, INT64_MIN};
  for (uint32_t at = 0; at < set.entries; ++at) {
    if (!set.has(file_.page_in_group(page), at)) continue;
    auto number = word_number(leaf, (*entries)->view(at, nullptr));
    if (!number) return kEverything;
    range = {std::min(range.first, *number), std::max(range.second, *number)};
  }
  return range;
}

std::pair<int64_t, int64_t> BlockUnit::page_number_range(NumberColumn column, uint32_t page) const {
  const PageRanges& ranges = file_.ranges_of_page(page);
  switch (column) {
    case NumberColumn::start_ns: return {ranges.min_start_ns, ranges.max_start_ns};
    case NumberColumn::duration_ns: return {ranges.min_duration_ns, ranges.max_duration_ns};
    case NumberColumn::kind: return word_range(kKindLeaf, page);
    case NumberColumn::status: return word_range(kStatusLeaf, page);
    case NumberColumn::receive_ns: return word_range(kReceivedLeaf, page);
    case NumberColumn::bits: return word_range(kBitsLeaf, page);
    case NumberColumn::parent_row: return {-1, file_.rows_of_page(page).end};
  }
  return {INT64_MIN, INT64_MAX};
}

Status BlockUnit::parent_rows(RowRange rows, int64_t* out) const {
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  size_t trace = 0;
  uint32_t row = rows.begin;
  if (rows.size() > 0) trace = static_cast<size_t>(std::ranges::upper_bound(*runs, row) - runs->begin() - 1);
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto parents, reads_.page(kParentRowLeaf, page));
    for (uint32_t i = from; i < from + count; ++i, ++row) {
      while (row >= (*runs)[trace + 1]) ++trace;
      int64_t parent = parents->has(i) ? parents->numbers[i] : -1;
      if (parent != -1 && (parent < (*runs)[trace] || parent >= (*runs)[trace + 1] || parent == row)) {
        return reads_.damaged(kParentRowLeaf, "a parent is outside its trace");
      }
      *out++ = parent;
    }
    return {};
  });
}

Status BlockUnit::numbers(NumberColumn column, RowRange rows, int64_t* out) const {
  auto plain = [&](uint32_t leaf) {
    return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
      TRY(page_numbers(leaf, page, from, count, out));
      for (uint32_t i = 0; i < count; ++i) out[i] = clamp_signed(out[i]);
      out += count;
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
    ASSIGN_OR_RETURN(auto numbers, reads_.page(leaf, page));
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
    TRY(page_numbers(kSpanIdLeaf, page, from, count, reinterpret_cast<int64_t*>(out)));
    out += count;
    return {};
  });
}

Status BlockUnit::parent_ids(RowRange rows, uint64_t* out) const {
  std::vector<int64_t> parents(rows.size());
  TRY(parent_rows(rows, parents.data()));
  // Those of one trace lie side by side.
  int64_t first = INT64_MAX, last = -1;
  for (int64_t parent : parents) {
    if (parent >= 0) first = std::min(first, parent);
    last = std::max(last, parent);
  }
  std::vector<uint64_t> ids;
  if (last >= 0) {
    const RowRange of_parents{static_cast<uint32_t>(first), static_cast<uint32_t>(last) + 1};
    ids.resize(of_parents.size());
    TRY(span_ids(of_parents, ids.data()));
  }
  size_t next = 0;
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto own, reads_.page(kParentIdLeaf, page));
    for (uint32_t i = from; i < from + count; ++i) {
      const int64_t parent = parents[next++];
      if (parent >= 0) {
        *out++ = ids[static_cast<size_t>(parent - first)];
      } else {
        *out++ = own->has(i) ? static_cast<uint64_t>(own->numbers[i]) : 0;
      }
    }
    return {};
  });
}

Status BlockUnit::trace_numbers(RowRange rows, uint32_t* out) const {
  if (rows.size() == 0) return {};
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  auto trace = static_cast<size_t>(std::ranges::upper_bound(*runs, rows.begin) - runs->begin() - 1);
  for (uint32_t row = rows.begin; row < rows.end; ++trace) {
    const uint32_t end = std::min(rows.end, (*runs)[trace + 1]);
    out = std::fill_n(out, end - row, static_cast<uint32_t>(trace));
    row = end;
  }
  return {};
}

Result<std::optional<uint32_t>> BlockUnit::find_trace(TraceId id) const {
  return reads_.find_trace(id);
}

Result<std::span<const TraceSummary>> BlockUnit::summaries() const {
  ASSIGN_OR_RETURN(const auto* summaries, reads_.summaries());
  return std::span<const TraceSummary>(*summaries);
}

Result<uint32_t> BlockUnit::first_row(uint32_t trace) const {
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  return (*runs)[trace];
}

Result<uint32_t> BlockUnit::traces_before(uint32_t row) const {
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  return static_cast<uint32_t>(std::ranges::lower_bound(*runs, row) - runs->begin());
}

// Traces are in order of their start: none of these starts after any row of the last of them or of later ones. The page
// ranges say it without the summaries, which are large, where a page has no rows of others.
Result<uint64_t> BlockUnit::latest_start_ns(uint32_t traces) const {
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  uint32_t page = (*runs)[traces] / file_.page_rows();
  if ((*runs)[traces - 1] > page * file_.page_rows()) ++page;
  if (page < file_.pages()) {
    int64_t least = file_.ranges_of_page(page).min_start_ns;
    if (least >= 0 && least != std::numeric_limits<int64_t>::max()) return static_cast<uint64_t>(least);
  }
  ASSIGN_OR_RETURN(const TraceTimes times, reads_.trace_times(traces - 1));
  return times.start_ns;
}

Status BlockUnit::trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const {
  ASSIGN_OR_RETURN(const auto* runs, reads_.runs());
  rows.clear();
  for (uint32_t row = (*runs)[trace]; row < (*runs)[trace + 1]; ++row) rows.push_back(row);
  return {};
}

Result<std::span<const TraceId>> BlockUnit::listed() const {
  ASSIGN_OR_RETURN(const auto* listed, reads_.listed());
  return std::span<const TraceId>(*listed);
}

}  // namespace clew::store
