// Random tables of spans for tests: every kind of value, sparse keys, repeated keys, events and links, broken parents,
// repeated spans, odd times. The same seed gives the same table.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/hex.h"
#include "column/nested.h"
#include "column/span_builder.h"
#include "column/span_table.h"

namespace clew::store {

struct RandomSpans {
  uint32_t seed = 1;
  uint32_t rows = 500;
  uint32_t keys = 40;
  double duplicates = 0.03;
  uint32_t names = 20;
  bool oddities = true;  // negative durations, NaN, repeated keys, unknown kinds
};

class RandomTable {
 public:
  explicit RandomTable(const RandomSpans& options) : options_(options), random_(options.seed) {}

  void fill(SpanTable& table) {
    SpanBatch batch;
    batch.vocabulary = &table.vocabulary;
    SpanBuilder builder(batch);
    for (int i = 0; i < 5; ++i) resources_.push_back(resource(table.vocabulary, i));
    for (int i = 0; i < 3; ++i) scopes_.push_back(scope(table.vocabulary, i));
    std::vector<SpanRow> made;
    uint64_t receive_ns = kEpoch + 5'000'000'000;
    for (uint32_t i = 0; i < options_.rows; ++i) {
      if (one_in(50)) receive_ns += below(1'000'000);
      span(builder, made, receive_ns);
      made.push_back(batch.rows.back());
      const SpanRow& row = batch.rows.back();
      table.append(row, std::span<const uint32_t>(batch.words).subspan(row.words, row.word_count));
      batch.clear();
    }
    table.publish();
  }

 private:
  static constexpr uint64_t kEpoch = 1'700'000'000'000'000'000;

  uint64_t below(uint64_t limit) { return random_() % limit; }
  bool one_in(uint64_t n) { return below(n) == 0; }
  bool odd(uint64_t n) { return options_.oddities && one_in(n); }

  std::string text() {
    static const char* const kTexts[] = {"", "GET", "/api/cart", "ünïcode ✓", "line\nbreak\t\"quoted\"", "null", "0"};
    if (one_in(3)) return kTexts[below(std::size(kTexts))];
    return "value-" + std::to_string(below(40));
  }
  std::string bytes(size_t count) {
    std::string out;
    for (size_t i = 0; i < count; ++i) out.push_back(static_cast<char>(below(256)));
    return out;
  }
  std::string hex(size_t count) {
    std::string out;
    append_hex(out, bytes(count));
    return out;
  }
  std::string uuid() { return hex(4) + "-" + hex(2) + "-" + hex(2) + "-" + hex(2) + "-" + hex(6); }
  double real() {
    static const double kReals[] = {0.0, -0.0, 1.0, 0.1, 1e300, 5e-324, -2.5};
    if (odd(10)) return std::numeric_limits<double>::quiet_NaN();
    if (odd(10)) return -std::numeric_limits<double>::infinity();
    if (odd(20)) return std::bit_cast<double>(0xfff8000000000123ULL);
    return kReals[below(std::size(kReals))];
  }

  // `store_` keeps what the view points to until the next call.
  ValueView value(int depth = 0) {
    switch (below(depth < 2 ? 8 : 5)) {
      case 0: return ValueView::of_int(static_cast<int64_t>(below(1000)) - 500);
      case 1: return ValueView::of_bool(one_in(2));
      case 2: return {ValueType::real, std::bit_cast<uint64_t>(real()), {}};
      case 3: return ValueView::of_bytes(keep(bytes(below(6))));
      case 5:
      case 6: {
        NestedBuilder nested;
        bool list = one_in(2);
        for (uint64_t i = below(4); i > 0; --i) {
          ValueView element = value(depth + 1);
          if (list) {
            nested.add("k" + std::to_string(below(3)), element);
          } else {
            nested.add(element);
          }
        }
        ValueType type = list ? ValueType::kvlist : ValueType::array;
        return {type, 0, keep(std::string(nested.finish(type).text))};
      }
      case 7: return odd(4) ? ValueView{} : ValueView::of_int(static_cast<int64_t>(random_()));
      default: return ValueView::of_string(keep(text()));
    }
  }
  std::string_view keep(std::string text) {
    store_.push_back(std::make_unique<std::string>(std::move(text)));
    return *store_.back();
  }

  // Some keys have one type, as keys have in life.
  ValueView value_of(uint64_t key) {
    switch (key % 8) {
      case 0: return ValueView::of_string(keep(text()));
      case 1: return ValueView::of_int(static_cast<int64_t>(below(600)));
      case 2: return ValueView::of_string(keep(one_in(9) ? text() : uuid()));
      case 3: return ValueView::of_string(keep(one_in(9) ? text() : hex(8 + below(3))));
      case 4: return ValueView::of_bool(one_in(2));
      case 5: return {ValueType::real, std::bit_cast<uint64_t>(real()), {}};
      case 6: return ValueView::of_bytes(keep(bytes(3)));
      default: return value();
    }
  }
  std::string key_name(uint64_t key) {
    if (key % 16 == 15) return one_in(2) ? "Case.Key" : "case.key";
    if (key % 32 == 14) return "suffixed:int";
    if (key % 32 == 13) return "";
    return "key." + std::to_string(key);
  }
  // Skewed: low keys are common, high ones rare.
  uint64_t key() { return below(1 + below(options_.keys)); }

