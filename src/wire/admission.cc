#include "wire/admission.h"

#include "base/utf8.h"
#include "wire/wire_counters.h"

namespace clew::wire {
namespace {

// The longest prefix of at most `limit` bytes that does not end within a character.
std::string_view whole_characters(std::string_view text, size_t limit) {
  size_t end = limit;
  while (end > 0 && limit - end < 4 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace

std::string_view Admission::cut(std::string_view raw, size_t limit, Counter& reached, bool at_character) {
  if (raw.size() <= limit) return raw;
  reached.add();
  ++incidents_;
  bits_ |= kValueCut;
  return at_character ? whole_characters(raw, limit) : raw.substr(0, limit);
}

std::string_view Admission::well_formed(std::string_view raw, size_t limit) {
  if (is_utf8(raw)) return raw;
  note_repaired();
  std::string_view repaired = keep() = replace_invalid_utf8(raw);
  return repaired.size() <= limit ? repaired : whole_characters(repaired, limit);
}

void Admission::note_repaired() {
  wire_counters().repaired_texts.add();
  ++incidents_;
  bits_ |= kTextRepaired;
}

std::string_view Admission::name(std::string_view raw) {
  return well_formed(cut(raw, limits_.name_bytes, wire_counters().name_bytes, true), limits_.name_bytes);
}

std::optional<std::string_view> Admission::key(std::string_view raw) {
  if (raw.size() > limits_.key_bytes) {
    wire_counters().key_bytes.add();
    ++incidents_;
    return std::nullopt;
  }
  return well_formed(raw, limits_.key_bytes);
}

std::string_view Admission::text_value(std::string_view raw) {
  return well_formed(cut(raw, limits_.value_bytes, wire_counters().value_bytes, true), limits_.value_bytes);
}

std::string_view Admission::bytes_value(std::string_view raw) {
  return cut(raw, limits_.value_bytes, wire_counters().value_bytes, false);
}

NestedBuilder& Admission::open_nested(int depth) {
  while (levels_.size() < static_cast<size_t>(depth)) levels_.emplace_back();
  Level& opened = level(depth);
  opened.bytes = 0;
  opened.builder.clear();
  return opened.builder;
}

bool Admission::fits(int depth, size_t bytes) {
  constexpr size_t kElementOverhead = 2;  // type and length; what the shortest elements cost
  size_t& used = level(depth).bytes;
  if (used + bytes > limits_.value_bytes) {
    wire_counters().value_bytes.add();
    ++incidents_;
    bits_ |= kValueCut;
    return false;
  }
  used += bytes + kElementOverhead;
  return true;
}

bool Admission::add_nested(int depth, ValueView element) {
  if (!fits(depth, element.text.size())) return false;
  level(depth).builder.add(element);
  return true;
}

bool Admission::add_nested(int depth, std::string_view key, ValueView element) {
  if (!fits(depth, key.size() + element.text.size())) return false;
  level(depth).builder.add(key, element);
  return true;
}

}  // namespace clew::wire
