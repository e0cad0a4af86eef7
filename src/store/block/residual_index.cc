#include "store/block/residual_index.h"

#include <algorithm>

#include "column/nested.h"
#include "store/block/block_reads.h"
#include "store/block/map_text.h"

namespace clew::store {

Result<MapPage> read_map_page(const LeafPage& keys, const LeafPage& values, ResidualPlace place) {
  if (keys.repetition != values.repetition || keys.definition != values.definition) {
    return corrupt("the keys and values of a map do not belong together");
  }
  MapPage out;
  out.names = keys.codes;
  out.values = values.codes;
  const bool rows_are_elements = place == ResidualPlace::span;
  uint32_t elements = 0, entries = 0;
  for (size_t i = 0; i < keys.repetition.size(); ++i) {
    uint32_t repetition = keys.repetition[i];
    uint32_t definition = keys.definition[i];
    if (repetition == 0) out.row_begins.push_back(elements);
    if (rows_are_elements) {
      if (repetition == 0) {
        out.entry_begins.push_back(entries);
        ++elements;
      } else if (definition == 0) {
        return corrupt("a map's levels are impossible");
      }
      entries += definition;
      continue;
    }
    if ((repetition == 1 && definition == 0) || (repetition == 2 && definition != 2)) {
      return corrupt("a map's levels are impossible");
    }
    if (definition > 0 && repetition <= 1) {
      out.entry_begins.push_back(entries);
      ++elements;
    }
    if (repetition == 2 && (elements == out.row_begins.back())) return corrupt("a map's levels are impossible");
    entries += definition == 2 ? 1 : 0;
  }
  out.row_begins.push_back(elements);
  out.entry_begins.push_back(entries);
  if (out.names.size() != entries || out.values.size() != entries) return corrupt("a map's levels are impossible");
  return out;
}

Result<ResidualKey> residual_key(ResidualPlace place, std::string_view name) {
  if (place == ResidualPlace::event) return ResidualKey{Scope::event, name};
  if (place == ResidualPlace::link) return ResidualKey{Scope::link, name};
  for (Scope scope : {Scope::span, Scope::resource, Scope::instrumentation}) {
    std::string_view prefix = name_of(scope);
    if (name.size() > prefix.size() && name.starts_with(prefix) && name[prefix.size()] == '.') {
      return ResidualKey{scope, name.substr(prefix.size() + 1)};
    }
  }
  return corrupt("a residual attribute has no scope");
}

uint32_t find_key(const std::vector<KeyEntry>& keys, Scope scope, std::string_view name) {
  auto order = [](const KeyEntry& entry) { return std::pair(entry.scope, std::string_view(entry.name)); };
  auto found = std::ranges::lower_bound(keys, std::pair(scope, name), {}, order);
  if (found == keys.end() || found->scope != scope || found->name != name) return kNoCode;
  return static_cast<uint32_t>(found - keys.begin());
}

std::span<const ResidualCode> ResidualIndex::exact(uint32_t leaf, uint32_t code) const {
  auto found = exact_.find(leaf);
  if (found == exact_.end() || code >= found->second.size()) return {};
  return found->second[code];
}

Result<ResidualCode> ResidualIndex::add(BlockReads& reads, Scope scope, std::string_view key, ValueView value) {
  uint32_t number = find_key(reads.file().keys(), scope, key);
  if (number == kNoCode) return corrupt("a residual attribute is not in the key catalogue");
  ResidualCode out{number, static_cast<uint32_t>(values_[number].size())};
  values_[number].push_back(value);
  return out;
}

Status ResidualIndex::add_pair(BlockReads& reads, ResidualPlace place, uint32_t name, uint32_t value) {
  uint64_t pair = uint64_t{name} << 32 | value;
  if (pairs_.contains(pair)) return {};
  MapLeaves leaves = map_leaves(place);
  ASSIGN_OR_RETURN(ValueView name_text, reads.value(leaves.key, name));
  ASSIGN_OR_RETURN(ValueView value_text, reads.value(leaves.value, value));
  ASSIGN_OR_RETURN(ResidualKey key, residual_key(place, name_text.text));
  std::string owned;
  MapEntry entry = read_map_entry(key.key, value_text.text, owned);
  if (entry.malformed) return corrupt("a residual attribute's text is not of its type");
  if (!entry.value) {
    pairs_[pair] = {};
    return {};
  }
  ValueView view = *entry.value;
  view.text = texts_.copy(view.text);
  ASSIGN_OR_RETURN(pairs_[pair], add(reads, key.scope, entry.key, view));
  return {};
}

Status ResidualIndex::add_exact(BlockReads& reads, Scope scope, uint32_t leaf) {
  const BlockFile& file = reads.file();
  auto& codes = exact_[leaf];
  for (uint32_t group = 0; group < file.groups(); ++group) {
    ASSIGN_OR_RETURN(auto dictionary, read_dictionary(file, leaf, group));
    for (const ValueView& entry : dictionary->entries) {
      auto& list = codes.emplace_back();
      NestedReader reader({ValueType::kvlist, 0, texts_.copy(entry.text)});
      while (reader.next()) {
        ASSIGN_OR_RETURN(ResidualCode code, add(reads, scope, reader.key(), reader.value()));
        list.push_back(code);
      }
      if (!reader.ok()) return corrupt("an exact attribute list is malformed");
    }
  }
  return {};
}

size_t ResidualIndex::bytes() const {
  size_t total = texts_.allocated_bytes() + pairs_.capacity() * (sizeof(uint64_t) + sizeof(ResidualCode) + 1);
  total += values_.capacity() * sizeof(values_[0]);
  for (const auto& values : values_) total += values.capacity() * sizeof(ValueView);
  for (const auto& [leaf, lists] : exact_) {
    total += lists.capacity() * sizeof(lists[0]);
    for (const auto& list : lists) total += list.capacity() * sizeof(ResidualCode);
  }
  return total;
}

Result<std::unique_ptr<ResidualIndex>> ResidualIndex::scan(BlockReads& reads, ResidualPlace place) {
  const BlockFile& file = reads.file();
  auto out = std::make_unique<ResidualIndex>();
  out->values_.resize(file.keys().size());
  switch (place) {
    case ResidualPlace::span:
      TRY(out->add_exact(reads, Scope::span, kSpanExactLeaf));
      TRY(out->add_exact(reads, Scope::resource, kResourceExactLeaf));
      TRY(out->add_exact(reads, Scope::instrumentation, kInstrumentationExactLeaf));
      break;
    case ResidualPlace::event: TRY(out->add_exact(reads, Scope::event, kEventExactLeaf)); break;
    case ResidualPlace::link: TRY(out->add_exact(reads, Scope::link, kLinkExactLeaf)); break;
  }
  MapLeaves leaves = map_leaves(place);
  for (uint32_t page = 0; page < file.pages(); ++page) {
    uint32_t group = file.group_of_page(page);
    uint32_t number = file.page_in_group(page);
    auto read = [&](uint32_t leaf) -> Result<LeafPage> {
      const auto& chunk = file.chunk(leaf, group);
      uint64_t begin = chunk.page_offsets[number];
      ASSIGN_OR_RETURN(std::string bytes, file.read(begin, chunk.page_offsets[number + 1] - begin));
      return read_leaf_page(file, leaf, group, number, bytes);
    };
    ASSIGN_OR_RETURN(LeafPage names, read(leaves.key));
    if (names.codes.empty()) continue;
    ASSIGN_OR_RETURN(LeafPage values, read(leaves.value));
    if (names.codes.size() != values.codes.size())
      return corrupt("the keys and values of a map do not belong together");
    for (size_t i = 0; i < names.codes.size(); ++i) {
      TRY(out->add_pair(reads, place, names.codes[i], values.codes[i]));
    }
  }
  return out;
}

}  // namespace clew::store
