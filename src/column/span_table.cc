#include "column/span_table.h"

#include <numeric>

#include "base/mix.h"
#include "column/recode.h"

namespace clew {
namespace {

// Rows between the prefetch of a trace's slot and its use.
constexpr size_t kLookAhead = 8;

}  // namespace

void SpanTable::append(const SpanRow& row, std::span<const uint32_t> words) {
  uint32_t number = rows_.pending_size();
  Rows::Run run = rows_.open(1);
  run.at<kOrigin>(0) = intern({row.resource, row.scope, row.envelope});
  run.at<kName>(0) = row.name;
  run.at<kShape>(0) = row.shape;
  std::copy(words.begin(), words.end(), open_words(run, 0, words.size()));
  set_plain(run, 0, number, row);
}

void SpanTable::append(const SpanBatch& batch, std::span<const uint32_t> rows, Recoder& recoder) {
  recoder.begin_batch(batch);
  // Of the row before, from which that of a batch's row hardly differs.
  Origin from{kNoCode, kNoCode, kNoCode};
  uint32_t origin = kNoCode;
  while (!rows.empty()) {
    uint32_t number = rows_.pending_size();
    Rows::Run run = rows_.open(rows.size());
    for (size_t i = 0; i < run.rows; ++i) {
      if (i + kLookAhead < run.rows) trace_table_.prefetch(batch.rows[rows[i + kLookAhead]].trace.hash());
      const SpanRow& row = batch.rows[rows[i]];
      auto words = std::span(batch.words).subspan(row.words, row.word_count);
      if (const Origin own{row.resource, row.scope, row.envelope}; own != from) {
        from = own;
        origin = intern({recoder.resource(own.resource), recoder.scope(own.scope), recoder.envelope(own.envelope)});
      }
      run.at<kOrigin>(i) = origin;
      run.at<kName>(i) = recoder.name(row.name);
      const Recoder::Shape& shape = recoder.shape(row.shape);
      run.at<kShape>(i) = shape.to;
      recoder.words(shape, words, row.bits, open_words(run, i, words.size()));
      set_plain(run, i, number + static_cast<uint32_t>(i), row);
    }
    rows = rows.subspan(run.rows);
  }
  recoder.settle();
}

void SpanTable::append(const SpanBatch& batch) {
  Recoder recoder(*batch.vocabulary, vocabulary);
  std::vector<uint32_t> rows(batch.rows.size());
  std::iota(rows.begin(), rows.end(), 0U);
  append(batch, rows, recoder);
}

uint32_t SpanTable::intern(const Origin& origin) {
  const uint64_t hash = mix64(mix64(origin.resource, origin.scope), origin.envelope);
  uint32_t code = origin_table_.find_as_writer(hash, [&](uint32_t c) { return origins_[c] == origin; });
  if (code != CodeTable::kNone) return code;
  code = origins_.pending_size();
  origins_.append(origin);
  origins_.publish();
  origin_table_.insert(hash, code);
  return code;
}

uint32_t* SpanTable::open_words(const Rows::Run& run, size_t at, size_t count) {
  bool many = count >= kManyWords;
  auto [begin, room] = words_.open_together(count + many);
  if (many) *room = static_cast<uint32_t>(count);
  run.at<kWordBegin>(at) = begin + many;
  run.at<kMarks>(at).words = many ? kManyWords : static_cast<uint8_t>(count);
  return room + many;
}

void SpanTable::set_plain(const Rows::Run& run, size_t at, uint32_t number, const SpanRow& row) {
  run.at<kSpan>(at) = row.span;
  run.at<kParent>(at) = row.parent;
  run.at<kStart>(at) = row.start_ns;
  run.at<kEnd>(at) = row.end_ns;
  Marks& marks = run.at<kMarks>(at);
  marks.kind = static_cast<uint8_t>(row.kind);
  marks.status = static_cast<uint8_t>(row.status);
  marks.bits = row.bits;
  uint32_t runs = receive_runs_.pending_size();
  if (runs == 0 || receive_runs_[runs - 1].receive_ns != row.receive_ns) {
    receive_runs_.append({number, row.receive_ns});
    receive_runs_.publish();
  }
  enter_trace(run, at, number, row.trace);
}

void SpanTable::enter_trace(const Rows::Run& run, size_t at, uint32_t row, TraceId id) {
  uint64_t hash = id.hash();
  uint32_t number = trace_table_.find_as_writer(hash, [&](uint32_t t) { return traces_[t].id == id; });
  if (number == CodeTable::kNone) {
    number = traces_.pending_size();
    Trace& trace = traces_.emplace();
    trace.id = id;
    trace.first_row = row;
    trace.head.store(row, std::memory_order_relaxed);
    traces_.publish();
    trace_table_.insert(hash, number);
    run.at<kTrace>(at) = number;
    run.at<kPrevious>(at) = kNoRow;
    return;
  }
  auto& head = traces_.mutable_at(number).head;
  run.at<kTrace>(at) = number;
  run.at<kPrevious>(at) = head.load(std::memory_order_relaxed);
  // A reader that follows the new head must find the row's link.
  head.store(row, std::memory_order_release);
}

SpanRow SpanTable::row(uint32_t i) const {
  SpanRow out;
  out.trace = traces_[trace_of(i)].id;
  out.span = span(i);
  out.parent = parent(i);
  out.start_ns = start_ns(i);
  out.end_ns = end_ns(i);
  out.receive_ns = receive_ns(i);
  const Origin& origin = this->origin(origin_code(i));
  out.resource = origin.resource;
  out.scope = origin.scope;
  out.envelope = origin.envelope;
  out.name = name(i);
  out.shape = shape(i);
  WordPlace place = word_place(i);
  out.words = place.begin;
  out.word_count = place.count;
  Marks marks = rows_.at<kMarks>(i);
  out.kind = static_cast<SpanKind>(marks.kind);
  out.status = static_cast<StatusCode>(marks.status);
  out.bits = marks.bits;
  return out;
}

uint32_t SpanTable::receive_run(uint32_t i) const {
  uint32_t low = 0;
  uint32_t high = receive_runs_.size();
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    (receive_runs_[middle].first_row <= i ? low : high) = middle;
  }
  return low;
}

uint32_t SpanTable::receive_run_end(uint32_t i) const {
  uint32_t next = receive_run(i) + 1;
  return next < receive_runs_.size() ? receive_runs_[next].first_row : kNoRow;
}

uint32_t SpanTable::trace_count(uint32_t rows) const {
  uint32_t low = 0;
  uint32_t high = traces_.size();
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (traces_[middle].first_row < rows) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t SpanTable::find_trace(TraceId id, uint32_t rows) const {
  uint32_t trace = trace_table_.find(id.hash(), [&](uint32_t t) { return traces_[t].id == id; });
  if (trace == CodeTable::kNone || traces_[trace].first_row >= rows) return kNoTrace;
  return trace;
}

void SpanTable::trace_rows(uint32_t trace, uint32_t rows, std::vector<uint32_t>& out) const {
  for (uint32_t i = traces_[trace].head.load(std::memory_order_acquire); i != kNoRow; i = previous_row(i)) {
    if (i < rows) out.push_back(i);
  }
}

void SpanTable::publish() {
  size_t bytes = rows_.allocated_bytes() + words_.allocated_bytes() + receive_runs_.allocated_bytes() +
                 traces_.allocated_bytes() + trace_table_.allocated_bytes() + origins_.allocated_bytes() +
                 origin_table_.allocated_bytes() + vocabulary.allocated_bytes();
  published_bytes_.store(bytes, std::memory_order_relaxed);
  rows_.publish();
}

}  // namespace clew
