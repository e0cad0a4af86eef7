#include "store/block/block_reads.h"

#include <algorithm>

namespace clew::store {

size_t CachedPageSets::bytes() const {
  size_t total = sets.capacity() * sizeof(sets[0]);
  for (const auto& groups : sets) {
    total += groups.capacity() * sizeof(PageSets);
    for (const PageSets& set : groups) total += set.bits.capacity();
  }
  return total;
}

BlockReads::BlockReads(std::shared_ptr<const Block> block, std::shared_ptr<ReadBudget> budget)
    : block_(std::move(block)), file_(block_->file()), budget_(std::move(budget)), trace_ids_(file_.groups()) {}

Status BlockReads::charge(Part part, uint64_t stored_bytes) {
  if (!budget_) return {};
  {
    std::lock_guard lock(mutex_);
    if (!charged_.insert(part).second) return {};
  }
  return budget_->charge(stored_bytes);
}

Status BlockReads::check_known(Part part) {
  std::lock_guard lock(mutex_);
  if (auto found = damaged_.find(part); found != damaged_.end()) return std::unexpected(found->second);
  return {};
}

Error BlockReads::remember(Part part, Error error) {
  if (error.code != ErrorCode::corruption) return error;
  std::lock_guard lock(mutex_);
  return damaged_.emplace(part, std::move(error)).first->second;
}

std::unexpected<Error> BlockReads::damaged(std::string what) const {
  return std::unexpected(noted({ErrorCode::corruption, std::move(what)}));
}

std::unexpected<Error> BlockReads::damaged(uint32_t leaf, std::string what) const {
  return damaged(file_.in_leaf({ErrorCode::corruption, std::move(what)}, leaf).message);
}

Error BlockReads::noted(Error error) const {
  if (error.code == ErrorCode::corruption) block_->note_damage(error.message);
  return error;
}

uint64_t BlockReads::section_bytes(SectionId id) const {
  const auto* section = file_.find_section(id);
  return section == nullptr ? 0 : section->stored_bytes;
}

Result<BlockReads::Window> BlockReads::window(uint32_t leaf, uint32_t page) {
  uint32_t group = file_.group_of_page(page);
  uint32_t first = group * file_.pages_per_group();
  const auto& chunk = file_.chunk(leaf, group);
  Window window;
  {
    std::lock_guard lock(mutex_);
    window = windows_[leaf];
  }
  if (window.bytes && page >= window.begin && page < window.end) return window;
  bool sequential = window.bytes && page == window.end;
  auto pages = static_cast<uint32_t>(chunk.codes_ends.size());
  uint32_t begin = page - first;
  uint32_t end = begin + 1;
  if (chunk.page_offsets.back() - chunk.page_offsets.front() <= kWholeChunkBytes) {
    begin = 0;
    end = pages;
  } else if (sequential) {
    while (end < pages && chunk.page_offsets[end + 1] - chunk.page_offsets[begin] <= kReadAheadBytes) ++end;
  }
  ASSIGN_OR_RETURN(std::string read,
                   file_.read(chunk.page_offsets[begin], chunk.page_offsets[end] - chunk.page_offsets[begin]));
  window = {first + begin, first + end, chunk.page_offsets[begin],
            std::make_shared<const std::string>(std::move(read))};
  std::lock_guard lock(mutex_);
  windows_[leaf] = window;
  return window;
}

Result<LeafPage> BlockReads::read_page(uint32_t leaf, uint32_t page) {
  ASSIGN_OR_RETURN(Window window, this->window(leaf, page));
  uint32_t group = file_.group_of_page(page);
  uint32_t number = file_.page_in_group(page);
  const auto& offsets = file_.chunk(leaf, group).page_offsets;
  std::string_view bytes =
      std::string_view(*window.bytes).substr(offsets[number] - window.offset, offsets[number + 1] - offsets[number]);
  return read_leaf_page(file_, leaf, group, number, bytes);
}

Status BlockReads::charge_page(uint32_t leaf, uint32_t page) {
  const auto& offsets = file_.chunk(leaf, file_.group_of_page(page)).page_offsets;
  uint32_t number = file_.page_in_group(page);
  return charge({CachedKind::leaf_page, leaf, page}, offsets[number + 1] - offsets[number]);
}

Result<std::shared_ptr<const CachedPage>> BlockReads::page(uint32_t leaf, uint32_t page) {
  const Part part{CachedKind::leaf_page, leaf, page};
  TRY(check_known(part));
  TRY(charge_page(leaf, page));
  auto read = block_->get<CachedPage>(key(part), [&]() -> Result<std::unique_ptr<CachedPage>> {
    ASSIGN_OR_RETURN(LeafPage decoded, read_page(leaf, page));
    return std::make_unique<CachedPage>(std::move(decoded));
  });
  if (!read) return std::unexpected(remember(part, std::move(read.error())));
  return read;
}

namespace {

LeafPage rows_of(const CachedPage& page, RowRange rows) {
  LeafPage out;
  if (!page.codes.empty()) {
    out.codes.resize(rows.size());
    page.codes.copy(rows.begin, rows.size(), out.codes.data());
    return out;
  }
  out.numbers.resize(rows.size());
  page.numbers.copy(rows.begin, rows.size(), out.numbers.data());
  if (page.present.empty()) return out;
  out.present.resize((rows.size() + 63) / 64);
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (page.has(rows.begin + i)) out.present[i / 64] |= uint64_t{1} << i % 64;
  }
  return out;
}

}  // namespace

