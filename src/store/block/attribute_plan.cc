#include "store/block/attribute_plan.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <tuple>

#include "column/nested_records.h"

namespace clew::store {
namespace {

constexpr uint64_t kMinTexts = 16;  // so many texts before a UUID or hex column is worth it

bool has_letter(std::string_view hex) {
  return std::ranges::any_of(hex, [](char c) { return c >= 'a'; });
}

}  // namespace

std::optional<ColumnType> column_type(ValueView value, bool with_uuid, bool with_hex) {
  switch (value.type) {
    case ValueType::string:
      if (with_uuid && is_uuid_text(value.text)) return ColumnType::uuid;
      if (with_hex && is_hex_text(value.text)) return ColumnType::hex;
      return ColumnType::text;
    case ValueType::integer: return ColumnType::integer;
    case ValueType::real: return ColumnType::real;
    case ValueType::boolean: return ColumnType::boolean;
    case ValueType::bytes: return ColumnType::bytes;
    default: return {};
  }
}

std::string folded_key(Scope scope, std::string_view key) {
  std::string out = attribute_column_name(scope, key, ColumnType::text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

AttributePlan::AttributePlan(const SpanTable& table, const TraceOrder& order)
    : table_(table), keys_(table.vocabulary.key_count()) {
  const Vocabulary& vocabulary = table.vocabulary;
  shape_rows_.resize(vocabulary.shapes.size());
  resource_rows_.resize(vocabulary.resources.size());
  scope_rows_.resize(vocabulary.scopes.size());
  count(order);
  for (uint32_t key = 0; key < keys_.size(); ++key) {
    if (keys_[key].rows > 0) look_at_values(key);
  }
  refuse_ambiguous_names();
  choose(order.rows.size());
  for (uint32_t key = 0; key < keys_.size(); ++key) assign_codes(key);

  shape_steps_.resize(vocabulary.shapes.size());
  shape_residual_.resize(vocabulary.shapes.size());
  for (uint32_t shape = 0; shape < shape_steps_.size(); ++shape) {
    if (shape_rows_[shape] == 0) continue;
    auto keys = vocabulary.shapes.at(shape);
    for (size_t i = 0; i < keys.size(); ++i) {
      bool first = std::find(keys.begin(), keys.begin() + static_cast<ptrdiff_t>(i), keys[i]) ==
                   keys.begin() + static_cast<ptrdiff_t>(i);
      AttributeStep step = step_of(keys[i], first);
      shape_steps_[shape].push_back(step);
      if (step.leaf == kNoLeaf) shape_residual_[shape] = true;
    }
  }
}

AttributeStep AttributePlan::step_of(uint32_t key, bool first) const {
  AttributeStep step;
  step.key = key;
  step.first = first;
  if (!first) return step;
  step.leaf = keys_[key].only_leaf;
  step.by_code = !keys_[key].leaf_of_code.empty();
  return step;
}

void AttributePlan::count(const TraceOrder& order) {
  const Vocabulary& vocabulary = table_.vocabulary;
  for (uint32_t row : order.rows) {
    ++shape_rows_[table_.shape(row)];
    ++resource_rows_[table_.resource(row)];
    ++scope_rows_[table_.scope(row)];
    if (table_.bits(row) & kHasNested) count_nested(row);
  }
  auto add = [&](std::span<const uint32_t> words, size_t from, size_t step, uint64_t rows) {
    for (size_t i = from; i + step <= words.size(); i += step) {
      Key& key = keys_[words[i]];
      key.occurrences += rows;
      key.rows += rows;
    }
  };
  for (uint32_t i = 0; i < shape_rows_.size(); ++i) {
    if (shape_rows_[i] > 0) add(vocabulary.shapes.at(i), 0, 1, shape_rows_[i]);
  }
  for (uint32_t i = 0; i < resource_rows_.size(); ++i) {
    if (resource_rows_[i] > 0) add(vocabulary.resources.at(i), kResourcePairs, 2, resource_rows_[i]);
  }
  for (uint32_t i = 0; i < scope_rows_.size(); ++i) {
    if (scope_rows_[i] > 0) add(vocabulary.scopes.at(i), kScopePairs, 2, scope_rows_[i]);
  }
}

void AttributePlan::count_nested(uint32_t row) {
  const auto& shapes = table_.vocabulary.shapes;
  auto add = [&](uint32_t shape) {
    for (uint32_t key : shapes.at(shape)) ++keys_[key].occurrences;
  };
  walk_nested(
      table_.words(row).subspan(shapes.at(table_.shape(row)).size()), shapes,
      [&](const EventRecord& event) { add(event.shape); }, [&](const LinkRecord& link) { add(link.shape); });
}

// Types and sizes from the dictionary, not from the rows: each value is looked at once.
void AttributePlan::look_at_values(uint32_t key) {
  Key& plan = keys_[key];
  const ValueDictionary& values = table_.vocabulary.values(key);
  uint64_t texts = 0, uuids = 0, hexes = 0, text_bytes = 0, others = 0;
  bool of_type[kColumnTypes] = {};
  for (uint32_t code = 0; code < values.size(); ++code) {
    ValueView value = values.at(code);
    text_bytes += value.text.size() + sizeof(uint32_t);
    auto type = column_type(value, false, false);
    if (!type) {
      ++others;
      continue;
    }
    if (*type == ColumnType::text) {
      ++texts;
      if (is_uuid_text(value.text)) {
        ++uuids;
      } else if (is_hex_text(value.text) && has_letter(value.text)) {
        ++hexes;
      }
    }
    of_type[static_cast<size_t>(*type)] = true;
    ++plan.entries_of_type[static_cast<size_t>(*type)];
  }
  bool with_uuid = texts >= kMinTexts && uuids * 2 >= texts;
  bool with_hex = texts >= kMinTexts && hexes * 2 >= texts;
  of_type[static_cast<size_t>(ColumnType::uuid)] = with_uuid;
  of_type[static_cast<size_t>(ColumnType::hex)] = with_hex;
  if (with_uuid && uuids == texts) of_type[static_cast<size_t>(ColumnType::text)] = false;
  plan.entries_of_type[static_cast<size_t>(ColumnType::uuid)] = uuids;
  plan.entries_of_type[static_cast<size_t>(ColumnType::hex)] = hexes;
  for (size_t type = 0; type < kColumnTypes; ++type) {
    if (of_type[type]) plan.types.push_back(static_cast<ColumnType>(type));
  }
  plan.value_bytes = values.size() == 0 ? 0 : plan.rows * text_bytes / values.size();
  plan.is_uniform = plan.types.size() == 1 && others == 0;
  plan.may_have_columns = !plan.types.empty() && !ends_in_suffix(table_.vocabulary.key_at(key).name);
}

void AttributePlan::refuse_ambiguous_names() {
  absl::flat_hash_map<std::string, uint32_t> seen;
  for (uint32_t key = 0; key < keys_.size(); ++key) {
    if (keys_[key].rows == 0) continue;
    KeyView view = table_.vocabulary.key_at(key);
    auto [found, fresh] = seen.emplace(folded_key(view.scope, view.name), key);
    if (fresh) continue;
    keys_[key].may_have_columns = false;
    keys_[found->second].may_have_columns = false;
  }
}

void AttributePlan::choose(uint64_t rows) {
  uint64_t all_bytes = 0;
  for (const Key& key : keys_) all_bytes += key.value_bytes;
  std::vector<uint32_t> chosen;
  for (uint32_t key = 0; key < keys_.size(); ++key) {
    const Key& plan = keys_[key];
    if (!plan.may_have_columns || plan.rows == 0) continue;
    if (plan.rows * kColumnRowsShare >= rows || plan.value_bytes * kColumnBytesShare >= all_bytes)
      chosen.push_back(key);
  }
  std::ranges::sort(chosen, {}, [&](uint32_t key) {
    KeyView view = table_.vocabulary.key_at(key);
    return std::tuple(~keys_[key].rows, view.scope, view.name);
  });
  size_t columns = 0;
  std::erase_if(chosen, [&](uint32_t key) {
    if (columns + keys_[key].types.size() > kMaxAttributeColumns) return true;
    columns += keys_[key].types.size();
    return false;
  });
  // In the file by name: equal blocks for equal spans, and a schema that people find their way in.
  std::ranges::sort(chosen, {}, [&](uint32_t key) {
    KeyView view = table_.vocabulary.key_at(key);
    return std::tuple(view.scope, view.name);
  });
  for (uint32_t key : chosen) {
    Key& plan = keys_[key];
    KeyView view = table_.vocabulary.key_at(key);
    for (ColumnType type : plan.types) {
      auto leaf = static_cast<uint32_t>(kFixedLeaves + leaves_.size());
      plan.leaf_of_type[static_cast<size_t>(type)] = leaf;
      bool may_be_plain = is_mostly_distinct(plan.entries_of_type[static_cast<size_t>(type)], plan.rows);
      leaves_.push_back({attribute_leaf(view.scope, view.name, type), key, type, may_be_plain});
    }
  }
}

void AttributePlan::assign_codes(uint32_t key) {
  Key& plan = keys_[key];
  const ValueDictionary& values = table_.vocabulary.values(key);
  auto leaf_of = [&](ColumnType type) { return plan.leaf_of_type[static_cast<size_t>(type)]; };
  if (std::ranges::all_of(plan.leaf_of_type, [](uint32_t leaf) { return leaf == kNoLeaf; })) return;
  if (plan.is_uniform) {
    plan.only_leaf = leaf_of(plan.types[0]);
    return;
  }
  bool with_uuid = leaf_of(ColumnType::uuid) != kNoLeaf;
  bool with_hex = leaf_of(ColumnType::hex) != kNoLeaf;
  std::vector<uint32_t> leaves(values.size(), kNoLeaf);
  for (uint32_t code = 0; code < leaves.size(); ++code) {
    ValueView value = values.at(code);
    if (auto type = column_type(value, with_uuid, with_hex)) leaves[code] = leaf_of(*type);
  }
  plan.leaf_of_code = std::move(leaves);
}

std::vector<KeyEntry> AttributePlan::catalogue(std::span<const uint64_t> residual) const {
  std::vector<KeyEntry> out;
  for (uint32_t key = 0; key < keys_.size(); ++key) {
    const Key& plan = keys_[key];
    if (plan.occurrences == 0) continue;
    KeyView view = table_.vocabulary.key_at(key);
    KeyEntry entry{view.scope, std::string(view.name), plan.occurrences, residual[key], {}};
    for (size_t type = 0; type < kColumnTypes; ++type) {
      if (plan.leaf_of_type[type] != kNoLeaf) {
        entry.columns.push_back({static_cast<ColumnType>(type), plan.leaf_of_type[type]});
      }
    }
    out.push_back(std::move(entry));
  }
  std::ranges::sort(out, {}, [](const KeyEntry& key) { return std::tuple(key.scope, std::string_view(key.name)); });
  return out;
}

}  // namespace clew::store
