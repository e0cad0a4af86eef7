#include "store/block/merge_plan.h"

#include <algorithm>
#include <tuple>

namespace clew::store {
namespace {

std::string scoped_name(Scope scope, std::string_view name) {
  std::string out(1, static_cast<char>(scope));
  out += name;
  return out;
}

bool is_nested(Scope scope) {
  return scope == Scope::event || scope == Scope::link;
}

}  // namespace

uint32_t MergePlan::Key::leaf_of(ValueView value) const {
  auto of = [&](ColumnType type) { return leaf_of_type[static_cast<size_t>(type)]; };
  auto type = column_type(value, of(ColumnType::uuid) != kNoLeaf, of(ColumnType::hex) != kNoLeaf);
  return type ? of(*type) : kNoLeaf;
}

MergePlan::MergePlan(std::span<const MergeInput> inputs) {
  collect(inputs);
  uint64_t rows = 0;
  uint64_t bytes = 0;
  for (const MergeInput& input : inputs) {
    rows += input.file().rows();
    bytes += input.file().size();
  }
  choose(rows, bytes);
}

void MergePlan::collect(std::span<const MergeInput> inputs) {
  for (uint32_t input = 0; input < inputs.size(); ++input) {
    const BlockFile& file = inputs[input].file();
    for (const KeyEntry& entry : file.keys()) {
      auto [found, fresh] = by_name_.emplace(scoped_name(entry.scope, entry.name), static_cast<uint32_t>(keys_.size()));
      if (fresh) {
        Key& added = keys_.emplace_back();
        added.scope = entry.scope;
        added.name = entry.name;
      }
      Key& key = keys_[found->second];
      key.occurrences += entry.occurrences;
      for (const KeyEntry::Column& column : entry.columns) {
        key.sources.push_back({input, column.leaf});
        if (std::ranges::find(key.types, column.type) == key.types.end()) key.types.push_back(column.type);
        for (uint32_t group = 0; group < file.groups(); ++group) {
          const auto& chunk = file.chunk(column.leaf, group);
          key.stored_bytes += chunk.page_offsets.back() - chunk.dictionary_offset;
        }
      }
    }
  }
}

void MergePlan::choose(uint64_t rows, uint64_t bytes) {
  absl::flat_hash_map<std::string, uint32_t> folded;
  for (const Key& key : keys_) {
    if (!is_nested(key.scope)) ++folded[folded_key(key.scope, key.name)];
  }
  std::vector<uint32_t> chosen;
  for (uint32_t i = 0; i < keys_.size(); ++i) {
    Key& key = keys_[i];
    bool worth = key.occurrences * kColumnRowsShare >= rows || key.stored_bytes * kColumnBytesShare >= bytes;
    if (key.has_columns() && worth && folded[folded_key(key.scope, key.name)] == 1) {
      chosen.push_back(i);
    } else {
      key.types.clear();
    }
  }
  std::ranges::sort(chosen, {}, [&](uint32_t i) {
    return std::tuple(~keys_[i].occurrences, keys_[i].scope, std::string_view(keys_[i].name));
  });
  size_t columns = 0;
  std::erase_if(chosen, [&](uint32_t i) {
    bool fits = columns + keys_[i].types.size() <= kMaxAttributeColumns;
    if (fits) {
      columns += keys_[i].types.size();
    } else {
      keys_[i].types.clear();
    }
    return !fits;
  });
  std::ranges::sort(chosen, {},
                    [&](uint32_t i) { return std::tuple(keys_[i].scope, std::string_view(keys_[i].name)); });
  for (uint32_t i : chosen) {
    Key& key = keys_[i];
    std::ranges::sort(key.types);
    for (ColumnType type : key.types) {
      key.leaf_of_type[static_cast<size_t>(type)] = static_cast<uint32_t>(kFixedLeaves + leaves_.size());
      leaves_.push_back(attribute_leaf(key.scope, key.name, type));
    }
  }
  column_keys_ = std::move(chosen);
}

uint32_t MergePlan::find(Scope scope, std::string_view name) const {
  auto found = by_name_.find(scoped_name(scope, name));
  return found == by_name_.end() ? kNoCode : found->second;
}

}  // namespace clew::store
