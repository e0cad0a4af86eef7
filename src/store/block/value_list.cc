#include "store/block/value_list.h"

#include <cstring>

#include "base/bytes.h"
#include "base/hex.h"

namespace clew::store {

Result<std::unique_ptr<ValueList>> ValueList::make(LeafKind kind, std::string stored, parquet::OpenPage page,
                                                   size_t offset, size_t count) {
  auto out = std::make_unique<ValueList>();
  out->kind_ = kind;
  out->width_ = fixed_width(kind);
  out->count_ = static_cast<uint32_t>(count);
  if (page.owned.data) {
    out->owned_ = std::move(page.owned);
    out->bytes_ = out->owned_.view();
  } else {
    out->stored_ = std::move(stored);
    out->bytes_ = std::string_view(out->stored_).substr(page.total_bytes - page.payload.size(), page.payload.size());
  }
  out->bytes_.remove_prefix(offset);
  const std::string_view bytes = out->bytes_;
  if (out->width_ != 0) {
    if (bytes.size() / out->width_ != count || bytes.size() % out->width_ != 0) {
      return corrupt("fixed-width values do not fill their page");
    }
    return out;
  }
  if (count > bytes.size() / sizeof(uint32_t)) return corrupt("there are fewer byte arrays than announced");
  out->begins_.reserve(count + 1);
  ByteReader reader(bytes);
  for (size_t i = 0; i < count; ++i) {
    auto length = reader.fixed<uint32_t>();
    out->begins_.push_back(static_cast<uint32_t>(reader.position()));
    reader.take(length);
  }
  out->begins_.push_back(static_cast<uint32_t>(reader.position() + sizeof(uint32_t)));
  if (!reader.ok() || !reader.at_end()) return corrupt("byte arrays do not fill their page");
  return out;
}

ValueView ValueList::view(uint32_t at, Arena* texts) const {
  std::string_view bytes = stored(at);
  auto number = [&] {
    uint64_t value = 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return value;
  };
  switch (kind_) {
    case LeafKind::text: return ValueView::of_string(bytes);
    case LeafKind::real: return {ValueType::real, number(), {}};
    case LeafKind::integer:
    case LeafKind::timestamp:
    case LeafKind::int32:
    case LeafKind::uint32:
    case LeafKind::single: return {ValueType::integer, number(), {}};
    case LeafKind::uuid: {
      std::string text;
      append_uuid_text(text, bytes);
      return ValueView::of_string(texts->copy(text));
    }
    case LeafKind::hex: {
      std::string text;
      append_hex(text, bytes);
      return ValueView::of_string(texts->copy(text));
    }
    case LeafKind::bytes:
    case LeafKind::boolean:
    case LeafKind::fixed8:
    case LeafKind::fixed16: break;
  }
  return ValueView::of_bytes(bytes);
}

std::optional<std::string> stored_form(LeafKind kind, ValueView value) {
  std::string packed;
  auto scalar = [&] { return std::string(reinterpret_cast<const char*>(&value.scalar), sizeof value.scalar); };
  switch (kind) {
    case LeafKind::text:
      if (value.type != ValueType::string) return {};
      return std::string(value.text);
    case LeafKind::bytes:
      if (value.type != ValueType::bytes) return {};
      return std::string(value.text);
    case LeafKind::integer:
      if (value.type != ValueType::integer) return {};
      return scalar();
    case LeafKind::real:
      if (value.type != ValueType::real) return {};
      return scalar();
    case LeafKind::uuid:
      if (value.type != ValueType::string || !is_uuid_text(value.text)) return {};
      append_packed_hex(packed, value.text);
      return packed;
    case LeafKind::hex:
      if (value.type != ValueType::string || !is_hex_text(value.text)) return {};
      append_packed_hex(packed, value.text);
      return packed;
    default: return {};
  }
}

}  // namespace clew::store
