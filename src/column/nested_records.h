// Reading and rewriting the event and link records in a row's words (layout in span_row.h).
#pragma once

#include <cstdint>
#include <span>

#include "column/vocabulary.h"
#include "model/ids.h"

namespace clew {

struct EventRecord {
  int64_t since_start_ns = 0;
  uint32_t name = 0;
  uint32_t shape = 0;
  uint32_t dropped_attributes = 0;
  std::span<const uint32_t> values;
};

struct LinkRecord {
  TraceId trace;
  SpanId span;
  uint32_t trace_state = 0;
  uint32_t flags = 0;
  uint32_t shape = 0;
  uint32_t dropped_attributes = 0;
  std::span<const uint32_t> values;
};

inline constexpr size_t kEventHeadWords = 5;
inline constexpr size_t kEventNameWord = 2;
inline constexpr size_t kEventShapeWord = 3;
inline constexpr size_t kLinkHeadWords = 10;
inline constexpr size_t kLinkTraceStateWord = 6;
inline constexpr size_t kLinkShapeWord = 8;

// Calls on_event(EventRecord) for each event, then on_link(LinkRecord) for each link. `words` are those after the
// attribute values. False when the words are not of that form (a damaged log): what was read until then was reported.
template <typename OnEvent, typename OnLink>
bool walk_nested(std::span<const uint32_t> words, const TupleDictionary& shapes, OnEvent&& on_event, OnLink&& on_link) {
  size_t at = 0;
  auto join = [&](size_t i) { return uint64_t{words[i]} | uint64_t{words[i + 1]} << 32; };
  auto values = [&](uint32_t shape, size_t from, std::span<const uint32_t>& out) {
    if (shape >= shapes.size()) return false;
    size_t count = shapes.at(shape).size();
    if (from + count > words.size()) return false;
    out = words.subspan(from, count);
    return true;
  };
  if (words.empty()) return true;
  uint32_t events = words[at++];
  for (uint32_t i = 0; i < events; ++i) {
    if (at + kEventHeadWords > words.size()) return false;
    EventRecord event{static_cast<int64_t>(join(at)), words[at + 2], words[at + 3], words[at + 4], {}};
    if (!values(event.shape, at + kEventHeadWords, event.values)) return false;
    at += kEventHeadWords + event.values.size();
    on_event(event);
  }
  if (at >= words.size()) return false;
  uint32_t links = words[at++];
  for (uint32_t i = 0; i < links; ++i) {
    if (at + kLinkHeadWords > words.size()) return false;
    LinkRecord link{
        {join(at), join(at + 2)}, {join(at + 4)}, words[at + 6], words[at + 7], words[at + 8], words[at + 9], {}};
    if (!values(link.shape, at + kLinkHeadWords, link.values)) return false;
    at += kLinkHeadWords + link.values.size();
    on_link(link);
  }
  return at == words.size();
}

// Appends the head of a record; the caller appends one value code per key of its shape.
template <typename Words>
void append_event_head(Words& words, const EventRecord& event) {
  auto since = static_cast<uint64_t>(event.since_start_ns);
  words.push_back(static_cast<uint32_t>(since));
  words.push_back(static_cast<uint32_t>(since >> 32));
  words.push_back(event.name);
  words.push_back(event.shape);
  words.push_back(event.dropped_attributes);
}

template <typename Words>
void append_link_head(Words& words, const LinkRecord& link) {
  for (uint64_t half : {link.trace.hi, link.trace.lo, link.span.value}) {
    words.push_back(static_cast<uint32_t>(half));
    words.push_back(static_cast<uint32_t>(half >> 32));
  }
  words.push_back(link.trace_state);
  words.push_back(link.flags);
  words.push_back(link.shape);
  words.push_back(link.dropped_attributes);
}

}  // namespace clew
