#include "column/table_unit.h"

#include <algorithm>
#include <limits>

#include "base/check.h"
#include "column/nested_records.h"
#include "column/recode.h"

namespace clew {
namespace {

int64_t clamp_signed(uint64_t value) {
  return static_cast<int64_t>(std::min<uint64_t>(value, std::numeric_limits<int64_t>::max()));
}

// Calls use(cells …) for each run of rows whose cells of these columns lie side by side.
template <SpanTable::Column... kColumns, typename Use>
void each_run(const SpanTable& table, RowRange rows, Use&& use) {
  constexpr auto kFirst = std::get<0>(std::tuple{kColumns...});
  for (uint32_t row = rows.begin; row < rows.end;) {
    use(table.piece<kColumns>(row, rows.end)...);
    row += static_cast<uint32_t>(table.piece<kFirst>(row, rows.end).size());
  }
}

template <SpanTable::Column kColumn, typename Out>
void copy_column(const SpanTable& table, RowRange rows, Out* out) {
  each_run<kColumn>(table, rows, [&](auto cells) { out = std::copy(cells.begin(), cells.end(), out); });
}

// The words of the row after its attribute values, or nothing.
std::span<const uint32_t> nested_words(const SpanTable& table, uint32_t row) {
  if (!(table.bits(row) & kHasNested)) return {};
  return table.words(row).subspan(table.vocabulary.shapes.at(table.shape(row)).size());
}

}  // namespace

TableUnit::TableUnit(std::string name, std::shared_ptr<const SpanTable> table, uint32_t rows,
                     std::vector<TraceId> listed_before)
    : name_(std::move(name)),
      table_(std::move(table)),
      rows_(rows),
      traces_(table_->trace_count(rows)),
      listed_before_(std::move(listed_before)) {}

const TraceSummaries& TableUnit::summarised() const {
  std::call_once(summarised_, [this] { summaries_ = table_->summaries(rows_); });
  return *summaries_;
}

uint64_t TableUnit::min_start_ns() const {
  return summarised().min_start_ns;
}

uint64_t TableUnit::max_end_ns() const {
  return summarised().max_end_ns;
}

uint64_t TableUnit::stored_bytes() const {
  return table_->allocated_bytes();
}

Result<std::vector<AttributeColumn>> TableUnit::attributes() const {
  std::vector<AttributeColumn> out;
  const Vocabulary& vocabulary = table_->vocabulary;
  for (uint32_t key = 0; key < vocabulary.key_count(); ++key) {
    KeyView view = vocabulary.key_at(key);
    out.push_back({view.scope, std::string(view.name), kFirstAttributeColumn + key});
  }
  return out;
}

Result<std::optional<ColumnId>> TableUnit::attribute(Scope scope, std::string_view name) const {
  uint32_t key = table_->vocabulary.find_key({scope, name});
  if (key == kNoCode) return std::optional<ColumnId>{};
  return std::optional<ColumnId>{kFirstAttributeColumn + key};
}

bool TableUnit::is_multi(ColumnId column) const {
  if (column < kFirstAttributeColumn) return column == kEventNameColumn;
  Scope scope = table_->vocabulary.key_at(column - kFirstAttributeColumn).scope;
  return scope == Scope::event || scope == Scope::link;
}

namespace {

const ValueDictionary& dictionary_of(const Vocabulary& vocabulary, ColumnId column) {
  switch (column) {
    case kNameColumn: return vocabulary.names;
    case kEventNameColumn: return vocabulary.event_names;
    case kStatusMessageColumn:
    case kScopeNameColumn:
    case kScopeVersionColumn:
    case kTraceStateColumn: return vocabulary.texts;
    default: return vocabulary.values(column - kFirstAttributeColumn);
  }
}

}  // namespace

Result<uint32_t> TableUnit::entries(ColumnId column) const {
  return dictionary_of(table_->vocabulary, column).size();
}

ValueView TableUnit::entry(ColumnId column, uint32_t code) const {
  return dictionary_of(table_->vocabulary, column).at(code);
}

Status TableUnit::find(ColumnId column, ValueView value, std::vector<uint32_t>& codes) const {
  dictionary_of(table_->vocabulary, column).find(value, codes);
  return {};
}

Status TableUnit::array_codes(ColumnId column, std::vector<uint32_t>& codes) const {
  if (column < kFirstAttributeColumn) return {};
  table_->scan_facts().array_codes(column, dictionary_of(table_->vocabulary, column), codes);
  return {};
}

bool TableUnit::page_may_contain(ColumnId column, uint32_t page, std::span<const uint32_t> codes) const {
  if (codes.empty()) return false;
  auto known = table_->scan_facts().codes(column, page);
  if (!known) return true;
  auto from = std::ranges::lower_bound(codes, known->least);
  return std::any_of(from, std::ranges::upper_bound(codes, known->most),
                     [&](uint32_t code) { return known->may_contain(code); });
}

const std::vector<int32_t>& TableUnit::positions_in_shapes(uint32_t key) const {
  std::lock_guard lock(positions_mutex_);
  auto& known = positions_[key];
  if (known) return *known;
  const TupleDictionary& shapes = table_->vocabulary.shapes;
  std::vector<int32_t> out(shapes.size(), -1);
  for (uint32_t shape = 0; shape < out.size(); ++shape) {
    auto keys = shapes.at(shape);
    auto found = std::find(keys.begin(), keys.end(), key);
    if (found != keys.end()) out[shape] = static_cast<int32_t>(found - keys.begin());
  }
  known = std::make_unique<const std::vector<int32_t>>(std::move(out));
  return *known;
}

void TableUnit::span_attribute_codes(uint32_t key, RowRange rows, uint32_t* out) const {
  const SpanTable& table = *table_;
  const auto& positions = positions_in_shapes(key);
  // Words of later rows stand further on, and mostly side by side.
  uint32_t begin = 0;
  std::span<const uint32_t> side_by_side;
  each_run<SpanTable::kShape, SpanTable::kWordBegin>(table, rows, [&](auto shapes, auto words) {
    for (size_t i = 0; i < shapes.size(); ++i) {
      int32_t position = positions[shapes[i]];
      if (position < 0) {
        *out++ = kNoCode;
        continue;
      }
      uint32_t at = words[i] + static_cast<uint32_t>(position);
      if (at - begin >= side_by_side.size()) {
        begin = at;
        side_by_side = table.word_piece(at, std::max(at, words.back()) + 1);
      }
      *out++ = side_by_side[at - begin];
    }
  });
}

std::optional<uint32_t> TableUnit::whole_page(RowRange rows) const {
  const uint32_t page_rows = table_->page_rows();
  if (rows.begin % page_rows != 0 || rows.size() != page_rows) return std::nullopt;
  return rows.begin / page_rows;
}

Status TableUnit::codes(ColumnId column, RowRange rows, uint32_t* out) const {
  TRY(read_codes(column, rows, out));
  if (auto page = whole_page(rows)) table_->scan_facts().set_codes(column, *page, {out, rows.size()});
  return {};
}

std::vector<uint32_t> TableUnit::codes_of_entities(const TupleDictionary& entities, size_t pairs, uint32_t key) const {
  std::vector<uint32_t> out(entities.size(), kNoCode);
  for (uint32_t entity = 0; entity < out.size(); ++entity) {
    auto words = entities.at(entity);
    for (size_t i = pairs; i + 1 < words.size(); i += 2) {
      if (words[i] == key) {
        out[entity] = words[i + 1];
        break;
      }
    }
  }
  return out;
}

Status TableUnit::read_codes(ColumnId column, RowRange rows, uint32_t* out) const {
  const SpanTable& table = *table_;
  const Vocabulary& vocabulary = table.vocabulary;
  auto fill = [&](auto&& cell) {
    for (uint32_t i = rows.begin; i < rows.end; ++i) *out++ = cell(i);
  };
  auto translate = [&](const std::vector<uint32_t>& codes, uint32_t SpanTable::Origin::* entity) {
    each_run<SpanTable::kOrigin>(table, rows, [&](auto origins) {
      for (uint32_t origin : origins) *out++ = codes[table.origin(origin).*entity];
    });
  };
  auto word_of = [](std::span<const uint32_t> words, size_t at) { return at < words.size() ? words[at] : kEmptyText; };
  switch (column) {
    case kNameColumn: copy_column<SpanTable::kName>(table, rows, out); return {};
    case kStatusMessageColumn:
      fill([&](uint32_t i) { return Envelope::from(vocabulary.envelopes.at(table.envelope(i))).status_message; });
      return {};
    case kTraceStateColumn:
      fill([&](uint32_t i) { return Envelope::from(vocabulary.envelopes.at(table.envelope(i))).trace_state; });
      return {};
    case kScopeNameColumn:
      fill([&](uint32_t i) { return word_of(vocabulary.scopes.at(table.scope(i)), kScopeNameWord); });
      return {};
    case kScopeVersionColumn:
      fill([&](uint32_t i) { return word_of(vocabulary.scopes.at(table.scope(i)), kScopeVersionWord); });
      return {};
    default: break;
  }
  CHECK(!is_multi(column));
  uint32_t key = column - kFirstAttributeColumn;
  switch (vocabulary.key_at(key).scope) {
    case Scope::span: span_attribute_codes(key, rows, out); return {};
    case Scope::resource: {
      auto codes = codes_of_entities(vocabulary.resources, kResourcePairs, key);
      translate(codes, &SpanTable::Origin::resource);
      return {};
    }
    case Scope::instrumentation: {
      auto codes = codes_of_entities(vocabulary.scopes, kScopePairs, key);
      translate(codes, &SpanTable::Origin::scope);
      return {};
    }
    default: return {};
  }
}

Status TableUnit::multi_codes(ColumnId column, RowRange rows, std::vector<uint32_t>& begins,
                              std::vector<uint32_t>& out) const {
  begins.assign(1, 0);
  out.clear();
  if (!is_multi(column)) {
    std::vector<uint32_t> single(rows.size());
    TRY(codes(column, rows, single.data()));
    for (uint32_t code : single) {
      if (code != kNoCode) out.push_back(code);
      begins.push_back(static_cast<uint32_t>(out.size()));
    }
    return {};
  }
  const SpanTable& table = *table_;
  bool event_names = column == kEventNameColumn;
  uint32_t key = event_names ? kNoCode : column - kFirstAttributeColumn;
  const std::vector<int32_t>* positions = event_names ? nullptr : &positions_in_shapes(key);
  auto pick = [&](uint32_t shape, std::span<const uint32_t> values) {
    int32_t position = (*positions)[shape];
    if (position >= 0) out.push_back(values[static_cast<size_t>(position)]);
  };
  for (uint32_t i = rows.begin; i < rows.end; ++i) {
    walk_nested(
        nested_words(table, i), table.vocabulary.shapes,
        [&](const EventRecord& event) {
          if (event_names) {
            out.push_back(event.name);
          } else {
            pick(event.shape, event.values);
          }
        },
        [&](const LinkRecord& link) {
          if (!event_names) pick(link.shape, link.values);
        });
    begins.push_back(static_cast<uint32_t>(out.size()));
  }
  return {};
}

std::shared_ptr<const TableUnit::Family> TableUnit::family_of(uint32_t trace) const {
  {
    std::lock_guard lock(large_families_mutex_);
    auto known = large_families_.find(trace);
    if (known != large_families_.end()) return known->second;
  }
  std::vector<uint32_t> rows;
  table_->trace_rows(trace, rows_, rows);
  auto family = std::make_shared<Family>();
  family->reserve(rows.size());
  for (uint32_t row : rows) {
    bool server = table_->kind(row) == static_cast<uint8_t>(SpanKind::server);
    family->push_back({table_->span(row), !server, row});
  }
  std::sort(family->begin(), family->end());
  if (rows.size() > page_rows()) {
    std::lock_guard lock(large_families_mutex_);
    large_families_.emplace(trace, family);
  }
  return family;
}

void TableUnit::parent_rows(RowRange rows, int64_t* out) const {
  absl::flat_hash_map<uint32_t, std::shared_ptr<const Family>> families;
  for (uint32_t i = rows.begin; i < rows.end; ++i, ++out) {
    *out = -1;
    uint64_t parent = table_->parent(i);
    if (parent == 0) continue;
    uint32_t trace = table_->trace_of(i);
    auto& known = families[trace];
    if (!known) known = family_of(trace);
    const Family& family = *known;
    auto found = std::lower_bound(family.begin(), family.end(), FamilyMember{parent, false, 0});
    if (found != family.end() && found->row == i) ++found;  // a span is not its own parent
    if (found != family.end() && found->span == parent) *out = found->row;
  }
}

Status TableUnit::numbers(NumberColumn column, RowRange rows, int64_t* out) const {
  TRY(read_numbers(column, rows, out));
  auto page = whole_page(rows);
  // A parent may be appended after the page.
  if (page && column != NumberColumn::parent_row) {
    table_->scan_facts().set_numbers(static_cast<uint32_t>(column), *page, {out, rows.size()});
  }
  return {};
}

std::pair<int64_t, int64_t> TableUnit::page_number_range(NumberColumn column, uint32_t page) const {
  auto known = table_->scan_facts().numbers(static_cast<uint32_t>(column), page);
  return known.value_or(std::pair(INT64_MIN, INT64_MAX));
}

Status TableUnit::read_numbers(NumberColumn column, RowRange rows, int64_t* out) const {
  const SpanTable& table = *table_;
  auto fill = [&](auto&& cell) {
    for (uint32_t i = rows.begin; i < rows.end; ++i) *out++ = cell(i);
  };
  auto marks = [&](uint8_t SpanTable::Marks::* mark) {
    each_run<SpanTable::kMarks>(table, rows, [&](auto cells) {
      for (const auto& cell : cells) *out++ = cell.*mark;
    });
    return Status{};
  };
  switch (column) {
    case NumberColumn::start_ns:
      each_run<SpanTable::kStart>(table, rows, [&](auto starts) {
        for (uint64_t start : starts) *out++ = clamp_signed(start);
      });
      return {};
    case NumberColumn::duration_ns:
      each_run<SpanTable::kStart, SpanTable::kEnd>(table, rows, [&](auto starts, auto ends) {
        for (size_t i = 0; i < starts.size(); ++i) {
          *out++ = ends[i] < starts[i] ? int64_t{0} : clamp_signed(ends[i] - starts[i]);
        }
      });
      return {};
    case NumberColumn::kind: return marks(&SpanTable::Marks::kind);
    case NumberColumn::status: return marks(&SpanTable::Marks::status);
    case NumberColumn::bits: return marks(&SpanTable::Marks::bits);
    case NumberColumn::receive_ns: fill([&](uint32_t i) { return clamp_signed(table.receive_ns(i)); }); return {};
    case NumberColumn::parent_row: parent_rows(rows, out); return {};
  }
  return {};
}

Status TableUnit::nested_numbers(NestedNumber column, RowRange rows, std::vector<uint32_t>& begins,
                                 std::vector<int64_t>& values) const {
  begins.assign(1, 0);
  values.clear();
  for (uint32_t i = rows.begin; i < rows.end; ++i) {
    walk_nested(
        nested_words(*table_, i), table_->vocabulary.shapes,
        [&](const EventRecord& event) {
          if (column == NestedNumber::event_since_start_ns) values.push_back(event.since_start_ns);
        },
        [&](const LinkRecord& link) {
          if (column == NestedNumber::link_trace_hi) values.push_back(static_cast<int64_t>(link.trace.hi));
          if (column == NestedNumber::link_trace_lo) values.push_back(static_cast<int64_t>(link.trace.lo));
          if (column == NestedNumber::link_span) values.push_back(static_cast<int64_t>(link.span.value));
        });
    begins.push_back(static_cast<uint32_t>(values.size()));
  }
  return {};
}

Status TableUnit::span_ids(RowRange rows, uint64_t* out) const {
  copy_column<SpanTable::kSpan>(*table_, rows, out);
  return {};
}

Status TableUnit::parent_ids(RowRange rows, uint64_t* out) const {
  copy_column<SpanTable::kParent>(*table_, rows, out);
  return {};
}

Status TableUnit::trace_numbers(RowRange rows, uint32_t* out) const {
  copy_column<SpanTable::kTrace>(*table_, rows, out);
  return {};
}

Result<std::optional<uint32_t>> TableUnit::find_trace(TraceId id) const {
  uint32_t trace = table_->find_trace(id, rows_);
  if (trace == kNoTrace) return std::optional<uint32_t>{};
  return std::optional<uint32_t>{trace};
}

Result<std::span<const TraceSummary>> TableUnit::summaries() const {
  return std::span<const TraceSummary>(summarised().traces);
}

Result<uint64_t> TableUnit::latest_start_ns(uint32_t traces) const {
  return summarised().latest_start_ns[table_->first_row(traces - 1) / table_->page_rows()];
}

Result<std::span<const TraceId>> TableUnit::listed() const {
  std::call_once(listed_once_, [this] {
    listed_ = listed_before_;
    for (uint32_t trace : summarised().rootless) listed_.push_back(table_->trace_id(trace));
    std::sort(listed_.begin(), listed_.end());
    listed_.erase(std::unique(listed_.begin(), listed_.end()), listed_.end());
  });
  return std::span<const TraceId>(listed_);
}

Status TableUnit::trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const {
  rows.clear();
  table_->trace_rows(trace, rows_, rows);
  std::sort(rows.begin(), rows.end(), [&](uint32_t a, uint32_t b) {
    return std::tuple(table_->start_ns(a), table_->span(a), a) < std::tuple(table_->start_ns(b), table_->span(b), b);
  });
  return {};
}

Status TableUnit::copy_rows(std::span<const uint32_t> rows, const SpanParts&, SpanTable& out) const {
  Recoder recoder(table_->vocabulary, out.vocabulary);
  std::vector<uint32_t> words;
  for (uint32_t i : rows) {
    words.clear();
    SpanRow row = recoder.row(table_->row(i), table_->words(i), words);
    out.append(row, words);
  }
  return {};
}

}  // namespace clew
