#include "store/lane.h"

#include <algorithm>

namespace clew::store {

Lane::Lane(uint32_t number, const StoreOptions& options, std::shared_ptr<MemoryBudget> memory, LogWriter& log,
           Events events)
    : number_(number),
      options_(options),
      memory_(std::move(memory)),
      log_(log),
      events_(std::move(events)),
      duplicates_(options.duplicates_window_ns, options.duplicates_bytes / options.lanes),
      earlier_(memory_->limit_bytes() / MemoryBudget::kFiltersShare / options.lanes),
      duplicates_memory_(memory_, MemoryUse::duplicates),
      earlier_memory_(memory_, MemoryUse::filters) {}

void Lane::number_from(uint64_t next_segment) {
  std::lock_guard lock(mutex_);
  next_segment_ = next_segment;
}

Lane::Open& Lane::open_segment(std::string_view tenant, uint64_t receive_ns) {
  auto found = open_.find(tenant);
  if (found != open_.end() && is_complete(*found->second.segment, receive_ns)) {
    close_segment(found->second);
    open_.erase(found);
    found = open_.end();
  }
  if (found == open_.end()) {
    auto segment = std::make_shared<Segment>(SegmentName{std::string(tenant), number_, next_segment_++}, memory_);
    segment->first_receive_ns = receive_ns;
    found = open_.emplace(std::string(tenant), Open{std::move(segment), {}}).first;
    events_.opened(found->second.segment);
  }
  return found->second;
}

bool Lane::is_complete(const Segment& segment, uint64_t receive_ns) const {
  return segment.table->pending_rows() >= options_.segment_rows || segment.memory.bytes() >= options_.segment_bytes ||
         receive_ns > segment.first_receive_ns + options_.segment_age_ns;
}

Lane::Appended Lane::append(std::string_view tenant, const SpanBatch& batch, std::span<const uint32_t> rows) {
  Appended out;
  const uint64_t receive_ns = batch.rows[rows.front()].receive_ns;
  const uint64_t tenant_number = DuplicateTable::number_of(tenant);
  std::lock_guard lock(mutex_);
  Open& open = open_segment(tenant, receive_ns);
  SpanTable& table = *open.segment->table;
  Translation& translation =
      open.translations.try_emplace(batch.vocabulary, *batch.vocabulary, table.vocabulary, memory_).first->second;
  uint32_t first_row = table.pending_rows();
  uint32_t traces_before = table.pending_traces();
  fresh_.clear();
  duplicates_.find_or_enter(tenant_number, batch.rows, rows, receive_ns, fresh_);
  out.duplicates = rows.size() - fresh_.size();
  table.append(batch, fresh_, translation.recoder);
  uint32_t appended = table.pending_rows() - first_row;
  if (appended > 0) {
    note_traces(*open.segment, traces_before);
    table.publish();
    open.segment->last_receive_ns = std::max(open.segment->last_receive_ns, receive_ns);
    count_memory(*open.segment, translation);
    last_frame_ = log_.submit_rows(open.segment, first_row, appended);
  }
  // Of a repeated row it is only known that its frame was submitted, at the latest as the lane's last one.
  out.frame = last_frame_;
  return out;
}

void Lane::note_traces(Segment& segment, uint32_t traces_before) {
  const SpanTable& table = *segment.table;
  uint32_t traces = table.pending_traces();
  for (uint32_t trace = traces_before; trace < traces; ++trace) {
    if (earlier_.may_contain(table.trace_id(trace))) segment.continues.append(table.trace_id(trace));
  }
  segment.continues.publish();
}

void Lane::count_memory(Segment& segment, Translation& translation) {
  segment.memory.set(segment.table->allocated_bytes() + segment.continues.allocated_bytes());
  translation.memory.set(translation.recoder.allocated_bytes());
  duplicates_memory_.set(duplicates_.allocated_bytes());
}

void Lane::close_segment(Open& open) {
  Segment& segment = *open.segment;
  const SpanTable& table = *segment.table;
  uint32_t traces = table.pending_traces();
  for (uint32_t trace = 0; trace < traces; ++trace) earlier_.add(table.trace_id(trace));
  earlier_memory_.set(earlier_.allocated_bytes());
  last_frame_ = log_.submit_cut(open.segment, table.pending_rows());
  segment.closed_receive_ns.store(segment.last_receive_ns);
  segment.closed.store(true, std::memory_order_release);
  events_.closed(open.segment);
}

bool Lane::remember_trace(TraceId id) {
  std::lock_guard lock(mutex_);
  bool known = earlier_.may_contain(id);
  earlier_.add(id);
  earlier_memory_.set(earlier_.allocated_bytes());
  return known;
}

void Lane::remember_span(std::string_view tenant, const SpanRow& row, uint64_t receive_ns) {
  std::lock_guard lock(mutex_);
  duplicates_.find_or_enter(DuplicateTable::number_of(tenant), row, receive_ns);
  duplicates_memory_.set(duplicates_.allocated_bytes());
}

void Lane::cut(const std::function<bool(const Segment&)>& which) {
  std::lock_guard lock(mutex_);
  for (auto it = open_.begin(); it != open_.end();) {
    if (which(*it->second.segment)) {
      close_segment(it->second);
      it = open_.erase(it);
    } else {
      ++it;
    }
  }
}

uint64_t Lane::cut_at_once(std::span<const std::unique_ptr<Lane>> lanes, std::string_view tenant) {
  std::vector<std::unique_lock<std::mutex>> locks;
  uint64_t next = 0;
  for (const auto& lane : lanes) {
    locks.emplace_back(lane->mutex_);
    next = std::max(next, lane->next_segment_);
  }
  for (const auto& lane : lanes) {
    lane->next_segment_ = next;
    auto open = lane->open_.find(tenant);
    if (open == lane->open_.end()) continue;
    lane->close_segment(open->second);
    lane->open_.erase(open);
  }
  return next;
}

void Lane::forget(const Vocabulary& vocabulary) {
  std::lock_guard lock(mutex_);
  for (auto& [tenant, open] : open_) open.translations.erase(&vocabulary);
}

}  // namespace clew::store
