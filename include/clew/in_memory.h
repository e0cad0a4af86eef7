// Spans kept in memory, for the tests of a program:
//
//   clew::InMemorySpans spans;
//   clew::Config config;
//   config.exporters.push_back(spans.exporter());
//   clew::init(std::move(config));
//   ... run ...
//   EXPECT_EQ(spans.finished().at(0).name, "charge card");
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clew/exporter.h"

CLEW_BEGIN

// A copy of a span. Values are texts as JSON has them ("12", "true", "[1,2]"), but strings without quotes.
struct FinishedSpan {
  using Pairs = std::vector<std::pair<std::string, std::string>>;
  struct Event {
    std::string name;
    uint64_t time_unix_ns;
    Pairs attributes;
  };
  struct Link {
    SpanContext span;
    std::string trace_state;
    Pairs attributes;
  };

  SpanContext context;
  SpanId parent_id;
  bool parent_remote;
  Kind kind;
  Status status;
  std::string name, trace_state, status_message, scope_name, scope_version;
  uint64_t start_unix_ns, end_unix_ns;
  Pairs attributes;  // in the order they were set
  std::vector<Event> events;
  std::vector<Link> links;
  uint32_t dropped_attributes, dropped_events, dropped_links;
  Pairs resource;

  // The value of an attribute, null when there is none.
  CLEW_API const std::string* attribute(std::string_view key) const noexcept;
};

// A handle: copies look at the same spans, which live as long as one of them or the exporter. Any thread.
class InMemorySpans {
 public:
  CLEW_API InMemorySpans();
  // To be put into Config::exporters, of as many init() as wanted.
  CLEW_API std::unique_ptr<Exporter> exporter() const;
  // What has been exported, oldest first: of all spans that ended before the call. (It flushes.)
  CLEW_API std::vector<FinishedSpan> finished() const;
  CLEW_API void clear();

 private:
  struct Store;
  class Keeper;
  std::shared_ptr<Store> store_;
};

CLEW_END
