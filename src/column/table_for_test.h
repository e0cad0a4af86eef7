// Tables of a few spans for the tests of this room.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "column/recode.h"
#include "column/span_builder.h"
#include "column/span_table.h"

namespace clew {

inline void append_batch(const SpanBatch& batch, SpanTable& table) {
  Recoder recoder(*batch.vocabulary, table.vocabulary);
  std::vector<uint32_t> words;
  for (const SpanRow& row : batch.rows) {
    words.clear();
    SpanRow coded = recoder.row(row, std::span(batch.words).subspan(row.words, row.word_count), words);
    table.append(coded, words);
  }
  table.publish();
}

// A batch with a vocabulary of its own.
struct OwnedBatch {
  OwnedBatch() { batch.vocabulary = &vocabulary; }
  Vocabulary vocabulary;
  SpanBatch batch;
};

struct SimpleSpan {
  uint64_t trace = 1;
  uint64_t span = 1;
  uint64_t parent = 0;
  uint64_t start_ns = 0;
  uint64_t end_ns = 0;
  SpanKind kind = SpanKind::internal;
  StatusCode status = StatusCode::unset;
  uint64_t receive_ns = 1;
};

inline std::shared_ptr<SpanTable> table_of(const std::vector<SimpleSpan>& spans) {
  OwnedBatch owned;
  SpanBuilder builder(owned.batch);
  uint32_t resource = add_resource(owned.vocabulary, {});
  uint32_t scope = add_scope(owned.vocabulary, "", "");
  for (const SimpleSpan& span : spans) {
    SpanRow& row = builder.row();
    row.trace = {0, span.trace};
    row.span = span.span;
    row.parent = span.parent;
    row.start_ns = span.start_ns;
    row.end_ns = span.end_ns;
    row.kind = span.kind;
    row.status = span.status;
    row.receive_ns = span.receive_ns;
    row.resource = resource;
    row.scope = scope;
    builder.name("span");
    builder.finish();
  }
  auto table = std::make_shared<SpanTable>();
  append_batch(owned.batch, *table);
  return table;
}

}  // namespace clew
