// Spans in memory, by column, append-only, readable while they grow: a lane's live segment, a replayed one, a trace
// gathered from many places. Rows are coded by the table's own vocabulary.
//
// Invariants: a published row never changes; its dictionary entries were published before it. Rows of one trace form a
// chain from the newest to the first (previous_row); traces are numbered by their first row.
// Thread rule: one writer (append, publish); readers use rows below a rows() they have loaded, at any time, without
// locks.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "column/chunked.h"
#include "column/code_table.h"
#include "column/span_row.h"
#include "column/vocabulary.h"

namespace clew {

inline constexpr uint32_t kNoRow = 0xffffffffU;
inline constexpr uint32_t kNoTrace = 0xffffffffU;

class SpanTable {
 public:
  Vocabulary vocabulary;

  // Precondition: codes are this vocabulary's; words are the row's own (row.words and row.word_count are ignored).
  void append(const SpanRow& row, std::span<const uint32_t> words);
  void publish() { starts_.publish(); }

  uint32_t rows() const { return starts_.size(); }
  uint32_t pending_rows() const { return starts_.pending_size(); }

  SpanRow row(uint32_t i) const;
  std::span<const uint32_t> words(uint32_t i) const {
    uint32_t count = word_counts_[i];
    return count == 0 ? std::span<const uint32_t>{} : words_.piece(word_begins_[i], word_begins_[i] + count);
  }

  // Single cells, for scans.
  uint64_t start_ns(uint32_t i) const { return starts_[i]; }
  uint64_t end_ns(uint32_t i) const { return ends_[i]; }
  uint64_t span(uint32_t i) const { return spans_[i]; }
  uint64_t parent(uint32_t i) const { return parents_[i]; }
  uint32_t name(uint32_t i) const { return names_[i]; }
  uint32_t resource(uint32_t i) const { return resources_[i]; }
  uint32_t scope(uint32_t i) const { return scopes_[i]; }
  uint32_t shape(uint32_t i) const { return shapes_[i]; }
  uint32_t envelope(uint32_t i) const { return envelopes_[i]; }
  uint8_t kind(uint32_t i) const { return marks_[i].kind; }
  uint8_t status(uint32_t i) const { return marks_[i].status; }
  uint8_t bits(uint32_t i) const { return marks_[i].bits; }
  uint64_t receive_ns(uint32_t i) const;

  // Traces. A reader that knows `rows` rows sees trace_count(rows) traces.
  uint32_t trace_of(uint32_t i) const { return trace_numbers_[i]; }
  uint32_t previous_row(uint32_t i) const { return previous_[i]; }
  uint32_t trace_count(uint32_t rows) const;
  TraceId trace_id(uint32_t trace) const { return trace_ids_[trace]; }
  uint32_t find_trace(TraceId id, uint32_t rows) const;
  // Rows of the trace below `rows`, newest first, appended to out.
  void trace_rows(uint32_t trace, uint32_t rows, std::vector<uint32_t>& out) const;

  size_t allocated_bytes() const;

 private:
  struct Marks {
    uint8_t kind;
    uint8_t status;
    uint8_t bits;
  };
  struct ReceiveRun {
    uint32_t first_row;
    uint64_t receive_ns;
  };
  uint32_t enter_trace(TraceId id, uint32_t row);

  ChunkedVector<uint64_t> spans_, parents_, starts_, ends_;
  ChunkedVector<uint32_t> resources_, scopes_, names_, shapes_, envelopes_;
  ChunkedVector<uint32_t> word_begins_, word_counts_, words_;
  ChunkedVector<Marks> marks_;
  ChunkedVector<uint32_t> trace_numbers_, previous_;
  // Rows that came together share their receive time.
  ChunkedVector<ReceiveRun, 16> receive_runs_;
  ChunkedVector<TraceId, 16> trace_ids_;
  ChunkedVector<uint32_t, 16> first_rows_;
  ChunkedVector<std::atomic<uint32_t>, 16> heads_;
  CodeTable trace_table_;
};

}  // namespace clew
