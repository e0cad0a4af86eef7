#include "store/block/block_schema.h"

#include <array>
#include <cstring>
#include <utility>

#include "base/bytes.h"
#include "base/hex.h"

namespace clew::store {
namespace {

using parquet::LogicalType;
using parquet::PhysicalType;
using parquet::Repetition;
using parquet::SchemaElement;

constexpr std::string_view kSuffixes[] = {":int", ":double", ":bool", ":bytes", ":uuid", ":hex", ":array", ":kvlist"};
constexpr size_t kUuidTextBytes = 36;
constexpr size_t kMinHexBytes = 16;

bool is_lower_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

LogicalType logical_type(LeafKind kind) {
  switch (kind) {
    case LeafKind::text: return LogicalType::string;
    case LeafKind::uint32: return LogicalType::uint32;
    case LeafKind::timestamp: return LogicalType::timestamp_ns;
    default: return LogicalType::none;
  }
}

std::vector<Leaf> make_fixed_leaves() {
  std::vector<Leaf> out(kFixedLeaves);
  auto flat = [&](FixedLeaf leaf, std::string name, LeafKind kind, bool optional = false) {
    out[leaf] = {{std::move(name)}, kind, static_cast<uint8_t>(optional), 0};
  };
  flat(kTraceIdLeaf, "trace_id", LeafKind::fixed16);
  flat(kSpanIdLeaf, "span_id", LeafKind::fixed8);
  flat(kParentIdLeaf, "parent_span_id", LeafKind::fixed8, true);
  flat(kParentRowLeaf, "parent_row", LeafKind::int32, true);
  flat(kStartLeaf, "start", LeafKind::timestamp);
  flat(kDurationLeaf, "duration_ns", LeafKind::integer);
  flat(kEndBeforeStartLeaf, "end_before_start", LeafKind::timestamp, true);
  flat(kReceivedLeaf, "received", LeafKind::timestamp);
  flat(kNameLeaf, "name", LeafKind::text);
  flat(kKindLeaf, "kind", LeafKind::text);
  flat(kStatusLeaf, "status", LeafKind::text);
  flat(kStatusMessageLeaf, "status_message", LeafKind::text);
  flat(kTraceStateLeaf, "trace_state", LeafKind::text);
  flat(kFlagsLeaf, "flags", LeafKind::uint32);
  flat(kDroppedAttributesLeaf, "dropped_attributes", LeafKind::uint32);
  flat(kDroppedEventsLeaf, "dropped_events", LeafKind::uint32);
  flat(kDroppedLinksLeaf, "dropped_links", LeafKind::uint32);
  flat(kBitsLeaf, "bits", LeafKind::uint32);
  flat(kWeightLeaf, "weight", LeafKind::single);
  flat(kScopeNameLeaf, "scope_name", LeafKind::text);
  flat(kScopeVersionLeaf, "scope_version", LeafKind::text);
  flat(kScopeSchemaLeaf, "scope_schema_url", LeafKind::text);
  flat(kScopeDroppedLeaf, "scope_dropped_attributes", LeafKind::uint32);
  flat(kResourceSchemaLeaf, "resource_schema_url", LeafKind::text);
  flat(kResourceDroppedLeaf, "resource_dropped_attributes", LeafKind::uint32);
  flat(kEntityRefsLeaf, "resource_entity_refs", LeafKind::bytes);
  flat(kSpanExactLeaf, "span_exact", LeafKind::bytes, true);
  flat(kResourceExactLeaf, "resource_exact", LeafKind::bytes, true);
  flat(kInstrumentationExactLeaf, "instrumentation_exact", LeafKind::bytes, true);

  out[kResidualKeyLeaf] = {{"residual", "key_value", "key"}, LeafKind::text, 1, 1};
  out[kResidualValueLeaf] = {{"residual", "key_value", "value"}, LeafKind::text, 1, 1};

  auto element = [&](FixedLeaf leaf, const char* list, const char* name, LeafKind kind, uint8_t definition) {
    out[leaf] = {{list, "list", "element", name}, kind, definition, 1};
  };
  auto map = [&](FixedLeaf key, FixedLeaf value, const char* list) {
    out[key] = {{list, "list", "element", "attributes", "key_value", "key"}, LeafKind::text, 2, 2};
    out[value] = {{list, "list", "element", "attributes", "key_value", "value"}, LeafKind::text, 2, 2};
  };
  element(kEventTimeLeaf, "events", "since_start_ns", LeafKind::integer, 1);
  element(kEventNameLeaf, "events", "name", LeafKind::text, 1);
  element(kEventDroppedLeaf, "events", "dropped_attributes", LeafKind::uint32, 1);
  map(kEventKeyLeaf, kEventValueLeaf, "events");
  element(kEventExactLeaf, "events", "exact", LeafKind::bytes, 2);
  element(kLinkTraceLeaf, "links", "trace_id", LeafKind::fixed16, 1);
  element(kLinkSpanLeaf, "links", "span_id", LeafKind::fixed8, 1);
  element(kLinkStateLeaf, "links", "trace_state", LeafKind::text, 1);
  element(kLinkFlagsLeaf, "links", "flags", LeafKind::uint32, 1);
  element(kLinkDroppedLeaf, "links", "dropped_attributes", LeafKind::uint32, 1);
  map(kLinkKeyLeaf, kLinkValueLeaf, "links");
  element(kLinkExactLeaf, "links", "exact", LeafKind::bytes, 2);
  return out;
}

SchemaElement group(std::string_view name, Repetition repetition, int children,
                    LogicalType logical = LogicalType::none) {
  SchemaElement out;
  out.name = name;
  out.repetition = repetition;
  out.children = children;
  out.logical = logical;
  return out;
}

SchemaElement leaf_element(const Leaf& leaf, bool optional) {
  SchemaElement out;
  out.name = leaf.path.back();
  out.type = physical_type(leaf.kind);
  out.type_length = static_cast<int32_t>(fixed_width(leaf.kind));
  if (out.type != PhysicalType::fixed_byte_array) out.type_length = 0;
  out.repetition = optional ? Repetition::optional : Repetition::required;
  out.logical = logical_type(leaf.kind);
  return out;
}

void append_map(std::vector<SchemaElement>& out, std::string_view name, const Leaf& key, const Leaf& value) {
  out.push_back(group(name, Repetition::required, 1, LogicalType::map));
  out.push_back(group("key_value", Repetition::repeated, 2));
  out.push_back(leaf_element(key, false));
  out.push_back(leaf_element(value, false));
}

// A list of structs whose leaves are numbered in a row: plain ones, then a map's key and value, then the exact column.
void append_list(std::vector<SchemaElement>& out, std::string_view name, uint32_t first, uint32_t key) {
  const auto& leaves = fixed_leaves();
  out.push_back(group(name, Repetition::required, 1, LogicalType::list));
  out.push_back(group("list", Repetition::repeated, 1));
  out.push_back(group("element", Repetition::required, static_cast<int>(key - first) + 2));
  for (uint32_t leaf = first; leaf < key; ++leaf) out.push_back(leaf_element(leaves[leaf], false));
  append_map(out, "attributes", leaves[key], leaves[key + 1]);
  out.push_back(leaf_element(leaves[key + 2], true));
}

// Eight lower-case digits as four bytes: letters are 9 more than their low bits, then pairs are drawn together.
uint32_t packed_digits(const char* digits) {
  uint64_t word;
  std::memcpy(&word, digits, sizeof word);
  word = (word & 0x0f0f0f0f0f0f0f0fULL) + 9 * (word >> 6 & 0x0101010101010101ULL);
  word = (word << 4 | word >> 8) & 0x00ff00ff00ff00ffULL;
  word = (word | word >> 8) & 0x0000ffff0000ffffULL;
  return static_cast<uint32_t>(word | word >> 16);
}

}  // namespace

LeafKind leaf_kind(ColumnType type) {
  switch (type) {
    case ColumnType::text: return LeafKind::text;
    case ColumnType::integer: return LeafKind::integer;
    case ColumnType::real: return LeafKind::real;
    case ColumnType::boolean: return LeafKind::boolean;
    case ColumnType::bytes: return LeafKind::bytes;
    case ColumnType::uuid: return LeafKind::uuid;
    case ColumnType::hex: return LeafKind::hex;
  }
  return LeafKind::text;
}

const std::vector<Leaf>& fixed_leaves() {
  static const std::vector<Leaf> leaves = make_fixed_leaves();
  return leaves;
}

std::string_view suffix_of(ColumnType type) {
  return type == ColumnType::text ? std::string_view{} : kSuffixes[static_cast<size_t>(type) - 1];
}

std::string_view suffix_of(ValueType type) {
  switch (type) {
    case ValueType::integer: return ":int";
    case ValueType::real: return ":double";
    case ValueType::boolean: return ":bool";
    case ValueType::bytes: return ":bytes";
    case ValueType::array: return ":array";
    case ValueType::kvlist: return ":kvlist";
    case ValueType::none:
    case ValueType::string: return {};
  }
  return {};
}

bool ends_in_suffix(std::string_view key) {
  for (std::string_view suffix : kSuffixes) {
    if (key.ends_with(suffix)) return true;
  }
  return false;
}

std::string attribute_column_name(Scope scope, std::string_view key, ColumnType type) {
  std::string out(name_of(scope));
  out += '.';
  out += key;
  out += suffix_of(type);
  return out;
}

Leaf attribute_leaf(Scope scope, std::string_view key, ColumnType type) {
  return {{attribute_column_name(scope, key, type)}, leaf_kind(type), 1, 0};
}

PhysicalType physical_type(LeafKind kind) {
  switch (kind) {
    case LeafKind::text:
    case LeafKind::bytes:
    case LeafKind::hex: return PhysicalType::byte_array;
    case LeafKind::integer:
    case LeafKind::timestamp: return PhysicalType::int64;
    case LeafKind::real: return PhysicalType::float64;
    case LeafKind::boolean: return PhysicalType::boolean;
    case LeafKind::uuid:
    case LeafKind::fixed8:
    case LeafKind::fixed16: return PhysicalType::fixed_byte_array;
    case LeafKind::int32:
    case LeafKind::uint32: return PhysicalType::int32;
    case LeafKind::single: return PhysicalType::float32;
  }
  return PhysicalType::byte_array;
}

size_t fixed_width(LeafKind kind) {
  switch (kind) {
    case LeafKind::integer:
    case LeafKind::timestamp:
    case LeafKind::real:
    case LeafKind::fixed8: return 8;
    case LeafKind::uuid:
    case LeafKind::fixed16: return 16;
    case LeafKind::int32:
    case LeafKind::uint32:
    case LeafKind::single: return 4;
    default: return 0;
  }
}

std::vector<SchemaElement> file_schema(const std::vector<Leaf>& attribute_leaves) {
  const auto& leaves = fixed_leaves();
  std::vector<SchemaElement> out{group("spans", Repetition::required, 0)};
  int children = 0;
  for (uint32_t leaf = 0; leaf < kResidualKeyLeaf; ++leaf, ++children) {
    out.push_back(leaf_element(leaves[leaf], leaves[leaf].max_definition > 0));
  }
  append_map(out, "residual", leaves[kResidualKeyLeaf], leaves[kResidualValueLeaf]);
  for (uint32_t leaf : {kSpanExactLeaf, kResourceExactLeaf, kInstrumentationExactLeaf}) {
    out.push_back(leaf_element(leaves[leaf], true));
  }
  append_list(out, "events", kEventTimeLeaf, kEventKeyLeaf);
  append_list(out, "links", kLinkTraceLeaf, kLinkKeyLeaf);
  children += 6;
  for (const Leaf& leaf : attribute_leaves) {
    out.push_back(leaf_element(leaf, true));
    ++children;
  }
  out[0].children = children;
  return out;
}

bool is_uuid_text(std::string_view text) {
  if (text.size() != kUuidTextBytes) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_lower_hex(text[i])) return false;
  }
  return true;
}

