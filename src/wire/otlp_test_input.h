// What the decoder's tests share: building requests of one span by hand, and decoding into views of rows.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "column/nested.h"
#include "column/nested_records.h"
#include "wire/otlp.h"
#include "wire/otlp_tree_for_test.h"

namespace clew::wire {

inline const std::string kTraceBytes = "0123456789abcdef";
inline const std::string kSpanBytes = "SPANSPAN";

inline tree::Value text_value(std::string text) {
  return {1, std::move(text), 0, {}};
}
inline tree::Value int_value(int64_t value) {
  return {3, "", static_cast<uint64_t>(value), {}};
}
inline tree::Span good_span() {
  tree::Span span;
  span.trace_id = kTraceBytes;
  span.span_id = kSpanBytes;
  span.name = "good";
  span.start = 1000;
  span.end = 2000;
  return span;
}
inline tree::Request request_of(std::vector<tree::Span> spans) {
  tree::ScopeSpans scope;
  scope.spans = std::move(spans);
  tree::ResourceSpans resource;
  resource.scopes.push_back(std::move(scope));
  return {resource};
}
// A request around the bytes of one Span message.
inline std::string request_around(std::string_view span) {
  std::string scope_spans = tree::Message().bytes(2, span).str();
  std::string resource_spans = tree::Message().bytes(2, scope_spans).str();
  return tree::Message().bytes(1, resource_spans).str();
}

enum class Encoding { protobuf, json };

// A decoder with its batch, and what tests ask of a row.
class Decoded {
 public:
  explicit Decoded(const Limits& limits = {}) : decoder_(limits) {}

  Status request(const tree::Request& request, Encoding encoding) {
    if (encoding == Encoding::protobuf) return protobuf(tree::ProtobufWriter{}.request(request));
    std::mt19937 random(1);
    return json(tree::JsonWriter{random}.request(request));
  }
  Status protobuf(std::string_view body) { return decoder_.decode_protobuf(body_ = body, 7, batch); }
  Status json(std::string_view body) { return decoder_.decode_json(body_ = body, 7, batch); }

  Envelope envelope(size_t row = 0) const {
    return Envelope::from(batch.vocabulary->envelopes.at(batch.rows.at(row).envelope));
  }
  std::string_view name(size_t row = 0) const { return batch.vocabulary->names.at(batch.rows.at(row).name).text; }
  std::vector<std::pair<std::string_view, ValueView>> attributes(size_t row = 0) const {
    const SpanRow& r = batch.rows.at(row);
    auto keys = batch.vocabulary->shapes.at(r.shape);
    std::vector<std::pair<std::string_view, ValueView>> out;
    for (size_t i = 0; i < keys.size(); ++i) {
      out.emplace_back(batch.vocabulary->key_at(keys[i]).name, batch.value(keys[i], batch.words[r.words + i]));
    }
    return out;
  }
  std::vector<EventRecord> events(size_t row = 0) const {
    std::vector<EventRecord> out;
    walk(row, [&](const EventRecord& event) { out.push_back(event); }, [](const LinkRecord&) {});
    return out;
  }
  std::vector<LinkRecord> links(size_t row = 0) const {
    std::vector<LinkRecord> out;
    walk(row, [](const EventRecord&) {}, [&](const LinkRecord& link) { out.push_back(link); });
    return out;
  }

  SpanBatch batch;

 private:
  template <typename OnEvent, typename OnLink>
  void walk(size_t row, OnEvent on_event, OnLink on_link) const {
    const SpanRow& r = batch.rows.at(row);
    if (!(r.bits & kHasNested)) return;
    size_t attributes = batch.vocabulary->shapes.at(r.shape).size();
    auto words = std::span(batch.words).subspan(r.words, r.word_count).subspan(attributes);
    EXPECT_TRUE(walk_nested(words, batch.vocabulary->shapes, on_event, on_link));
  }
  OtlpDecoder decoder_;
  std::string body_;  // the batch has views into it
};

}  // namespace clew::wire
