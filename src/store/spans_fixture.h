// Random spans for the store's tests: what goes in can be compared with what comes out as text.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "column/nested_records.h"
#include "column/span_builder.h"
#include "column/span_table.h"

namespace clew::store {

// A sender: one vocabulary, many batches. The same seed sends the same.
class Sender {
 public:
  explicit Sender(uint64_t seed) : random_(seed) { batch_.vocabulary = &vocabulary_; }

  const Vocabulary& vocabulary() const { return vocabulary_; }

  // From now on its clock is off by so much.
  void set_clock_error_ns(int64_t error_ns) { clock_error_ns_ = static_cast<uint64_t>(error_ns); }

  // Spans of new traces, and now and then of an earlier one.
  const SpanBatch& next(size_t spans, uint64_t receive_ns) {
    batch_.clear();
    for (size_t i = 0; i < spans; ++i) {
      if (traces_.empty() || roll(5) == 0) traces_.push_back({random_(), random_()});
      TraceId trace = roll(10) == 0 ? traces_[roll(traces_.size())] : traces_.back();
      add(trace, receive_ns + clock_error_ns_ + 1'000'000 * i, receive_ns);
    }
    return batch_;
  }

 private:
  uint64_t roll(uint64_t sides) { return random_() % sides; }

  void add(TraceId trace, uint64_t start_ns, uint64_t receive_ns) {
    SpanBuilder span(batch_);
    SpanRow& row = span.row();
    row.trace = trace;
    row.span = random_() | 1;
    row.parent = roll(4) == 0 ? 0 : last_span_;
    last_span_ = row.span;
    row.start_ns = start_ns;
    row.end_ns = roll(50) == 0 ? start_ns - 5 : start_ns + roll(1'000'000'000);
    row.receive_ns = receive_ns;
    row.kind = static_cast<SpanKind>(roll(6));
    row.status = static_cast<StatusCode>(roll(3));
    std::string service = fmt::format("service-{}", roll(4));
    AttributeView attributes[] = {{"service.name", ValueView::of_string(service)},
                                  {"process.pid", ValueView::of_int(static_cast<int64_t>(roll(3)))}};
    row.resource = add_resource(vocabulary_, attributes, roll(3) == 0 ? "https://schema" : "");
    row.scope = add_scope(vocabulary_, fmt::format("lib{}", roll(3)), "1.0");
    span.name(fmt::format("operation {}", roll(20)));
    if (roll(3) == 0) span.status_message(fmt::format("failed {}", roll(5)));
    if (roll(9) == 0) span.trace_state("vendor=1");
    if (roll(7) == 0) span.envelope().flags = 257;
    span.attribute("http.status_code", ValueView::of_int(static_cast<int64_t>(200 + roll(5))));
    if (roll(2) == 0) span.attribute("http.url", ValueView::of_string(fmt::format("https://x/{}", roll(100000))));
    if (roll(5) == 0) span.attribute("ratio", ValueView::of_real(static_cast<double>(roll(7)) / 3));
    if (roll(5) == 0) span.attribute("cached", ValueView::of_bool(roll(2) == 0));
    if (roll(8) == 0) span.attribute("empty", {});
    for (uint64_t i = roll(3); i > 0; --i) {
      span.begin_event(static_cast<int64_t>(roll(1000)) - 100, "exception");
      span.attribute("exception.type", ValueView::of_string("Timeout"));
    }
    if (roll(6) == 0) {
      span.begin_link({random_(), random_()}, {random_()}, "l=1", 1);
      span.attribute("why", ValueView::of_string("retry"));
    }
    span.finish();
  }

  std::mt19937_64 random_;
  Vocabulary vocabulary_;
  SpanBatch batch_;
  std::vector<TraceId> traces_;
  uint64_t last_span_ = 0;
  uint64_t clock_error_ns_ = 0;
};

inline std::string text_of(ValueView value) {
  return fmt::format("{}:{}:{}", static_cast<int>(value.type), value.scalar, value.text);
}

// Everything of a row, independent of the codes it has.
inline std::string text_of(const Vocabulary& v, const SpanRow& row, std::span<const uint32_t> words) {
  std::string out = fmt::format("{} {:x} {:x} {} {} {} k{} s{} b{} {}", row.trace.hex(), row.span, row.parent,
                                row.start_ns, row.end_ns, row.receive_ns, static_cast<int>(row.kind),
                                static_cast<int>(row.status), row.bits, v.names.at(row.name).text);
  // The order of attributes need not survive a block.
  auto append_sorted = [&](std::vector<std::string> attributes) {
    std::sort(attributes.begin(), attributes.end());
    for (const std::string& attribute : attributes) out += " " + attribute;
  };
  auto attribute = [&](uint32_t key, uint32_t code) {
    return fmt::format("{}={}", v.key_at(key).name, text_of(v.values(key).at(code)));
  };
  auto pairs = [&](std::span<const uint32_t> tuple, size_t from) {
    std::vector<std::string> attributes;
    for (size_t i = from; i + 1 < tuple.size(); i += 2) attributes.push_back(attribute(tuple[i], tuple[i + 1]));
    append_sorted(std::move(attributes));
  };
  auto values = [&](uint32_t shape, std::span<const uint32_t> codes) {
    auto keys = v.shapes.at(shape);
    std::vector<std::string> attributes;
    for (size_t i = 0; i < keys.size(); ++i) attributes.push_back(attribute(keys[i], codes[i]));
    append_sorted(std::move(attributes));
  };
  auto resource = v.resources.at(row.resource);
  out += " | " + std::string(v.text_at(resource[kSchemaUrlWord]));
  pairs(resource, kResourcePairs);
  auto scope = v.scopes.at(row.scope);
  out += fmt::format(" | {} {}", v.text_at(scope[kScopeNameWord]), v.text_at(scope[kScopeVersionWord]));
  Envelope envelope = Envelope::from(v.envelopes.at(row.envelope));
  out +=
      fmt::format(" | {} {} {} |", v.text_at(envelope.trace_state), envelope.flags, v.text_at(envelope.status_message));
  values(row.shape, words);
  if (row.bits & kHasNested) {
    walk_nested(
        words.subspan(v.shapes.at(row.shape).size()), v.shapes,
        [&](const EventRecord& event) {
          out += fmt::format(" event {} {}", event.since_start_ns, v.event_names.at(event.name).text);
          values(event.shape, event.values);
        },
        [&](const LinkRecord& link) {
          out += fmt::format(" link {} {} {} {}", link.trace.hex(), link.span.hex(), v.text_at(link.trace_state),
                             link.flags);
          values(link.shape, link.values);
        });
  }
  return out;
}

// Spans by (trace, span id), as text.
using SpanTexts = std::map<std::pair<TraceId, uint64_t>, std::string>;

inline void collect(const SpanBatch& batch, SpanTexts& out) {
  for (const SpanRow& row : batch.rows) {
    out[{row.trace, row.span}] =
        text_of(*batch.vocabulary, row, std::span(batch.words).subspan(row.words, row.word_count));
  }
}

inline void collect(const SpanTable& table, SpanTexts& out) {
  for (uint32_t i = 0; i < table.rows(); ++i) {
    SpanRow row = table.row(i);
    out[{row.trace, row.span}] = text_of(table.vocabulary, row, table.words(i));
  }
}

// Says how many differ, and one that does, rather than all of them.
inline testing::AssertionResult same(const SpanTexts& found, const SpanTexts& wanted) {
  for (const auto& [key, text] : wanted) {
    auto at = found.find(key);
    if (at == found.end()) return testing::AssertionFailure() << found.size() << " found, missing " << text;
    if (at->second != text) return testing::AssertionFailure() << "found " << at->second << "\nwanted " << text;
  }
  if (found.size() == wanted.size()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << found.size() << " found, " << wanted.size() << " wanted";
}

}  // namespace clew::store
