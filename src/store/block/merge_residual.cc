#include "store/block/merge_residual.h"

#include <algorithm>
#include <optional>

#include "base/check.h"
#include "column/nested.h"
#include "store/block/map_text.h"

namespace clew::store {
namespace {

struct MapName {
  uint32_t key = kNoCode;  // of the plan
  ValueType type = ValueType::string;
  std::string_view text;  // without scope, with suffix
};

Result<MapName> map_name(const MergePlan& plan, ResidualPlace place, std::string_view name) {
  ASSIGN_OR_RETURN(ResidualKey scoped, residual_key(place, name));
  MapName out;
  out.text = scoped.key;
  std::string_view key = scoped.key;
  for (ValueType type : {ValueType::array, ValueType::kvlist, ValueType::integer, ValueType::real, ValueType::boolean,
                         ValueType::bytes}) {
    if (!key.ends_with(suffix_of(type))) continue;
    out.type = type;
    key.remove_suffix(suffix_of(type).size());
    break;
  }
  out.key = plan.find(scoped.scope, key);
  if (out.key == kNoCode) return corrupt("a residual attribute is not in the key catalogue");
  return out;
}

bool is_for_the_eye(ValueType type) {
  return type == ValueType::array || type == ValueType::kvlist;
}

}  // namespace

uint32_t MergeResidual::name_of(const MergePlan::Key& key, ValueType type) {
  std::string text(clew::name_of(key.scope));
  text += '.';
  text += key.name;
  text += suffix_of(type);
  return names_.intern(ValueView::of_string(text));
}

Result<MergeResidual::Fate> MergeResidual::fate(std::string_view name, std::string_view value) {
  ASSIGN_OR_RETURN(MapName parsed, map_name(plan_, ResidualPlace::span, name));
  Fate out;
  out.key = parsed.key;
  const MergePlan::Key& key = plan_.keys()[parsed.key];
  if (key.has_columns() && !is_for_the_eye(parsed.type)) {
    std::string owned;
    MapEntry entry = read_map_entry(parsed.text, value, owned);
    if (entry.malformed || !entry.value) return corrupt("a residual attribute's text is not of its type");
    if (key.leaf_of(*entry.value) != kNoLeaf) {
      out.promoted = *entry.value;
      out.promoted.text = texts_.copy(entry.value->text);
      return out;
    }
  }
  out.name = names_.intern(ValueView::of_string(name));
  out.value = values_.intern(ValueView::of_string(value));
  return out;
}

Status MergeResidual::add_map(const MergeInput& input, const PagedPieces& pieces) {
  ValueDictionary unused;
  CodeMap names(input, kResidualKeyLeaf, unused);
  CodeMap values(input, kResidualValueLeaf, unused);
  absl::flat_hash_map<uint64_t, Fate> fates;
  return input.scan(kResidualKeyLeaf, pieces,
                    [&](uint32_t number, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
                      if (page.codes.empty()) return {};
                      ASSIGN_OR_RETURN(LeafPage value_page, input.page(kResidualValueLeaf, number));
                      ASSIGN_OR_RETURN(MapPage map, read_map_page(page, value_page, ResidualPlace::span));
                      TRY(names.open(number));
                      TRY(values.open(number));
                      for (const MergePiece& piece : of_page) {
                        for (uint32_t row = piece.row; row < piece.row + piece.rows; ++row) {
                          uint32_t out = piece.out + row - piece.row;
                          for (uint32_t i = map.entry_begins[row]; i < map.entry_begins[row + 1]; ++i) {
                            auto [found, fresh] = fates.try_emplace(uint64_t{map.names[i]} << 32 | map.values[i]);
                            if (fresh) {
                              ASSIGN_OR_RETURN(found->second,
                                               fate(names.entry(map.names[i]).text, values.entry(map.values[i]).text));
                            }
                            const Fate& fate = found->second;
                            if (fate.name == kNoCode) {
                              promoted_[fate.key].push_back({out, fate.promoted});
                            } else {
                              entries_.push_back({out, fate.name, fate.value});
                            }
                          }
                        }
                      }
                      return {};
                    });
}

Status MergeResidual::demote(const MergeInput& input, uint32_t leaf, uint32_t key, const PagedPieces& pieces) {
  ValueDictionary values;
  CodeMap map(input, leaf, values);
  std::vector<uint32_t> name_of_code, value_of_code;
  const MergePlan::Key& of = plan_.keys()[key];
  return input.scan(leaf, pieces,
                    [&](uint32_t number, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
                      if (std::ranges::all_of(page.codes, [](uint32_t code) { return code == kNoCode; })) return {};
                      TRY(map.open(number));
                      for (const MergePiece& piece : of_page) {
                        for (uint32_t i = 0; i < piece.rows; ++i) {
                          uint32_t code = map(page.codes[piece.row + i]);
                          if (code == kNoCode) continue;
                          ValueView value = values.at(code);
                          if (!has_exact_text(value)) {
                            exact_.push_back({piece.out + i, key, value});
                            continue;
                          }
                          if (code >= name_of_code.size()) {
                            name_of_code.resize(values.size(), kNoCode);
                            value_of_code.resize(values.size(), kNoCode);
                          }
                          if (name_of_code[code] == kNoCode) {
                            name_of_code[code] = name_of(of, value.type);
                            value_of_code[code] = values_.intern(ValueView::of_string(map_text(value)));
                          }
                          entries_.push_back({piece.out + i, name_of_code[code], value_of_code[code]});
                        }
                      }
                      return {};
                    });
}

Status MergeResidual::add(const MergeInput& input, uint32_t number, const PagedPieces& pieces) {
  TRY(add_map(input, pieces));
  for (uint32_t key = 0; key < plan_.keys().size(); ++key) {
    const MergePlan::Key& of = plan_.keys()[key];
    if (of.has_columns()) continue;
    for (const MergePlan::Source& source : of.sources) {
      if (source.input == number) TRY(demote(input, source.leaf, key, pieces));
    }
  }
  return {};
}

std::span<const MergeResidual::Promoted> MergeResidual::promoted(uint32_t key) const {
  auto found = promoted_.find(key);
  return found == promoted_.end() ? std::span<const Promoted>() : std::span<const Promoted>(found->second);
}

void MergeResidual::add_exact(Scope scope, CodeStage& exact) const {
  std::string bytes;
  for (const Exact& added : exact_) {
    const MergePlan::Key& key = plan_.keys()[added.key];
    if (key.scope != scope) continue;
    NestedBuilder list;
    list.add(key.name, added.value);
    if (uint32_t code = exact.code(added.row); code != kNoCode) {
      for (NestedReader reader({ValueType::kvlist, 0, exact.values().at(code).text}); reader.next();) {
        list.add(reader.key(), reader.value());
      }
    }
    exact.set(added.row, ValueView::of_bytes(list.finish(ValueType::kvlist).text));
  }
}

void MergeResidual::write(LeafWriter& names, LeafWriter& values, uint32_t page_rows) {
  std::ranges::stable_sort(entries_, {}, &Entry::row);
  std::vector<uint32_t> repetition, definition, name_codes, value_codes;
  size_t next = 0;
  for (uint32_t begin = 0; begin < rows_; begin += page_rows) {
    uint32_t end = begin + std::min(page_rows, rows_ - begin);
    if (next == entries_.size() || entries_[next].row >= end) {
      names.no_lists(end - begin);
      values.no_lists(end - begin);
      continue;
    }
    for (auto* codes : {&repetition, &definition, &name_codes, &value_codes}) codes->clear();
    for (uint32_t row = begin; row < end; ++row) {
      repetition.push_back(0);
      definition.push_back(next < entries_.size() && entries_[next].row == row ? 1 : 0);
      for (bool first = true; next < entries_.size() && entries_[next].row == row; ++next, first = false) {
        if (!first) {
          repetition.push_back(1);
          definition.push_back(1);
        }
        name_codes.push_back(entries_[next].name);
        value_codes.push_back(entries_[next].value);
      }
    }
    Levels levels{repetition, definition};
    names.codes(levels, name_codes);
    values.codes(levels, value_codes);
  }
}

void MergeResidual::count(std::vector<uint64_t>& residual) const {
  std::vector<uint64_t> uses(names_.size());
  for (const Entry& entry : entries_) ++uses[entry.name];
  // Every name here is of the plan: it came through map_name(), or from a key.
  Status counted = count_map_names(plan_, ResidualPlace::span, names_, uses, residual);
  CHECK(counted.has_value());
}

Status count_map_names(const MergePlan& plan, ResidualPlace place, const ValueDictionary& names,
                       std::span<const uint64_t> uses, std::vector<uint64_t>& counts) {
  for (uint32_t code = 0; code < names.size(); ++code) {
    ASSIGN_OR_RETURN(MapName name, map_name(plan, place, names.at(code).text));
    // The exact column has them too.
    if (!is_for_the_eye(name.type)) counts[name.key] += uses[code];
  }
  return {};
}

Status count_exact(const MergePlan& plan, Scope scope, const ValueDictionary& lists, std::span<const uint64_t> uses,
                   std::vector<uint64_t>& counts) {
  for (uint32_t code = 0; code < lists.size(); ++code) {
    NestedReader reader({ValueType::kvlist, 0, lists.at(code).text});
    while (reader.next()) {
      uint32_t key = plan.find(scope, reader.key());
      if (key == kNoCode) return corrupt("an exact attribute is not in the key catalogue");
      counts[key] += uses[code];
    }
    if (!reader.ok()) return corrupt("an exact attribute list is malformed");
  }
  return {};
}

}  // namespace clew::store
