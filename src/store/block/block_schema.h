// The columns of a block (docs/internals/block.md §2, §3): which leaves there are in which order, what they are called
// in Parquet, and how an attribute's key and type become a column's name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column/value.h"
#include "model/span_words.h"
#include "store/parquet/metadata.h"

namespace clew::store {

// Limits of the format; a reader relies on them.
inline constexpr uint32_t kMaxPageRows = 1 << 16;
inline constexpr size_t kMaxPageValues = size_t{1} << 25;
inline constexpr uint64_t kMaxBlockRows = 0x7fffffff;
inline constexpr size_t kMaxAttributeColumns = 500;
inline constexpr size_t kMaxSetEntries = 512;

// How a leaf's values are kept.
enum class LeafKind : uint8_t {
  text,
  bytes,
  integer,
  real,
  boolean,
  uuid,
  hex,
  fixed8,
  fixed16,
  int32,
  uint32,
  single,
  timestamp,
};

// §2, dictionary or plain.
inline constexpr uint64_t kMostlyDistinctEntries = 64;
inline bool is_mostly_distinct(uint64_t entries, uint64_t rows) {
  return entries >= kMostlyDistinctEntries && entries * 2 > rows;
}

// Numbers are positions in the table of §3; they reach the disk.
enum class ColumnType : uint8_t { text = 0, integer = 1, real = 2, boolean = 3, bytes = 4, uuid = 5, hex = 6 };
inline constexpr size_t kColumnTypes = 7;
LeafKind leaf_kind(ColumnType type);

struct Leaf {
  std::vector<std::string> path;
  LeafKind kind = LeafKind::text;
  uint8_t max_definition = 0;
  uint8_t max_repetition = 0;

  bool is_flat() const { return max_repetition == 0; }
};

// The fixed leaves in their order; those of attribute columns follow from kFixedLeaves on.
enum FixedLeaf : uint32_t {
  kTraceIdLeaf,
  kSpanIdLeaf,
  kParentIdLeaf,
  kParentRowLeaf,
  kStartLeaf,
  kDurationLeaf,
  kEndBeforeStartLeaf,
  kReceivedLeaf,
  kNameLeaf,
  kKindLeaf,
  kStatusLeaf,
  kStatusMessageLeaf,
  kTraceStateLeaf,
  kFlagsLeaf,
  kDroppedAttributesLeaf,
  kDroppedEventsLeaf,
  kDroppedLinksLeaf,
  kBitsLeaf,
  kWeightLeaf,
  kScopeNameLeaf,
  kScopeVersionLeaf,
  kScopeSchemaLeaf,
  kScopeDroppedLeaf,
  kResourceSchemaLeaf,
  kResourceDroppedLeaf,
  kEntityRefsLeaf,
  kResidualKeyLeaf,
  kResidualValueLeaf,
  kSpanExactLeaf,
  kResourceExactLeaf,
  kInstrumentationExactLeaf,
  kEventTimeLeaf,
  kEventNameLeaf,
  kEventDroppedLeaf,
  kEventKeyLeaf,
  kEventValueLeaf,
  kEventExactLeaf,
  kLinkTraceLeaf,
  kLinkSpanLeaf,
  kLinkStateLeaf,
  kLinkFlagsLeaf,
  kLinkDroppedLeaf,
  kLinkKeyLeaf,
  kLinkValueLeaf,
  kLinkExactLeaf,
  kFixedLeaves,
};

const std::vector<Leaf>& fixed_leaves();

// "span.http.status_code:int".
std::string attribute_column_name(Scope scope, std::string_view key, ColumnType type);
Leaf attribute_leaf(Scope scope, std::string_view key, ColumnType type);

// ":int" for an integer, "" for a string; of the maps as well: ":array", ":kvlist".
std::string_view suffix_of(ValueType type);
std::string_view suffix_of(ColumnType type);
// True for keys that could be mistaken for another key with its suffix.
bool ends_in_suffix(std::string_view key);

// The physical type and width (0 unless fixed) of a leaf.
parquet::PhysicalType physical_type(LeafKind kind);
size_t fixed_width(LeafKind kind);

// The schema of a file with the fixed leaves and these attribute leaves.
std::vector<parquet::SchemaElement> file_schema(const std::vector<Leaf>& attribute_leaves);

// §3: whether a text comes back identical from 16 bytes, or from half its length.
bool is_uuid_text(std::string_view text);
bool is_hex_text(std::string_view text);
// Precondition: of that form.
void append_packed_hex(std::string& out, std::string_view text);
// Precondition: 16 bytes.
void append_uuid_text(std::string& out, std::string_view bytes);

}  // namespace clew::store
