// The property of both fuzz targets: what a decoder takes, encoded as protobuf and as JSON and decoded again, is the
// same spans to the cell (span_cells_for_test.h says what that is), and what is encoded a second time is the same
// bytes. Aborts when it is not.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "column/span_table.h"
#include "wire/otlp.h"
#include "wire/span_cells_for_test.h"

namespace clew::wire {

inline void append_batch(const SpanBatch& batch, SpanTable& table) {
  table.append(batch);
  table.publish();
}

inline void expect(bool fine, const char* what) {
  if (fine) return;
  std::fprintf(stderr, "round trip: %s\n", what);
  std::abort();
}

inline void expect_equal_cells(const SpanTable& came, const SpanTable& again, Through through, const char* what) {
  std::vector<std::string> expected = SpanCells(came, through).texts();
  std::vector<std::string> got = SpanCells(again, through).texts();
  if (got == expected) return;
  auto differs = std::ranges::mismatch(expected, got);
  std::fprintf(stderr, "%s\n--- came\n%s\n--- again\n%s\n", what,
               differs.in1 == expected.end() ? "nothing" : differs.in1->c_str(),
               differs.in2 == got.end() ? "nothing" : differs.in2->c_str());
  std::abort();
}

// Small limits, so that a fuzzer reaches them.
inline Limits fuzz_limits() {
  Limits limits;
  limits.attributes_per_span = 8;
  limits.events_per_span = 4;
  limits.links_per_span = 4;
  limits.value_bytes = 64;
  limits.key_bytes = 16;
  limits.name_bytes = 16;
  limits.value_depth = 6;
  return limits;
}

// decode(decoder, batch) decodes the input. Both encodings are written and read again, and must be equal bytes then.
template <typename Decode>
void check_round_trip(const Limits& limits, Decode&& decode) {
  OtlpDecoder decoder(limits);
  SpanBatch batch;
  if (!decode(decoder, batch)) {
    expect(batch.rows.empty() && batch.words.empty(), "a refused request left something");
    return;
  }
  SpanTable table;
  append_batch(batch, table);
  std::string first;
  encode_otlp_protobuf(table, first);
  std::string json;
  encode_otlp_json(table, JsonStyle::otlp, json);
  size_t rows = batch.rows.size();

  OtlpDecoder again{Limits{}};
  SpanTable from_protobuf;
  expect(again.decode_protobuf(first, 1, batch).has_value(), "our protobuf is refused");
  expect(batch.rows.size() == rows && batch.rejected.spans == 0, "our protobuf has other spans");
  append_batch(batch, from_protobuf);
  expect_equal_cells(table, from_protobuf, Through::protobuf, "columns -> protobuf -> columns");
  std::string second;
  encode_otlp_protobuf(from_protobuf, second);
  expect(first == second, "protobuf changes when read again");

  // Twice: JSON has one NaN where protobuf has many, and repairs the texts of entity references, so that resources
  // which differed may be one afterwards.
  for (int round = 0; round < 2; ++round) {
    SpanTable from_json;
    Status taken = again.decode_json(json, 1, batch);
    expect(taken.has_value(), taken ? "" : taken.error().message.c_str());
    expect(batch.rows.size() == rows && batch.rejected.spans == 0, "our JSON has other spans");
    append_batch(batch, from_json);
    expect_equal_cells(table, from_json, Through::json, "columns -> JSON -> columns");
    std::string json_again;
    encode_otlp_json(from_json, JsonStyle::otlp, json_again);
    expect(round == 0 || json == json_again, "JSON changes when read again");
    json = std::move(json_again);
  }
}

}  // namespace clew::wire
