#include "store/block/block_unit.h"

#include <algorithm>
#include <bit>

#include "base/check.h"
#include "store/block/map_text.h"
#include "store/block/row_copier.h"

namespace clew::store {
namespace {

uint32_t exact_leaf_of(Scope scope) {
  switch (scope) {
    case Scope::span: return kSpanExactLeaf;
    case Scope::resource: return kResourceExactLeaf;
    case Scope::instrumentation: return kInstrumentationExactLeaf;
    case Scope::event: return kEventExactLeaf;
    case Scope::link: return kLinkExactLeaf;
  }
  return kSpanExactLeaf;
}

ResidualPlace place_of(Scope scope) {
  if (scope == Scope::event) return ResidualPlace::event;
  return scope == Scope::link ? ResidualPlace::link : ResidualPlace::span;
}

}  // namespace

BlockUnit::BlockUnit(std::shared_ptr<const Block> block, std::shared_ptr<ReadBudget> budget)
    : file_(block->file()), reads_(block, std::move(budget)), columns_(kFirstAttributeColumn + file_.keys().size()) {}

const BlockUnit::Column& BlockUnit::column(ColumnId id) const {
  auto& known = columns_[id];
  if (const Column* made = known.load(std::memory_order_acquire)) return *made;
  std::lock_guard lock(entries_mutex_);
  if (const Column* made = known.load(std::memory_order_relaxed)) return *made;
  const Column* made = made_columns_.emplace_back(std::make_unique<const Column>(make_column(id))).get();
  known.store(made, std::memory_order_release);
  return *made;
}

BlockUnit::Column BlockUnit::make_column(ColumnId id) const {
  Column out;
  auto fixed = [&](uint32_t leaf) { out.parts.push_back({leaf, 0}); };
  switch (id) {
    case kNameColumn: fixed(kNameLeaf); return out;
    case kStatusMessageColumn: fixed(kStatusMessageLeaf); return out;
    case kScopeNameColumn: fixed(kScopeNameLeaf); return out;
    case kScopeVersionColumn: fixed(kScopeVersionLeaf); return out;
    case kEventNameColumn: fixed(kEventNameLeaf); return out;
    case kTraceStateColumn: fixed(kTraceStateLeaf); return out;
    default: break;
  }
  CHECK(id >= kFirstAttributeColumn && id - kFirstAttributeColumn < file_.keys().size());
  out.key = id - kFirstAttributeColumn;
  const KeyEntry& key = file_.keys()[out.key];
  uint32_t base = 0;
  for (const auto& part : key.columns) {
    out.parts.push_back({part.leaf, base});
    base += file_.entries(part.leaf);
  }
  out.residual = key.residual > 0;
  out.residual_base = base;
  out.place = place_of(key.scope);
  out.exact_leaf = exact_leaf_of(key.scope);
  return out;
}

Result<const ResidualIndex*> BlockUnit::residual(const Column& column) const {
  return reads_.residual(column.place);
}

Result<std::vector<AttributeColumn>> BlockUnit::attributes() const {
  std::vector<AttributeColumn> out;
  out.reserve(file_.keys().size());
  for (const KeyEntry& key : file_.keys()) {
    out.push_back({key.scope, key.name, kFirstAttributeColumn + static_cast<uint32_t>(out.size())});
  }
  return out;
}

Result<std::optional<ColumnId>> BlockUnit::attribute(Scope scope, std::string_view name) const {
  uint32_t key = find_key(file_.keys(), scope, name);
  if (key == kNoCode) return std::optional<ColumnId>{};
  return std::optional<ColumnId>{kFirstAttributeColumn + key};
}

bool BlockUnit::is_multi(ColumnId column) const {
  if (column < kFirstAttributeColumn) return column == kEventNameColumn;
  Scope scope = file_.keys()[column - kFirstAttributeColumn].scope;
  return scope == Scope::event || scope == Scope::link;
}

const BlockUnit::Entries* BlockUnit::loaded_entries(ColumnId id) const {
  const Entries* last = last_entries_.load(std::memory_order_acquire);
  if (last != nullptr && last->id == id) return last;
  std::lock_guard lock(entries_mutex_);
  for (const auto& known : entries_) {
    if (known->id != id) continue;
    last_entries_.store(known.get(), std::memory_order_release);
    return known.get();
  }
  return nullptr;
}

Result<const BlockUnit::Entries*> BlockUnit::load_entries(ColumnId id) const {
  if (const Entries* known = loaded_entries(id)) return known;
  auto out = std::make_unique<Entries>();
  out->id = id;
  auto add = [&](const ValueList* list, uint32_t count, DictionaryPlace place) {
    if (count == 0) return;
    out->places.push_back(place);
    out->begins.push_back(out->count);
    out->lists.push_back(list);
    out->count += count;
  };
  const Column& column = this->column(id);
  for (Part part : column.parts) {
    if (file_.leaves()[part.leaf].kind == LeafKind::boolean) {
      add(nullptr, 2, {part.leaf, kNoRow});
      continue;
    }
    for (uint32_t group = 0; group < file_.groups(); ++group) {
      const auto& chunk = file_.chunk(part.leaf, group);
      if (chunk.entries == 0) continue;
      if (chunk.encoding == ChunkEncoding::dictionary) {
        ASSIGN_OR_RETURN(const ValueList* list, reads_.dictionary(part.leaf, group));
        add(list, list->size(), {part.leaf, group});
        continue;
      }
      for (uint32_t page = 0; page < chunk.codes_ends.size(); ++page) {
        if (chunk.codes_begin(page) == chunk.codes_ends[page]) continue;
        ASSIGN_OR_RETURN(const ValueList* list, reads_.plain_values(part.leaf, group * file_.pages_per_group() + page));
        add(list, list->size(), {part.leaf, kNoRow});
      }
      // What stands behind the last page's end is nobody's.
      if (out->count != part.code_base + chunk.code_base + chunk.entries) {
        return reads_.damaged(part.leaf, "its pages lack entries");
      }
    }
  }
  out->residual_base = out->count;
  if (column.residual) {
    ASSIGN_OR_RETURN(const ResidualIndex* index, residual(column));
    out->residual = &index->values(column.key);
    out->count += static_cast<uint32_t>(out->residual->size());
  }
  std::lock_guard lock(entries_mutex_);
  entries_.push_back(std::move(out));
  last_entries_.store(entries_.back().get(), std::memory_order_release);
  return entries_.back().get();
}

Result<uint32_t> BlockUnit::entries(ColumnId id) const {
  ASSIGN_OR_RETURN(const Entries* all, load_entries(id));
  return all->count;
}

ValueView BlockUnit::entry(ColumnId id, uint32_t code) const {
  const Entries* all = loaded_entries(id);
  CHECK(all != nullptr && code < all->count);
  if (code >= all->residual_base) return (*all->residual)[code - all->residual_base];
  return entry_in(*all, static_cast<size_t>(std::ranges::upper_bound(all->begins, code) - all->begins.begin() - 1),
                  code);
}

ValueView BlockUnit::entry_in(const Entries& all, size_t piece, uint32_t code) const {
  uint32_t at = code - all.begins[piece];
  return all.lists[piece] == nullptr ? ValueView::of_bool(at != 0) : reads_.view(*all.lists[piece], at);
}

void BlockUnit::entries_from(ColumnId id, uint32_t first, std::span<ValueView> out) const {
  const Entries* all = loaded_entries(id);
  CHECK(all != nullptr && first + out.size() <= all->count);
  auto piece = static_cast<size_t>(std::ranges::upper_bound(all->begins, first) - all->begins.begin());
  for (uint32_t code = first; ValueView & value : out) {
    while (piece < all->begins.size() && all->begins[piece] <= code) ++piece;
    value = code >= all->residual_base ? (*all->residual)[code - all->residual_base] : entry_in(*all, piece - 1, code);
    ++code;
  }
}

Result<uint64_t> BlockUnit::text_numbers_from(ColumnId id, uint32_t first, std::span<uint32_t> out) const {
  const Entries* all = loaded_entries(id);
  CHECK(all != nullptr && first + out.size() <= all->count);
  std::ranges::fill(out, kNoCode);
  uint64_t numbering = 0;
  const uint32_t end = std::min(first + static_cast<uint32_t>(out.size()), all->residual_base);
  auto piece = static_cast<size_t>(std::ranges::upper_bound(all->begins, first) - all->begins.begin());
  piece -= piece > 0 ? 1 : 0;
  for (; piece < all->lists.size() && all->begins[piece] < end; ++piece) {
    const auto [leaf, group] = all->places[piece];
    if (group == kNoRow) continue;
    auto known = reads_.text_numbers(leaf, group, *all->lists[piece]);
    if (!known || (numbering != 0 && numbering != known->numbering)) continue;
    numbering = known->numbering;
    const uint32_t begin = all->begins[piece];
    const uint32_t from = std::max(first, begin);
    const uint32_t to = std::min(end, begin + static_cast<uint32_t>(known->numbers.size()));
    for (uint32_t code = from; code < to; ++code) out[code - first] = known->numbers[code - begin];
  }
  return numbering;
}

Result<ValueView> BlockUnit::value(ColumnId id, uint32_t code) const {
  const Column& column = this->column(id);
  for (Part part : column.parts) {
    uint32_t local = code - part.code_base;
    if (local < file_.entries(part.leaf)) return reads_.value(part.leaf, local);
  }
  CHECK(column.residual);
  ASSIGN_OR_RETURN(const ResidualIndex* index, residual(column));
  return index->values(column.key)[code - column.residual_base];
}

// False: the key's residual attributes do not have the value, known without looking at them one by one.
Result<bool> BlockUnit::may_be_residual(const Column& column, ValueView value) const {
  if (file_.entries(column.exact_leaf) > 0) return true;
  if (!has_exact_text(value)) return false;
  std::vector<uint32_t> codes;
  TRY(reads_.find(map_leaves(column.place).value, ValueView::of_string(map_text(value)), codes));
  return !codes.empty();
}

Status BlockUnit::find(ColumnId id, ValueView value, std::vector<uint32_t>& codes) const {
  const Column& column = this->column(id);
  for (Part part : column.parts) {
    size_t first = codes.size();
    TRY(reads_.find(part.leaf, value, codes));
    for (size_t i = first; i < codes.size(); ++i) codes[i] += part.code_base;
  }
  if (!column.residual) return {};
  ASSIGN_OR_RETURN(bool may_be, may_be_residual(column, value));
  if (!may_be) return {};
  ASSIGN_OR_RETURN(const ResidualIndex* index, residual(column));
  const auto& values = index->values(column.key);
  for (uint32_t i = 0; i < values.size(); ++i) {
    if (values[i] == value) codes.push_back(column.residual_base + i);
  }
  return {};
}

// Arrays have no columns, and no text that restores them.
Status BlockUnit::array_codes(ColumnId id, std::vector<uint32_t>& codes) const {
  const Column& column = this->column(id);
  if (!column.residual || file_.entries(column.exact_leaf) == 0) return {};
  ASSIGN_OR_RETURN(const ResidualIndex* index, residual(column));
  const auto& values = index->values(column.key);
  for (uint32_t i = 0; i < values.size(); ++i) {
    if (values[i].type == ValueType::array) codes.push_back(column.residual_base + i);
  }
  return {};
}

Result<std::unique_ptr<Unit::KnownCodes>> BlockUnit::known_codes(ColumnId id, std::string_view question) const {
  auto kept = reads_.known_codes(id, question);
  if (!kept) return std::unique_ptr<KnownCodes>();
  const Column& column = this->column(id);
  for (Part part : column.parts) TRY(reads_.charge_entries(part.leaf));
  if (column.residual) TRY(reads_.charge_residual(column.place));
  auto out = std::make_unique<KnownCodes>();
  out->entries = kept->entries;
  for (size_t i = 0; i < kept->bits.size(); ++i) {
    for (uint64_t word = kept->bits[i]; word != 0; word &= word - 1) {
      out->codes.push_back(static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }
  return out;
}

void BlockUnit::keep_codes(ColumnId id, std::string_view question, const KnownCodes& known) const {
  CachedCodes out{std::string(question), known.entries, {}};
  if (!known.codes.empty()) out.bits.resize((size_t{known.entries} + 63) / 64);
  for (uint32_t code : known.codes) out.bits[code / 64] |= uint64_t{1} << code % 64;
  reads_.keep_codes(id, std::move(out));
}

const PerLeaf<PageSets>* BlockUnit::page_sets() const {
  if (const auto* known = page_sets_.load(std::memory_order_acquire)) return known;
  auto sets = reads_.page_sets();
  if (!sets) return nullptr;
  page_sets_.store(*sets, std::memory_order_release);
  return *sets;
}

bool BlockUnit::page_may_contain(ColumnId id, uint32_t page, std::span<const uint32_t> codes) const {
  if (codes.empty()) return false;
  if (is_multi(id) && id != kEventNameColumn) return true;
  const PerLeaf<PageSets>* sets = page_sets();
  if (sets == nullptr || page >= file_.pages()) return true;
  const Column& column = this->column(id);
  if (column.residual && codes.back() >= column.residual_base) return true;
  uint32_t group = file_.group_of_page(page);
  uint32_t number = file_.page_in_group(page);
  for (Part part : column.parts) {
    const auto& chunk = file_.chunk(part.leaf, group);
    bool boolean = file_.leaves()[part.leaf].kind == LeafKind::boolean;
    uint32_t base = part.code_base + (boolean ? 0 : chunk.code_base);
    bool plain = chunk.encoding == ChunkEncoding::plain && !boolean;
    // Codes of this page: those its dictionary had by its end; of a plain chunk, its own.
    uint32_t begin = plain ? chunk.codes_begin(number) : 0;
    uint32_t end = boolean ? 2 : chunk.codes_ends[number];
    const PageSets& set = (*sets)[part.leaf][group];
    for (auto at = std::ranges::lower_bound(codes, base + begin); at != codes.end() && *at < base + end; ++at) {
      if (set.entries == 0 || set.has(number, *at - base)) return true;
    }
  }
  return false;
}

template <typename Cell, typename Narrow>
Status BlockUnit::page_cells(uint32_t leaf, uint32_t page, RowRange rows, std::vector<Cell> LeafPage::* decoded,
                             Narrow CachedPage::* cached, Cell* out) const {
  if (reads_.are_few(page, rows.size())) {
    ASSIGN_OR_RETURN(LeafPage few, reads_.rows(leaf, page, rows));
    std::ranges::copy(few.*decoded, out);
  } else {
    ASSIGN_OR_RETURN(auto whole, reads_.page(leaf, page));
    ((*whole).*cached).copy(rows.begin, rows.size(), out);
  }
  return {};
}

Status BlockUnit::page_codes(uint32_t leaf, uint32_t page, uint32_t from, uint32_t count, uint32_t* out) const {
  return page_cells(leaf, page, {from, from + count}, &LeafPage::codes, &CachedPage::codes, out);
}

Status BlockUnit::page_numbers(uint32_t leaf, uint32_t page, uint32_t from, uint32_t count, int64_t* out) const {
  return page_cells(leaf, page, {from, from + count}, &LeafPage::numbers, &CachedPage::numbers, out);
}

Status BlockUnit::codes(ColumnId id, RowRange rows, uint32_t* out) const {
  CHECK(!is_multi(id));
  const Column& column = this->column(id);
  std::fill_n(out, rows.size(), kNoCode);
  std::vector<uint32_t> codes;
  for (Part part : column.parts) {
    uint32_t* to = out;
    TRY(each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
      if (part.code_base == 0) {
        // The first part: a missing code stays one.
        TRY(page_codes(part.leaf, page, from, count, to));
      } else {
        codes.resize(count);
        TRY(page_codes(part.leaf, page, from, count, codes.data()));
        for (uint32_t i = 0; i < count; ++i) to[i] = codes[i] == kNoCode ? to[i] : part.code_base + codes[i];
      }
      to += count;
      return {};
    }));
  }
  return column.residual ? residual_codes(column, rows, out) : Status{};
}

// Fills the rows that have no code yet: a value in the key's column is the first of its key.
Status BlockUnit::residual_codes(const Column& column, RowRange rows, uint32_t* out) const {
  ASSIGN_OR_RETURN(const ResidualIndex* index, residual(column));
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto map, reads_.map_page(ResidualPlace::span, page));
    ASSIGN_OR_RETURN(auto exact, reads_.page(column.exact_leaf, page));
    for (uint32_t row = from; row < from + count; ++row, ++out) {
      if (*out != kNoCode) continue;
      auto take = [&](ResidualCode code) {
        if (*out == kNoCode && code.key == column.key) *out = column.residual_base + code.code;
      };
      for (uint32_t i = map->entry_begins[row]; i < map->entry_begins[row + 1]; ++i) {
        take(index->entry(map->names[i], map->values[i]));
      }
      if (exact->codes[row] == kNoCode) continue;
      for (ResidualCode code : index->exact(column.exact_leaf, exact->codes[row])) take(code);
    }
    return {};
  });
}