Result<LeafPage> BlockReads::rows(uint32_t leaf, uint32_t page, RowRange rows) {
  const Part part{CachedKind::leaf_page, leaf, page};
  std::shared_ptr<const CachedPage> known;
  if (are_few(page, rows.size())) {
    known = block_->find<CachedPage>(key(part));
  } else {
    ASSIGN_OR_RETURN(known, this->page(leaf, page));
  }
  TRY(check_known(part));
  TRY(charge_page(leaf, page));
  if (known) return rows_of(*known, rows);
  const uint32_t group = file_.group_of_page(page);
  const uint32_t number = file_.page_in_group(page);
  const auto& offsets = file_.chunk(leaf, group).page_offsets;
  ASSIGN_OR_RETURN(std::string bytes, file_.read(offsets[number], offsets[number + 1] - offsets[number]));
  auto read = read_leaf_rows(file_, leaf, group, number, rows, bytes);
  if (read) return read;
  return std::unexpected(remember(part, noted(std::move(read.error()))));
}

Result<std::shared_ptr<const CachedMapPage>> BlockReads::map_page(ResidualPlace place, uint32_t page) {
  MapLeaves leaves = map_leaves(place);
  for (uint32_t leaf : {leaves.key, leaves.value}) TRY(charge_page(leaf, page));
  auto read = [&]() -> Result<std::unique_ptr<CachedMapPage>> {
    ASSIGN_OR_RETURN(LeafPage keys, read_page(leaves.key, page));
    // Without keys there are no values to look at: their page would say the same.
    LeafPage values = keys;
    if (!keys.codes.empty()) {
      ASSIGN_OR_RETURN(values, read_page(leaves.value, page));
    }
    auto decoded = read_map_page(keys, values, place);
    if (!decoded) return std::unexpected(file_.in_leaf(std::move(decoded.error()), leaves.key));
    return std::make_unique<CachedMapPage>(*decoded);
  };
  const Part part{CachedKind::map_page, leaves.key, page};
  TRY(check_known(part));
  auto known = block_->get<CachedMapPage>(key(part), read);
  if (!known) return std::unexpected(remember(part, std::move(known.error())));
  return known;
}

void BlockReads::announce(std::span<const uint32_t> leaves, uint32_t page) {
  const uint32_t group = file_.group_of_page(page);
  const uint32_t number = file_.page_in_group(page);
  std::vector<env::ByteRange> ranges;
  for (uint32_t leaf : leaves) {
    const auto& chunk = file_.chunk(leaf, group);
    if (leaf == kTraceIdLeaf) {
      if (!block_->find<CachedVector<TraceId>>(key({CachedKind::trace_ids, 0, group}))) {
        ranges.push_back({chunk.dictionary_offset, chunk.dictionary_bytes});
      }
      continue;
    }
    if (!block_->find<CachedPage>(key({CachedKind::leaf_page, leaf, page}))) {
      ranges.push_back({chunk.page_offsets[number], chunk.page_offsets[number + 1] - chunk.page_offsets[number]});
    }
    if (chunk.dictionary_bytes > 0 && !block_->find<ValueList>(key({CachedKind::dictionary, leaf, group}))) {
      ranges.push_back({chunk.dictionary_offset, chunk.dictionary_bytes});
    }
  }
  file_.announce(ranges);
}

Result<const ValueList*> BlockReads::dictionary(uint32_t leaf, uint32_t group) {
  return hold<ValueList>({CachedKind::dictionary, leaf, group}, file_.chunk(leaf, group).dictionary_bytes,
                         [&] { return read_entries(file_, leaf, group); });
}

