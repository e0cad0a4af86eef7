#include "store/block/block_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "store/block/block_check_rows.h"
#include "store/block/leaf_reader.h"
#include "store/block/value_filter.h"

namespace clew::store {
namespace {

constexpr std::string_view kMagic = "PAR1";

// A chunk of values that has a dictionary or values one after the other, not numbers or ids.
bool is_coded(const BlockFile& file, uint32_t leaf, const BlockFile::Chunk& chunk) {
  const LeafKind kind = file.leaves()[leaf].kind;
  if (kind == LeafKind::boolean || kind == LeafKind::fixed8) return false;
  if (kind == LeafKind::fixed16 && chunk.encoding == ChunkEncoding::plain) return false;
  return chunk.encoding != ChunkEncoding::numbers;
}

class ChunkChecker {
 public:
  ChunkChecker(const BlockFile& file, BlockCheck& out) : file_(file), out_(out) {}

  Status run() {
    TRY(check_places());
    TRY(load_page_sets());
    for (uint32_t group = 0; group < file_.groups(); ++group) {
      for (uint32_t leaf = 0; leaf < file_.leaves().size(); ++leaf) {
        auto checked = check_chunk(leaf, group);
        TRY(note(std::move(checked), "column " + name_of(leaf)));
      }
    }
    return {};
  }

 private:
  std::string name_of(uint32_t leaf) const { return fmt::format("{}", fmt::join(file_.leaves()[leaf].path, ".")); }

  std::unexpected<Error> bad(std::string what) const { return corrupt(std::move(what)); }

  // Only what ends the whole check is an error afterwards.
  Status note(Status status, const std::string& where) {
    if (status) return {};
    if (status.error().code == ErrorCode::cancelled) return status;
    std::string message = std::move(status.error().message);
    const bool named = message.find(file_.key()) != std::string::npos;
    out_.add(named ? std::move(message) : fmt::format("block {}, {}: {}", file_.key(), where, message));
    return {};
  }

  // Chunks lie side by side from the magic to the index.
  Status check_places() {
    auto begin = file_.read(0, kMagic.size());
    if (!begin) return note(std::unexpected(begin.error()), "the beginning");
    if (*begin != kMagic) TRY(note(bad("it does not begin as a Parquet file"), "the beginning"));
    uint64_t at = kMagic.size();
    for (uint32_t group = 0; group < file_.groups(); ++group) {
      for (uint32_t leaf = 0; leaf < file_.leaves().size(); ++leaf) {
        const auto& chunk = file_.chunk(leaf, group);
        if (chunk.dictionary_offset != at) {
          TRY(note(bad(fmt::format("it begins at byte {}, not at {}", chunk.dictionary_offset, at)),
                   "column " + name_of(leaf)));
        }
        at = chunk.page_offsets.back();
      }
    }
    if (at == file_.data_end()) return {};
    return note(bad(fmt::format("the columns end at byte {}, and the index begins at {}", at, file_.data_end())),
                "the index");
  }

