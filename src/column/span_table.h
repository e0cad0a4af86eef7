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
#include "column/chunked_columns.h"
#include "column/code_table.h"
#include "column/scan_facts.h"
#include "column/span_batch.h"
#include "column/span_row.h"
#include "column/trace_summaries.h"
#include "column/vocabulary.h"

namespace clew {

class Recoder;

inline constexpr uint32_t kNoTrace = 0xffffffffU;

class SpanTable {
 public:
  enum Column : size_t {
    kSpan,
    kParent,
    kStart,
    kEnd,
    kOrigin,
    kName,
    kShape,
    kWordBegin,
    kTrace,
    kPrevious,
    kMarks,
  };
  // What a row shares with nearly all others of its sender, kept once.
  struct Origin {
    uint32_t resource;
    uint32_t scope;
    uint32_t envelope;
    friend bool operator==(const Origin&, const Origin&) = default;
  };
  struct Marks {
    uint8_t kind;
    uint8_t status;
    uint8_t bits;
    uint8_t words;  // kManyWords: their number stands in the word before them
  };

  static constexpr uint32_t kPageRows = 4096;
  // Readers scan by pages of so many rows.
  explicit SpanTable(uint32_t page_rows = kPageRows) : page_rows_(page_rows) {}
  uint32_t page_rows() const { return page_rows_; }

  Vocabulary vocabulary;

  // Precondition: codes are this vocabulary's; words are the row's own (row.words and row.word_count are ignored).
  void append(const SpanRow& row, std::span<const uint32_t> words);
  // The rows of the batch with these indices. Precondition: the recoder leads from the batch's vocabulary to this one.
  void append(const SpanBatch& batch, std::span<const uint32_t> rows, Recoder& recoder);
  // All rows of the batch, whose vocabulary is not met again.
  void append(const SpanBatch& batch);
  void publish();

  uint32_t rows() const { return rows_.size(); }
  uint32_t pending_rows() const { return rows_.pending_size(); }

  SpanRow row(uint32_t i) const;
  std::span<const uint32_t> words(uint32_t i) const {
    WordPlace place = word_place(i);
    return place.count == 0 ? std::span<const uint32_t>{} : words_.piece(place.begin, place.begin + place.count);
  }

  // The longest run of cells side by side from `begin` on, at most to `end`; the same for all columns. For scans.
  // Precondition: begin < end <= rows the caller knows.
  template <Column kColumn>
  auto piece(uint32_t begin, uint32_t end) const {
    return rows_.piece<kColumn>(begin, end);
  }
  // A word of a row whose kWordBegin is known.
  uint32_t word(uint32_t at) const { return words_[at]; }
  // The words side by side from `begin` on, at most to `end`. Precondition: begin < end, and both are those of rows
  // that the caller knows.
  std::span<const uint32_t> word_piece(uint32_t begin, uint32_t end) const { return words_.piece(begin, end); }

  // Single cells.
  uint64_t start_ns(uint32_t i) const { return rows_.at<kStart>(i); }
  uint64_t end_ns(uint32_t i) const { return rows_.at<kEnd>(i); }
  uint64_t span(uint32_t i) const { return rows_.at<kSpan>(i); }
  uint64_t parent(uint32_t i) const { return rows_.at<kParent>(i); }
  uint32_t name(uint32_t i) const { return rows_.at<kName>(i); }
  uint32_t origin_code(uint32_t i) const { return rows_.at<kOrigin>(i); }
  const Origin& origin(uint32_t code) const { return origins_[code]; }
  uint32_t resource(uint32_t i) const { return origin(origin_code(i)).resource; }
  uint32_t scope(uint32_t i) const { return origin(origin_code(i)).scope; }
  uint32_t shape(uint32_t i) const { return rows_.at<kShape>(i); }
  uint32_t envelope(uint32_t i) const { return origin(origin_code(i)).envelope; }
  uint8_t kind(uint32_t i) const { return rows_.at<kMarks>(i).kind; }
  uint8_t status(uint32_t i) const { return rows_.at<kMarks>(i).status; }
  uint8_t bits(uint32_t i) const { return rows_.at<kMarks>(i).bits; }
  uint64_t receive_ns(uint32_t i) const { return receive_runs_[receive_run(i)].receive_ns; }
  // All rows of [i, this) were received at the same time; kNoRow when that goes for all that are there so far.
  uint32_t receive_run_end(uint32_t i) const;

  // Traces. A reader that knows `rows` rows sees trace_count(rows) traces.
  uint32_t trace_of(uint32_t i) const { return rows_.at<kTrace>(i); }
  uint32_t previous_row(uint32_t i) const { return rows_.at<kPrevious>(i); }
  uint32_t trace_count(uint32_t rows) const;
  // The writer's own count.
  uint32_t pending_traces() const { return traces_.pending_size(); }
  TraceId trace_id(uint32_t trace) const { return traces_[trace].id; }
  uint32_t first_row(uint32_t trace) const { return traces_[trace].first_row; }
  uint32_t find_trace(TraceId id, uint32_t rows) const;
  // Valid as long as the table.
  std::shared_ptr<const TraceSummaries> summaries(uint32_t rows) const { return summaries_.of(*this, rows); }
  // Of its pages.
  ScanFacts& scan_facts() const { return scan_facts_; }
  // Rows of the trace below `rows`, newest first, appended to out.
  void trace_rows(uint32_t trace, uint32_t rows, std::vector<uint32_t>& out) const;

  // As of the last publish(); any thread.
  size_t allocated_bytes() const {
    return published_bytes_.load(std::memory_order_relaxed) + summaries_.allocated_bytes();
  }

 private:
  static constexpr uint8_t kManyWords = 0xff;
  struct WordPlace {
    uint32_t begin;
    uint32_t count;
  };
  struct ReceiveRun {
    uint32_t first_row;
    uint64_t receive_ns;
  };
  using Rows = ChunkedColumns<64, uint64_t, uint64_t, uint64_t, uint64_t, uint32_t, uint32_t, uint32_t, uint32_t,
                              uint32_t, uint32_t, Marks>;
  struct Trace {
    TraceId id;
    uint32_t first_row = 0;
    std::atomic<uint32_t> head{0};
  };
  WordPlace word_place(uint32_t i) const {
    uint32_t begin = rows_.at<kWordBegin>(i);
    uint8_t count = rows_.at<kMarks>(i).words;
    if (count != kManyWords) return {begin, count};
    return {begin, words_[begin - 1]};
  }
  uint32_t intern(const Origin& origin);
  // Room for a row's words; sets the cells that say where they are.
  uint32_t* open_words(const Rows::Run& run, size_t at, size_t count);
  // Sets the cells that are neither codes nor words.
  void set_plain(const Rows::Run& run, size_t at, uint32_t number, const SpanRow& row);
  uint32_t receive_run(uint32_t i) const;
  void enter_trace(const Rows::Run& run, size_t at, uint32_t row, TraceId id);

  const uint32_t page_rows_;
  Rows rows_;
  ChunkedVector<uint32_t> words_;
  ChunkedVector<Origin, 16> origins_;
  CodeTable origin_table_;
  // Rows that came together share their receive time.
  ChunkedVector<ReceiveRun, 16> receive_runs_;
  ChunkedVector<Trace, 16> traces_;
  CodeTable trace_table_;
  std::atomic<size_t> published_bytes_{0};
  mutable KeptSummaries summaries_;
  mutable ScanFacts scan_facts_;
};

}  // namespace clew