std::shared_ptr<const TextNumbers::Numbered> BlockReads::text_numbers(uint32_t leaf, uint32_t group,
                                                                      const ValueList& entries) {
  if (file_.leaves()[leaf].kind != LeafKind::text || entries.size() > TextNumbers::kMaxListEntries) return nullptr;
  const auto at = key({CachedKind::text_numbers, leaf, group});
  auto known = block_->find<TextNumbers::Numbered>(at);
  if (known && known->numbering == process_text_numbers().numbering()) return known;
  known = process_text_numbers().number(entries);
  block_->put(at, known);
  return known;
}

Result<const ValueList*> BlockReads::plain_values(uint32_t leaf, uint32_t page) {
  const auto& offsets = file_.chunk(leaf, file_.group_of_page(page)).page_offsets;
  uint32_t number = file_.page_in_group(page);
  return hold<ValueList>({CachedKind::plain_values, leaf, page}, offsets[number + 1] - offsets[number],
                         [&] { return read_plain_values(file_, leaf, page); });
}

ValueView BlockReads::view(const ValueList& values, uint32_t at) {
  if (!values.is_packed()) return values.view(at, nullptr);
  std::lock_guard lock(texts_mutex_);
  return values.view(at, &texts_);
}

Result<ValueView> BlockReads::value(uint32_t leaf, uint32_t code) {
  if (file_.leaves()[leaf].kind == LeafKind::boolean) return ValueView::of_bool(code != 0);
  auto place = file_.entry_place(leaf, code);
  if (!place) return damaged(std::move(place.error().message));
  ASSIGN_OR_RETURN(const ValueList* values,
                   place->is_plain ? plain_values(leaf, place->part) : dictionary(leaf, place->part));
  return view(*values, place->at);
}

Result<const ValueFilter*> BlockReads::filter(uint32_t leaf, uint32_t group, uint32_t pages) {
  SectionId id{SectionKind::value_filter, leaf, group};
  return hold<ValueFilter>({CachedKind::filter, leaf, group}, section_bytes(id),
                           [&]() -> Result<std::unique_ptr<ValueFilter>> {
                             ASSIGN_OR_RETURN(std::string raw, file_.read_section(id));
                             auto decoded = ValueFilter::decode(std::move(raw), pages);
                             if (!decoded) return std::unexpected(file_.in_leaf(std::move(decoded.error()), leaf));
                             return std::make_unique<ValueFilter>(std::move(*decoded));
                           });
}

Status BlockReads::find(uint32_t leaf, ValueView value, std::vector<uint32_t>& codes) {
  LeafKind kind = file_.leaves()[leaf].kind;
  if (kind == LeafKind::boolean) {
    if (value.type == ValueType::boolean) codes.push_back(value.as_bool());
    return {};
  }
  const auto stored = stored_form(kind, value);
  if (!stored) return {};
  for (uint32_t group = 0; group < file_.groups(); ++group) {
    const auto& chunk = file_.chunk(leaf, group);
    if (chunk.entries == 0) continue;
    if (chunk.encoding == ChunkEncoding::plain) {
      TRY(find_plain(leaf, group, *stored, codes));
      continue;
    }
    if (file_.find_section({SectionKind::value_filter, leaf, group}) != nullptr) {
      ASSIGN_OR_RETURN(const ValueFilter* filter, this->filter(leaf, group, 1));
      std::vector<uint32_t> may;
      filter->find(value_hash(*stored), may);
      if (may.empty()) continue;
    }
    ASSIGN_OR_RETURN(const ValueList* entries, dictionary(leaf, group));
    entries->find(*stored, [&](uint32_t at) { codes.push_back(chunk.code_base + at); });
  }
  return {};
}

Status BlockReads::find_plain(uint32_t leaf, uint32_t group, std::string_view stored, std::vector<uint32_t>& codes) {
  const auto& chunk = file_.chunk(leaf, group);
  auto count = static_cast<uint32_t>(chunk.codes_ends.size());
  std::vector<uint32_t> pages;
  if (file_.find_section({SectionKind::value_filter, leaf, group}) != nullptr) {
    ASSIGN_OR_RETURN(const ValueFilter* filter, this->filter(leaf, group, count));
    filter->find(value_hash(stored), pages);
  } else {
    for (uint32_t page = 0; page < count; ++page) pages.push_back(page);
  }
  for (uint32_t page : pages) {
    uint32_t begin = chunk.codes_begin(page);
    if (begin == chunk.codes_ends[page]) continue;
    // Most pages are named in vain and kept by nobody: they are large, and others are named the next time.
    uint32_t of_block = group * file_.pages_per_group() + page;
    Part part{CachedKind::plain_values, leaf, of_block};
    TRY(charge(part, chunk.page_offsets[page + 1] - chunk.page_offsets[page]));
    auto values = block_->find<ValueList>(key(part));
    const bool is_kept = values != nullptr;
    if (!is_kept) {
      auto read = read_plain_values(file_, leaf, of_block);
      if (!read) return std::unexpected(noted(std::move(read.error())));
      values = std::move(*read);
    }
    const size_t before = codes.size();
    values->find(stored, [&](uint32_t at) { codes.push_back(chunk.code_base + begin + at); });
    if (!is_kept && codes.size() > before) block_->put(key(part), std::move(values));
  }
  return {};
}

