#include "store/block/merge_equal.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "store/block/leaf_writer.h"

namespace clew::store {

void EqualColumns::add(uint32_t leaf, uint64_t values, std::span<const MergePlan::Source> sources,
                       const CodeStage& stage) {
  const bool has_one_group = std::ranges::all_of(
      sources, [&](const MergePlan::Source& source) { return inputs_[source.input].file().groups() == 1; });
  if (!has_one_group || stage.values().size() < 2) return;
  columns_.push_back({leaf, values, {sources.begin(), sources.end()}, stage.to_codes()});
}

bool EqualColumns::may_be_equal(const MergePlan::Source& a, const MergePlan::Source& b) const {
  if (a.input != b.input) return false;
  const BlockFile& file = inputs_[a.input].file();
  const auto& one = file.chunk(a.leaf, 0);
  const auto& other = file.chunk(b.leaf, 0);
  return one.encoding == ChunkEncoding::dictionary && other.encoding == ChunkEncoding::dictionary &&
         one.entries == other.entries && one.codec == other.codec && one.codes_ends == other.codes_ends &&
         file.leaves()[a.leaf].max_definition == file.leaves()[b.leaf].max_definition &&
         std::ranges::equal(
             one.page_offsets, other.page_offsets, {}, [&](uint64_t at) { return at - one.page_offsets[0]; },
             [&](uint64_t at) { return at - other.page_offsets[0]; });
}

// Asks the first page before the others are read.
Result<bool> EqualColumns::has_same_pages(const MergePlan::Source& a, const MergePlan::Source& b) const {
  const BlockFile& file = inputs_[a.input].file();
  const auto& one = file.chunk(a.leaf, 0).page_offsets;
  const auto& other = file.chunk(b.leaf, 0).page_offsets;
  const size_t pages = one.size() - 1;
  const std::array<std::pair<size_t, size_t>, 2> ranges = {{{0, std::min<size_t>(pages, 1)}, {1, pages}}};
  for (const auto& [begin, end] : ranges) {
    if (begin >= end) continue;
    ASSIGN_OR_RETURN(const std::string bytes, file.read(one[begin], one[end] - one[begin]));
    ASSIGN_OR_RETURN(const std::string other_bytes, file.read(other[begin], other[end] - other[begin]));
    if (bytes != other_bytes) return false;
  }
  return true;
}

// None when their values do not correspond to those of the other column.
Result<std::optional<std::string>> EqualColumns::entries(const Column& like, const Leaf& shape,
                                                         std::span<const MergePlan::Source> sources) const {
  ValueDictionary values;
  std::vector<uint32_t> by_code;
  for (size_t i = 0; i < sources.size(); ++i) {
    const std::vector<uint32_t>& to_code = like.to_code[i];
    if (to_code.empty()) continue;
    CodeMap map(inputs_[sources[i].input], sources[i].leaf, values);
    TRY(map.open(0));
    by_code.resize(to_code.size());
    std::iota(by_code.begin(), by_code.end(), 0U);
    std::ranges::sort(by_code, {}, [&](uint32_t entry) { return to_code[entry]; });
    const uint32_t base = inputs_[sources[i].input].file().chunk(sources[i].leaf, 0).code_base;
    for (uint32_t entry : by_code) {
      if (to_code[entry] == kNoCode) break;
      if (values.intern(map.entry(base + entry)) != to_code[entry]) return std::optional<std::string>();
    }
  }
  std::vector<uint32_t> all(values.size());
  std::iota(all.begin(), all.end(), 0U);
  return LeafWriter(shape, &values).plain_entries(all);
}

Result<std::optional<EqualColumns::Equal>> EqualColumns::find(const Leaf& shape,
                                                              std::span<const MergePlan::Source> sources) const {
  for (const Column& column : columns_) {
    bool same = column.sources.size() == sources.size();
    for (size_t i = 0; same && i < sources.size(); ++i) same = may_be_equal(column.sources[i], sources[i]);
    for (size_t i = 0; same && i < sources.size(); ++i) {
      ASSIGN_OR_RETURN(same, has_same_pages(column.sources[i], sources[i]));
    }
    if (!same) continue;
    ASSIGN_OR_RETURN(auto entries, this->entries(column, shape, sources));
    if (entries) return Equal{column.leaf, column.values, std::move(*entries)};
  }
  return std::optional<Equal>();
}

}  // namespace clew::store
