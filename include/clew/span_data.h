// A finished span as processors and exporters see it: views that are valid during the call only.
#pragma once

#include "clew/span_context.h"
#include "clew/value.h"

CLEW_BEGIN

// OTLP's numbers.
enum class Kind : uint8_t { kInternal = 1, kServer = 2, kClient = 3, kProducer = 4, kConsumer = 5 };
constexpr Kind kInternal = Kind::kInternal, kServer = Kind::kServer, kClient = Kind::kClient,
               kProducer = Kind::kProducer, kConsumer = Kind::kConsumer;

enum class Status : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

// To another span: of another trace, or of a message that this span works on among others.
struct Link {
  SpanContext span;
  std::string_view trace_state;
  List<KeyValue> attributes;
  uint32_t dropped_attributes = 0;
};

struct Event {
  std::string_view name;
  uint64_t time_unix_ns = 0;
  List<KeyValue> attributes;
  uint32_t dropped_attributes = 0;
};

// Who made the span: the instrumented library. Lives as long as the process.
struct ScopeInfo {
  std::string_view name, version, schema_url;
  List<const KeyValue> attributes;
};

// Where the span was made. Lives as long as the process.
struct Resource {
  std::string_view schema_url;
  List<const KeyValue> attributes;  // each key once

  // The value of service.name; every resource has one.
  CLEW_API std::string_view service_name() const noexcept;
};

// Keys are unique among the attributes of a span, event or link (the last value set wins); limits have been applied;
// texts are valid UTF-8.
struct SpanData {
  SpanContext context;  // flags as sent to children; remote is false
  SpanId parent_id;     // not valid for a root
  bool parent_remote = false;
  Kind kind = Kind::kInternal;
  Status status = Status::kUnset;
  std::string_view name, trace_state, status_message;
  uint64_t start_unix_ns = 0, end_unix_ns = 0;  // end >= start
  List<KeyValue> attributes;
  List<Event> events;
  List<Link> links;
  uint32_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
  const ScopeInfo* scope = nullptr;
  const Resource* resource = nullptr;
};

CLEW_END