  uint32_t resource(Vocabulary& vocabulary, int i) {
    std::vector<std::string> values{"service-" + std::to_string(i), "host-" + std::to_string(i % 2)};
    std::vector<AttributeView> attributes{{"service.name", ValueView::of_string(values[0])},
                                          {"host.name", ValueView::of_string(values[1])},
                                          {"process.pid", ValueView::of_int(i)}};
    if (i == 1) attributes.push_back({"process.command_args", value_of(7)});
    if (i == 2) attributes.push_back({"service.name", ValueView::of_string("again")});
    if (i == 3) attributes.clear();
    return add_resource(vocabulary, attributes, i == 4 ? "https://schema" : "", static_cast<uint32_t>(i % 2),
                        i == 4 ? std::string_view("\x02\x0a\x01", 3) : std::string_view());
  }
  uint32_t scope(Vocabulary& vocabulary, int i) {
    std::vector<AttributeView> attributes;
    if (i == 1) attributes = {{"lib.kind", ValueView::of_string("auto")}, {"lib.list", value_of(7)}};
    return add_scope(vocabulary, i == 0 ? "" : "scope-" + std::to_string(i), i == 2 ? "1.2" : "", attributes,
                     i == 2 ? "https://scope" : "", static_cast<uint32_t>(i));
  }

  void span(SpanBuilder& builder, const std::vector<SpanRow>& made, uint64_t receive_ns) {
    store_.clear();
    SpanRow& row = builder.row();
    bool joins = !made.empty() && !one_in(4);
    const SpanRow* other = joins ? &made[made.size() - 1 - below(std::min<size_t>(made.size(), 30))] : nullptr;
    row.trace = joins ? other->trace : TraceId{random_(), random_()};
    row.span = random_() | 1;
    row.parent = joins ? other->span : 0;
    if (odd(15)) row.parent = random_() | 1;
    if (odd(40)) row.parent = row.span;
    row.kind = static_cast<SpanKind>(below(6));
    if (odd(30)) row.kind = static_cast<SpanKind>(6 + below(200));
    if (joins && odd(20)) row.span = other->span;
    if (joins && std::uniform_real_distribution<>()(random_) < options_.duplicates) {
      row.span = other->span;
      row.kind = other->kind;
    }
    row.status = static_cast<StatusCode>(odd(50) ? 77 : below(3));
    row.start_ns = kEpoch + below(10'000'000'000);
    row.end_ns = row.start_ns + below(1'000'000'000);
    if (odd(20)) row.end_ns = row.start_ns - below(1'000'000);
    if (odd(60)) row.start_ns = ~uint64_t{0} - below(5);
    if (odd(60)) row.end_ns = ~uint64_t{0};
    row.receive_ns = receive_ns;
    if (odd(30)) row.bits |= kTextRepaired;
    row.resource = resources_[below(resources_.size())];
    row.scope = scopes_[below(scopes_.size())];
    builder.name("operation " + std::to_string(below(options_.names)));
    if (one_in(4)) builder.trace_state("a=" + std::to_string(below(3)));
    if (one_in(6)) builder.status_message(text());
    Envelope& envelope = builder.envelope();
    if (one_in(5)) envelope.flags = static_cast<uint32_t>(below(1024));
    if (one_in(20)) envelope.dropped_attributes = static_cast<uint32_t>(random_());
    if (one_in(20)) envelope.dropped_events = 3;
    if (one_in(20)) envelope.dropped_links = 4;
    if (one_in(20)) envelope.weight = 12.5F;
    attributes(builder, below(12));
    for (uint64_t i = one_in(4) ? below(4) : 0; i > 0; --i) {
      builder.begin_event(static_cast<int64_t>(below(2000)) - 1000, "event " + std::to_string(below(4)),
                          static_cast<uint32_t>(below(2)));
      attributes(builder, below(4));
    }
    for (uint64_t i = one_in(8) ? below(3) : 0; i > 0; --i) {
      builder.begin_link({random_(), random_()}, {random_()}, one_in(2) ? "" : "b=1", static_cast<uint32_t>(below(300)),
                         static_cast<uint32_t>(below(3)));
      attributes(builder, below(3));
    }
    builder.finish();
  }
  void attributes(SpanBuilder& builder, uint64_t count) {
    std::vector<uint64_t> used;
    for (; count > 0; --count) {
      uint64_t key = this->key();
      bool repeated = std::find(used.begin(), used.end(), key) != used.end();
      if (repeated && !odd(3)) continue;
      used.push_back(key);
      builder.attribute(key_name(key), value_of(key));
    }
  }

  RandomSpans options_;
  std::mt19937_64 random_;
  std::vector<uint32_t> resources_, scopes_;
  std::vector<std::unique_ptr<std::string>> store_;
};

}  // namespace clew::store