Status BlockUnit::multi_codes(ColumnId id, RowRange rows, std::vector<uint32_t>& begins,
                              std::vector<uint32_t>& out) const {
  begins.assign(1, 0);
  out.clear();
  if (id == kEventNameColumn) return event_names(rows, begins, out);
  if (is_multi(id)) return nested_codes(column(id), rows, begins, out);
  std::vector<uint32_t> single(rows.size());
  TRY(codes(id, rows, single.data()));
  for (uint32_t code : single) {
    if (code != kNoCode) out.push_back(code);
    begins.push_back(static_cast<uint32_t>(out.size()));
  }
  return {};
}

Status BlockUnit::event_names(RowRange rows, std::vector<uint32_t>& begins, std::vector<uint32_t>& out) const {
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto names, reads_.page(kEventNameLeaf, page));
    std::vector<uint32_t> elements = element_begins(*names);
    for (uint32_t row = from; row < from + count; ++row) {
      for (uint32_t i = elements[row]; i < elements[row + 1]; ++i) out.push_back(names->codes[i]);
      begins.push_back(static_cast<uint32_t>(out.size()));
    }
    return {};
  });
}

Status BlockUnit::nested_codes(const Column& column, RowRange rows, std::vector<uint32_t>& begins,
                               std::vector<uint32_t>& out) const {
  ASSIGN_OR_RETURN(const ResidualIndex* index, residual(column));
  return each_page(rows, [&](uint32_t page, uint32_t from, uint32_t count) -> Status {
    ASSIGN_OR_RETURN(auto map, reads_.map_page(column.place, page));
    ASSIGN_OR_RETURN(auto exact, reads_.page(column.exact_leaf, page));
    std::vector<uint32_t> exact_of_element;
    size_t next = 0;
    for (size_t i = 0; i < exact->definition.size(); ++i) {
      const uint32_t level = exact->definition[i];
      if (level == 0) continue;
      exact_of_element.push_back(level == 2 ? exact->codes[next++] : kNoCode);
    }
    if (!is_equal(element_begins(*exact), map->row_begins)) {
      return reads_.damaged(column.exact_leaf, "its levels differ from its map's");
    }
    for (uint32_t row = from; row < from + count; ++row) {
      for (uint32_t element = map->row_begins[row]; element < map->row_begins[row + 1]; ++element) {
        uint32_t found = kNoCode;
        auto take = [&](ResidualCode code) {
          if (found == kNoCode && code.key == column.key) found = column.residual_base + code.code;
        };
        for (uint32_t i = map->entry_begins[element]; i < map->entry_begins[element + 1]; ++i) {
          take(index->entry(map->names[i], map->values[i]));
        }
        if (exact_of_element[element] != kNoCode) {
          for (ResidualCode code : index->exact(column.exact_leaf, exact_of_element[element])) take(code);
        }
        if (found != kNoCode) out.push_back(found);
      }
      begins.push_back(static_cast<uint32_t>(out.size()));
    }
    return {};
  });
}

Status BlockUnit::copy_rows(std::span<const uint32_t> rows, const SpanParts& parts, SpanTable& out) const {
  return RowCopier(reads_, parts, out).copy(rows);
}

}  // namespace clew::store
