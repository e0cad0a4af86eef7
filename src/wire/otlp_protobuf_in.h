// OTLP's protobuf request into a batch: one walk over the bytes, with memos (attribute_memo.h) that spare most of the
// parsing.
//
// Fields are taken in any order. Of a scalar or a value given twice the last counts; Resource, InstrumentationScope and
// Status given in pieces are merged, as protobuf asks. Unknown fields are skipped.
#pragma once

#include <string_view>
#include <vector>

#include "wire/attribute_memo.h"
#include "wire/input_fault.h"
#include "wire/proto_fields.h"
#include "wire/span_intake.h"

namespace clew::wire {

class OtlpProtobufIn {
 public:
  explicit OtlpProtobufIn(SpanIntake& intake) : intake_(intake) {}

  // Precondition: intake.begin_request() was called. After an error the batch holds the spans before it.
  Status decode(std::string_view body);
  size_t allocated_bytes() const;

 private:
  using Pieces = std::vector<std::string_view>;
  using Memo = AttributeMemo;

  bool request(std::string_view body);
  bool resource_spans(std::string_view message);
  bool scope_spans(std::string_view message);
  bool resource(const Pieces& pieces, std::string_view schema_url, uint32_t& code);
  bool resource_piece(std::string_view message);
  bool entity_ref(std::string_view message);
  bool scope(const Pieces& pieces, std::string_view schema_url, uint32_t& code);
  bool scope_piece(std::string_view message, std::string_view& name, std::string_view& version);
  bool entity_attributes(Scope scope);

  bool span(std::string_view message);
  bool span_fields(std::string_view message);
  bool status(std::string_view message);
  bool events();
  bool links();
  bool event(std::string_view message);
  bool link(std::string_view message);

  // The memo of a name, which becomes the name's own unless the name had to be changed.
  Memo& memo_of(NameMemos& memos, Memo& unnamed, ValueDictionary& names, std::string_view raw_name);
  bool attributes(const Pieces& raw, Scope scope, Memo& memo, uint32_t& dropped);
  // Neither taken nor refused (a key that is too long): taken stays false.
  struct Attribute {
    uint32_t key = kNoCode;
    uint32_t value = kNoCode;
    bool taken = false;
  };
  bool new_attribute(std::string_view message, Scope scope, AttributeSlot* slot, Attribute& out);
  bool key_value(std::string_view message, std::string_view& key, std::string_view& value);
  bool any_value(std::string_view message, int depth, ValueView& out);
  bool nested_value(std::string_view message, ValueType type, int depth, ValueView& out);

  bool malformed(const FieldReader& field);
  // For a tag that no case knows: skipped when the number is unknown, refused when only the type is wrong.
  bool skip(const FieldReader& field, uint32_t last_known, uint32_t first_known = 1);
  bool fail_at(const char* at, std::string_view what);

  SpanIntake& intake_;
  InputFault fault_;
  std::string_view body_;
  NameMemos span_memos_{1024};
  NameMemos event_memos_{256};
  Memo unnamed_span_;
  Memo unnamed_event_;
  Memo link_memo_;
  EntityMemo resources_;
  EntityMemo scopes_;

  // Scratch of the span, and of the event, link, resource or scope at hand.
  SpanFields span_;
  std::string_view span_name_;
  Pieces span_attributes_, event_messages_, link_messages_, nested_attributes_;
  EntityFields entity_;
};

}  // namespace clew::wire