bool is_hex_text(std::string_view text) {
  if (text.size() < kMinHexBytes || text.size() % 2 != 0) return false;
  for (char c : text) {
    if (!is_lower_hex(c)) return false;
  }
  return true;
}

void append_packed_hex(std::string& out, std::string_view text) {
  std::array<char, kUuidTextBytes> digits;
  if (text.size() == kUuidTextBytes && text[8] == '-') {
    size_t count = 0;
    for (auto [at, length] : {std::pair{0, 8}, {9, 4}, {14, 4}, {19, 4}, {24, 12}}) {
      std::memcpy(digits.data() + count, text.data() + at, static_cast<size_t>(length));
      count += static_cast<size_t>(length);
    }
    text = {digits.data(), count};
  }
  for (; text.size() >= 8; text.remove_prefix(8)) ByteWriter(out).fixed(packed_digits(text.data()));
  for (; text.size() >= 2; text.remove_prefix(2)) {
    out.push_back(static_cast<char>(hex_digit(text[0]) << 4 | hex_digit(text[1])));
  }
}

void append_uuid_text(std::string& out, std::string_view bytes) {
  size_t at = 0;
  for (size_t count : {4, 2, 2, 2, 6}) {
    if (at > 0) out.push_back('-');
    append_hex(out, bytes.substr(at, count));
    at += count;
  }
}

}  // namespace clew::store