  Status load_page_sets() {
    auto decoded = [&]() -> Result<PerLeaf<PageSets>> {
      ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::page_sets}));
      ASSIGN_OR_RETURN(auto sets, decode_page_sets(raw));
      if (sets.size() != file_.leaves().size() && file_.rows() > 0) return bad("it is of another number of columns");
      for (const auto& groups : sets) {
        if (groups.size() != file_.groups()) return bad("it is of another number of row groups");
      }
      return sets;
    }();
    if (!decoded) return note(std::unexpected(decoded.error()), "page sets of the index");
    sets_ = std::move(*decoded);
    return {};
  }

  Status check_chunk(uint32_t leaf, uint32_t group) {
    const auto& chunk = file_.chunk(leaf, group);
    ASSIGN_OR_RETURN(const std::string bytes,
                     file_.read(chunk.dictionary_offset, chunk.page_offsets.back() - chunk.dictionary_offset));
    if (chunk.dictionary_bytes > 0) TRY(check_head(std::string_view(bytes).substr(0, chunk.dictionary_bytes)));
    std::optional<ValueFilter> filter;
    TRY(load_filter(leaf, group, filter));
    const bool coded = is_coded(file_, leaf, chunk);
    if (coded && chunk.encoding == ChunkEncoding::dictionary) {
      ASSIGN_OR_RETURN(auto entries, read_entries(file_, leaf, group));
      for (uint32_t i = 0; filter && i < entries->size(); ++i) TRY(check_filter(*filter, entries->stored(i), 0));
    }
    uint32_t codes_end = 0;
    const auto pages = static_cast<uint32_t>(chunk.codes_ends.size());
    for (uint32_t page = 0; page < pages; ++page) {
      const uint64_t begin = chunk.page_offsets[page] - chunk.dictionary_offset;
      const uint64_t end = chunk.page_offsets[page + 1] - chunk.dictionary_offset;
      const std::string_view stored = std::string_view(bytes).substr(begin, end - begin);
      Status checked = check_page(leaf, group, page, stored, coded, codes_end, filter);
      const RowRange rows = file_.rows_of_page(group * file_.pages_per_group() + page);
      TRY(note(std::move(checked), fmt::format("column {}, rows {} to {}", name_of(leaf), rows.begin, rows.end - 1)));
    }
    return {};
  }

  Status check_page(uint32_t leaf, uint32_t group, uint32_t page, std::string_view stored, bool coded,
                    uint32_t& codes_end, const std::optional<ValueFilter>& filter) {
    const auto& chunk = file_.chunk(leaf, group);
    TRY(check_head(stored));
    ASSIGN_OR_RETURN(LeafPage decoded, read_leaf_page(file_, leaf, group, page, stored));
    if (!coded) return {};
    const PageSets* set = sets_.empty() || sets_[leaf][group].entries == 0 ? nullptr : &sets_[leaf][group];
    if (set != nullptr && set->entries != chunk.entries) return bad("its page sets are of another dictionary");
    for (uint32_t code : decoded.codes) {
      if (code == kNoCode) continue;
      const uint32_t local = code - chunk.code_base;
      codes_end = std::max(codes_end, local + 1);
      if (set != nullptr && !set->has(page, local)) return bad("the index denies a value that the page has");
    }
    if (codes_end != chunk.codes_ends[page]) {
      return bad(fmt::format("its codes end at {}, and the index says {}", codes_end, chunk.codes_ends[page]));
    }
    if (chunk.encoding != ChunkEncoding::plain) return {};
    ASSIGN_OR_RETURN(auto values, read_plain_values(file_, leaf, group * file_.pages_per_group() + page));
    for (uint32_t i = 0; filter && i < values->size(); ++i) TRY(check_filter(*filter, values->stored(i), page));
    return {};
  }

  // The checksum is of what follows the head.
  Status check_head(std::string_view page) const {
    ASSIGN_OR_RETURN(auto decoded, parquet::PageHeader::decode(page));
    std::string again;
    decoded.first.append_to(again);
    const bool is_odd = decoded.first.is_dictionary && decoded.first.encoding != parquet::Encoding::plain;
    if (is_odd || again != page.substr(0, decoded.second)) return bad("a page's head is damaged");
    return {};
  }

  Status load_filter(uint32_t leaf, uint32_t group, std::optional<ValueFilter>& out) {
    const SectionId id{SectionKind::value_filter, leaf, group};
    const auto* section = file_.find_section(id);
    if (section == nullptr) return {};
    const auto& chunk = file_.chunk(leaf, group);
    const auto pages = static_cast<uint32_t>(chunk.codes_ends.size());
    auto filter = [&]() -> Result<ValueFilter> {
      ASSIGN_OR_RETURN(std::string raw, file_.read_section(id));
      return ValueFilter::decode(std::move(raw), chunk.encoding == ChunkEncoding::plain ? pages : 1);
    }();
    if (!filter) return note(std::unexpected(filter.error()), fmt::format("value filter of column {}", name_of(leaf)));
    out = std::move(*filter);
    return {};
  }

  Status check_filter(const ValueFilter& filter, std::string_view stored, uint32_t page) {
    found_.clear();
    filter.find(value_hash(stored), found_);
    if (!std::ranges::binary_search(found_, page)) return bad("its value filter denies a value that is there");
    return {};
  }

  const BlockFile& file_;
  BlockCheck& out_;
  PerLeaf<PageSets> sets_;
  std::vector<uint32_t> found_;
};

}  // namespace

Result<BlockCheck> check_block(const std::shared_ptr<const Block>& block) {
  BlockCheck out;
  TRY(ChunkChecker(block->file(), out).run());
  // With damaged columns, whatever is compared with them would be called wrong too.
  if (out.intact()) TRY(check_block_rows(block, out));
  return out;
}

}  // namespace clew::store
