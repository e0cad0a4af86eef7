#include "column/span_table.h"

namespace clew {

void SpanTable::append(const SpanRow& row, std::span<const uint32_t> words) {
  uint32_t at = starts_.pending_size();
  spans_.append(row.span);
  parents_.append(row.parent);
  ends_.append(row.end_ns);
  resources_.append(row.resource);
  scopes_.append(row.scope);
  names_.append(row.name);
  shapes_.append(row.shape);
  envelopes_.append(row.envelope);
  word_begins_.append(words.empty() ? 0 : words_.append_together(words));
  word_counts_.append(static_cast<uint32_t>(words.size()));
  marks_.append({static_cast<uint8_t>(row.kind), static_cast<uint8_t>(row.status), row.bits});
  uint32_t runs = receive_runs_.pending_size();
  if (runs == 0 || receive_runs_[runs - 1].receive_ns != row.receive_ns) {
    receive_runs_.append({at, row.receive_ns});
    receive_runs_.publish();
  }
  uint32_t trace = enter_trace(row.trace, at);
  trace_numbers_.append(trace);
  starts_.append(row.start_ns);
}

uint32_t SpanTable::enter_trace(TraceId id, uint32_t row) {
  uint64_t hash = id.hash();
  uint32_t trace = trace_table_.find(hash, [&](uint32_t t) { return trace_ids_[t] == id; });
  if (trace != CodeTable::kNone) {
    auto& head = heads_.mutable_at(trace);
    previous_.append(head.load(std::memory_order_relaxed));
    // A reader that follows the new head must find the row's link.
    head.store(row, std::memory_order_release);
    return trace;
  }
  trace = trace_ids_.pending_size();
  previous_.append(kNoRow);
  trace_ids_.append(id);
  first_rows_.append(row);
  heads_.emplace().store(row, std::memory_order_relaxed);
  trace_ids_.publish();
  heads_.publish();
  first_rows_.publish();
  trace_table_.insert(hash, trace, [&](uint32_t t) { return trace_ids_[t].hash(); });
  return trace;
}

SpanRow SpanTable::row(uint32_t i) const {
  SpanRow out;
  out.trace = trace_ids_[trace_numbers_[i]];
  out.span = spans_[i];
  out.parent = parents_[i];
  out.start_ns = starts_[i];
  out.end_ns = ends_[i];
  out.receive_ns = receive_ns(i);
  out.resource = resources_[i];
  out.scope = scopes_[i];
  out.name = names_[i];
  out.shape = shapes_[i];
  out.envelope = envelopes_[i];
  out.words = word_begins_[i];
  out.word_count = word_counts_[i];
  Marks marks = marks_[i];
  out.kind = static_cast<SpanKind>(marks.kind);
  out.status = static_cast<StatusCode>(marks.status);
  out.bits = marks.bits;
  return out;
}

uint64_t SpanTable::receive_ns(uint32_t i) const {
  uint32_t low = 0;
  uint32_t high = receive_runs_.size();
  while (high - low > 1) {
    uint32_t middle = low + (high - low) / 2;
    (receive_runs_[middle].first_row <= i ? low : high) = middle;
  }
  return receive_runs_[low].receive_ns;
}

uint32_t SpanTable::trace_count(uint32_t rows) const {
  uint32_t low = 0;
  uint32_t high = first_rows_.size();
  while (low < high) {
    uint32_t middle = low + (high - low) / 2;
    if (first_rows_[middle] < rows) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

uint32_t SpanTable::find_trace(TraceId id, uint32_t rows) const {
  uint32_t trace = trace_table_.find(id.hash(), [&](uint32_t t) { return trace_ids_[t] == id; });
  if (trace == CodeTable::kNone || first_rows_[trace] >= rows) return kNoTrace;
  return trace;
}

void SpanTable::trace_rows(uint32_t trace, uint32_t rows, std::vector<uint32_t>& out) const {
  for (uint32_t i = heads_[trace].load(std::memory_order_acquire); i != kNoRow; i = previous_[i]) {
    if (i < rows) out.push_back(i);
  }
}

size_t SpanTable::allocated_bytes() const {
  return spans_.allocated_bytes() + parents_.allocated_bytes() + starts_.allocated_bytes() + ends_.allocated_bytes() +
         resources_.allocated_bytes() + scopes_.allocated_bytes() + names_.allocated_bytes() +
         shapes_.allocated_bytes() + envelopes_.allocated_bytes() + word_begins_.allocated_bytes() +
         word_counts_.allocated_bytes() + words_.allocated_bytes() + marks_.allocated_bytes() +
         trace_numbers_.allocated_bytes() + previous_.allocated_bytes() + receive_runs_.allocated_bytes() +
         trace_ids_.allocated_bytes() + first_rows_.allocated_bytes() + heads_.allocated_bytes() +
         trace_table_.allocated_bytes() + vocabulary.allocated_bytes();
}

}  // namespace clew