Result<const PerLeaf<PageSets>*> BlockReads::page_sets() {
  auto read = [&]() -> Result<std::unique_ptr<CachedPageSets>> {
    ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::page_sets}));
    ASSIGN_OR_RETURN(auto sets, decode_page_sets(raw));
    bool fits = sets.size() == file_.leaves().size() || (file_.rows() == 0 && sets.empty());
    for (uint32_t leaf = 0; fits && leaf < sets.size(); ++leaf) {
      fits = sets[leaf].size() == file_.groups();
      for (uint32_t group = 0; fits && group < file_.groups(); ++group) {
        const PageSets& set = sets[leaf][group];
        size_t pages = file_.chunk(leaf, group).codes_ends.size();
        fits = set.entries == 0 ||
               (set.entries == file_.chunk(leaf, group).entries && set.bits.size() == pages * ((set.entries + 7) / 8));
      }
    }
    if (!fits) return corrupt("block " + file_.key() + ": page sets do not fit the columns");
    return std::make_unique<CachedPageSets>(std::move(sets));
  };
  ASSIGN_OR_RETURN(const auto* held,
                   hold<CachedPageSets>({CachedKind::page_sets}, section_bytes({SectionKind::page_sets}), read));
  return &held->sets;
}

uint64_t BlockReads::residual_bytes(ResidualPlace place) const {
  MapLeaves leaves = map_leaves(place);
  uint64_t stored_bytes = 0;
  for (uint32_t group = 0; group < file_.groups(); ++group) {
    for (uint32_t leaf : {leaves.key, leaves.value}) {
      const auto& chunk = file_.chunk(leaf, group);
      stored_bytes += chunk.page_offsets.back() - chunk.page_offsets.front() + chunk.dictionary_bytes;
    }
  }
  return stored_bytes;
}

Status BlockReads::charge_residual(ResidualPlace place) {
  return charge({CachedKind::residual, static_cast<uint32_t>(place)}, residual_bytes(place));
}

Status BlockReads::charge_entries(uint32_t leaf) {
  if (file_.leaves()[leaf].kind == LeafKind::boolean) return {};
  for (uint32_t group = 0; group < file_.groups(); ++group) {
    const auto& chunk = file_.chunk(leaf, group);
    if (chunk.entries == 0) continue;
    if (chunk.encoding == ChunkEncoding::dictionary) {
      TRY(charge({CachedKind::dictionary, leaf, group}, chunk.dictionary_bytes));
      continue;
    }
    for (uint32_t page = 0; page < chunk.codes_ends.size(); ++page) {
      if (chunk.codes_begin(page) == chunk.codes_ends[page]) continue;
      TRY(charge({CachedKind::plain_values, leaf, group * file_.pages_per_group() + page},
                 chunk.page_offsets[page + 1] - chunk.page_offsets[page]));
    }
  }
  return {};
}

namespace {

uint32_t short_hash(std::string_view question) {
  return static_cast<uint32_t>(value_hash(question));
}

}  // namespace

std::shared_ptr<const CachedCodes> BlockReads::known_codes(uint32_t column, std::string_view question) {
  auto known = block_->find<CachedCodes>(key({CachedKind::known_codes, column, short_hash(question)}));
  return known && known->question == question ? known : nullptr;
}

void BlockReads::keep_codes(uint32_t column, CachedCodes codes) {
  const auto at = key({CachedKind::known_codes, column, short_hash(codes.question)});
  block_->put<CachedCodes>(at, std::make_shared<const CachedCodes>(std::move(codes)));
}

Result<const ResidualIndex*> BlockReads::residual(ResidualPlace place) {
  return hold<ResidualIndex>({CachedKind::residual, static_cast<uint32_t>(place)}, residual_bytes(place),
                             [&]() -> Result<std::unique_ptr<ResidualIndex>> {
                               auto index = ResidualIndex::scan(*this, place);
                               if (!index) {
                                 return std::unexpected(std::move(index.error()).context("block " + file_.key()));
                               }
                               return index;
                             });
}

}  // namespace clew::store
