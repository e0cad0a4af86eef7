#include "store/block/residual_writer.h"

#include <algorithm>

#include "store/block/block_schema.h"
#include "store/block/map_text.h"

namespace clew::store {

ResidualWriter::Key& ResidualWriter::key_at(uint32_t key) {
  while (keys_.size() <= key) {
    Key& added = keys_.emplace_back();
    added.suffixed = ends_in_suffix(vocabulary_.key_at(static_cast<uint32_t>(keys_.size() - 1)).name);
    std::ranges::fill(added.name_of_type, kNoCode);
    counts_.push_back(0);
  }
  return keys_[key];
}

void ResidualWriter::add(uint32_t key, uint32_t code, bool first, ResidualElement& out) {
  Key& known = key_at(key);
  ++counts_[key];
  ValueView value = vocabulary_.values(key).at(code);
  KeyView view = vocabulary_.key_at(key);
  bool in_map = first && !known.suffixed && value.type != ValueType::none &&
                (has_exact_text(value) || value.type != ValueType::real);
  if (in_map) {
    uint32_t& name = known.name_of_type[static_cast<size_t>(value.type)];
    if (name == kNoCode) {
      std::string text = with_scope_ ? std::string(name_of(view.scope)) + "." : std::string();
      text += view.name;
      text += suffix_of(value.type);
      name = names_.intern(ValueView::of_string(text));
    }
    if (code >= known.value_of_code.size()) {
      known.value_of_code.resize(std::max<size_t>(code + 1, known.value_of_code.size() * 2), kNoCode);
    }
    uint32_t& text = known.value_of_code[code];
    if (text == kNoCode) text = values_.intern(ValueView::of_string(map_text(value)));
    out.names.push_back(name);
    out.values.push_back(text);
  }
  if (!in_map || !has_exact_text(value)) {
    if (!any_exact_) builder_.clear();
    any_exact_ = true;
    builder_.add(view.name, value);
  }
}

void ResidualWriter::end(ResidualElement& out) {
  if (any_exact_) out.exact = exact_.intern(ValueView::of_bytes(builder_.finish(ValueType::kvlist).text));
}

}  // namespace clew::store
