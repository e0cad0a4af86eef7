// Spans as plain structs, for the oracle: nothing is coded, nothing is shared, nothing is indexed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "column/unit.h"
#include "column/value.h"
#include "model/ids.h"
#include "model/span_words.h"

namespace clew::traceql::oracle {

struct PlainValue {
  ValueType type = ValueType::none;
  int64_t integer = 0;  // and booleans
  double real = 0;
  std::string text;  // and bytes
  std::vector<PlainValue> items;

  static PlainValue of(int64_t value) { return {ValueType::integer, value, 0, {}, {}}; }
  static PlainValue of(bool value) { return {ValueType::boolean, value, 0, {}, {}}; }
  static PlainValue of(double value) { return {ValueType::real, 0, value, {}, {}}; }
  static PlainValue of(std::string value) { return {ValueType::string, 0, 0, std::move(value), {}}; }
};
std::string text_of(const PlainValue& value);

using PlainAttributes = std::vector<std::pair<std::string, PlainValue>>;

struct PlainEvent {
  int64_t since_start_ns = 0;
  std::string name;
  PlainAttributes attributes;
};
struct PlainLink {
  TraceId trace;
  uint64_t span = 0;
  PlainAttributes attributes;
};
struct PlainSpan {
  TraceId trace;
  uint64_t id = 0;
  uint64_t parent = 0;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  SpanKind kind = SpanKind::unspecified;
  StatusCode status = StatusCode::unset;
  std::string name, status_message, library, library_version;
  PlainAttributes attributes, resource, library_attributes;
  std::vector<PlainEvent> events;
  std::vector<PlainLink> links;
  size_t part = 0;  // where it was received: parts are in order of time

  uint64_t duration_ns() const { return end_ns < start_ns ? 0 : end_ns - start_ns; }
  uint64_t last_ns() const { return end_ns < start_ns ? start_ns : end_ns; }
};

// What the spans look like to a person, a line each.
std::string text_of(const std::vector<PlainSpan>& spans);

enum class Form { live, sealed };
// Part `part` of the spans, stored. Its pages have `page_rows`.
std::shared_ptr<const Unit> unit_of(const std::vector<PlainSpan>& spans, size_t part, Form form, uint32_t page_rows);

}  // namespace clew::traceql::oracle
