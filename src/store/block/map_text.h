// An attribute's value as the text of a map (docs/internals/block.md §4), and back.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "column/value.h"

namespace clew::store {

// True when the value has a text that restores it exactly. Arrays, lists, nothing and odd NaNs have not.
bool has_exact_text(ValueView value);

// Precondition: the value is not `none`. Arrays and lists as JSON.
std::string map_text(ValueView value);

// What a map's entry says; none for :array and :kvlist, which are for the eye only. `owned` may get the bytes that the
// value views. malformed() when the text is not of its suffix's form.
struct MapEntry {
  std::string_view key;  // without suffix
  std::optional<ValueView> value;
  bool malformed = false;
};
MapEntry read_map_entry(std::string_view name, std::string_view text, std::string& owned);

}  // namespace clew::store
