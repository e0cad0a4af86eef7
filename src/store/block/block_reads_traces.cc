// The traces of a block; block_reads.cc has its columns.
#include <algorithm>

#include "store/block/block_reads.h"

namespace clew::store {
namespace {

constexpr size_t kIdBytes = 16;

}  // namespace

Result<const std::vector<uint32_t>*> BlockReads::runs() {
  if (const auto* known = runs_.load(std::memory_order_acquire)) return known;
  auto read = [&]() -> Result<std::unique_ptr<CachedVector<uint32_t>>> {
    ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::runs}));
    ASSIGN_OR_RETURN(auto runs, decode_runs(raw, file_.counts()));
    return std::make_unique<CachedVector<uint32_t>>(std::move(runs));
  };
  ASSIGN_OR_RETURN(const auto* held,
                   hold<CachedVector<uint32_t>>({CachedKind::runs}, section_bytes({SectionKind::runs}), read));
  runs_.store(&held->items, std::memory_order_release);
  return &held->items;
}

Result<const std::vector<TraceId>*> BlockReads::trace_ids(uint32_t group) {
  if (const auto* known = trace_ids_[group].load(std::memory_order_acquire)) return known;
  const auto& chunk = file_.chunk(kTraceIdLeaf, group);
  auto read = [&]() -> Result<std::unique_ptr<CachedVector<TraceId>>> {
    ASSIGN_OR_RETURN(auto entries, read_entries(file_, kTraceIdLeaf, group));
    auto out = std::make_unique<CachedVector<TraceId>>();
    out->items.reserve(entries->size());
    for (uint32_t i = 0; i < entries->size(); ++i) out->items.push_back(TraceId::from_bytes(entries->stored(i).data()));
    return out;
  };
  ASSIGN_OR_RETURN(const auto* held,
                   hold<CachedVector<TraceId>>({CachedKind::trace_ids, 0, group}, chunk.dictionary_bytes, read));
  trace_ids_[group].store(&held->items, std::memory_order_release);
  return &held->items;
}

// A row group's dictionary begins with the trace of its first row, which may have begun in the group before.
Result<BlockReads::IdPlace> BlockReads::id_place(uint32_t trace) {
  ASSIGN_OR_RETURN(const auto* runs, this->runs());
  auto group = static_cast<uint32_t>((*runs)[trace] / file_.counts().row_group_rows);
  auto first = std::ranges::upper_bound(*runs, file_.rows_of_group(group).begin) - runs->begin() - 1;
  auto at = static_cast<uint32_t>(trace - static_cast<size_t>(first));
  if (at >= file_.chunk(kTraceIdLeaf, group).entries) {
    return damaged("block " + file_.key() + ": a trace has no id");
  }
  return IdPlace{group, at};
}

Result<TraceId> BlockReads::trace_id(uint32_t trace) {
  ASSIGN_OR_RETURN(IdPlace place, id_place(trace));
  ASSIGN_OR_RETURN(const auto* ids, trace_ids(place.group));
  return (*ids)[place.at];
}

// The id without the rest of its page, and so without its checksum, where the page lets one be read alone.
Result<TraceId> BlockReads::peek_trace_id(IdPlace place) {
  const auto& chunk = file_.chunk(kTraceIdLeaf, place.group);
  if (chunk.codec != parquet::Codec::uncompressed) {
    ASSIGN_OR_RETURN(const auto* ids, trace_ids(place.group));
    return (*ids)[place.at];
  }
  uint64_t payload = uint64_t{chunk.entries} * kIdBytes;
  if (payload > chunk.dictionary_bytes) return damaged("block " + file_.key() + ": a trace has no id");
  uint64_t begin = chunk.dictionary_offset + chunk.dictionary_bytes - payload;
  if (budget_) TRY(budget_->charge(kIdBytes));
  ASSIGN_OR_RETURN(std::string bytes, file_.read(begin + uint64_t{place.at} * kIdBytes, kIdBytes));
  return TraceId::from_bytes(bytes.data());
}

// The id with its page's checksum. A page that can be peeked into is not kept for the few that come by here.
Result<TraceId> BlockReads::verified_trace_id(IdPlace place) {
  const auto& chunk = file_.chunk(kTraceIdLeaf, place.group);
  const Part part{CachedKind::trace_ids, 0, place.group};
  if (chunk.codec != parquet::Codec::uncompressed || block_->find<CachedVector<TraceId>>(key(part))) {
    ASSIGN_OR_RETURN(const auto* ids, trace_ids(place.group));
    return (*ids)[place.at];
  }
  TRY(charge(part, chunk.dictionary_bytes));
  auto read = read_entries(file_, kTraceIdLeaf, place.group);
  if (!read) return std::unexpected(noted(std::move(read.error())));
  return TraceId::from_bytes((*read)->stored(place.at).data());
}

// An id that answers is right whatever was not verified on the way. One that does not is either of those few that have
// the same fingerprint, or damaged: then everything is verified.
Result<std::optional<uint32_t>> BlockReads::find_trace(TraceId id) {
  std::vector<uint32_t> positions;
  file_.trace_lookup().find(id, [&](uint32_t position) { positions.push_back(position); });
  const uint64_t traces = file_.counts().traces;
  for (uint32_t position : positions) {
    auto place = TraceLookup::number_place(position, traces);
    if (budget_) TRY(budget_->charge(place.bytes));
    auto bytes = file_.read_in_section({SectionKind::trace_numbers}, place.offset, place.bytes);
    if (!bytes) return std::unexpected(noted(std::move(bytes.error())));
    uint32_t trace = place.number(*bytes);
    if (trace >= traces) return find_trace_slowly(id, positions);
    ASSIGN_OR_RETURN(IdPlace id_place, this->id_place(trace));
    ASSIGN_OR_RETURN(TraceId found, peek_trace_id(id_place));
    if (found == id) return std::optional<uint32_t>(trace);
  }
  if (positions.empty()) return std::optional<uint32_t>{};
  return find_trace_slowly(id, positions);
}

Result<std::optional<uint32_t>> BlockReads::find_trace_slowly(TraceId id, std::span<const uint32_t> positions) {
  const uint64_t traces = file_.counts().traces;
  const SectionId section{SectionKind::trace_numbers};
  TRY(charge({CachedKind::trace_numbers}, section_bytes(section)));
  auto numbers = file_.read_section(section);
  if (numbers && numbers->size() != TraceLookup::numbers_bytes(traces)) {
    numbers = corrupt("block " + file_.key() + ": trace numbers are missing");
  }
  if (!numbers) return std::unexpected(noted(std::move(numbers.error())));
  for (uint32_t position : positions) {
    auto place = TraceLookup::number_place(position, traces);
    uint32_t trace = place.number(std::string_view(*numbers).substr(place.offset, place.bytes));
    if (trace >= traces) return damaged("block " + file_.key() + ": a trace number is too high");
    ASSIGN_OR_RETURN(IdPlace id_place, this->id_place(trace));
    ASSIGN_OR_RETURN(TraceId found, verified_trace_id(id_place));
    if (found == id) return std::optional<uint32_t>(trace);
  }
  return std::optional<uint32_t>{};
}

Result<std::unique_ptr<PackedFacts>> BlockReads::read_facts() {
  ASSIGN_OR_RETURN(const auto* runs, this->runs());
  ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::trace_facts}));
  ASSIGN_OR_RETURN(auto facts, decode_trace_facts(raw, file_.counts()));
  for (uint32_t trace = 0; trace < facts.size(); ++trace) {
    uint32_t spans = (*runs)[trace + 1] - (*runs)[trace];
    if (facts[trace].errors > spans || facts[trace].root > spans) {
      return corrupt("block " + file_.key() + ": what is said of a trace does not fit its spans");
    }
  }
  std::vector<uint64_t> numbers(facts.size());
  auto packed = [&](auto&& number) {
    for (size_t i = 0; i < facts.size(); ++i) numbers[i] = number(facts[i]);
    return PackedNumbers(numbers);
  };
  auto out = std::make_unique<PackedFacts>();
  out->start_ns = packed([](const TraceFacts& fact) { return fact.start_ns; });
  out->duration_ns = packed([](const TraceFacts& fact) { return fact.end_ns - fact.start_ns; });
  out->errors = packed([](const TraceFacts& fact) { return fact.errors; });
  out->roots = packed([](const TraceFacts& fact) { return fact.root; });
  return out;
}

Result<const PackedFacts*> BlockReads::facts() {
  if (const auto* known = facts_.load(std::memory_order_acquire)) return known;
  ASSIGN_OR_RETURN(const auto* held, hold<PackedFacts>({CachedKind::facts}, section_bytes({SectionKind::trace_facts}),
                                                       [&] { return read_facts(); }));
  facts_.store(held, std::memory_order_release);
  return held;
}

Result<TraceTimes> BlockReads::trace_times(uint32_t trace) {
  ASSIGN_OR_RETURN(const PackedFacts* facts, this->facts());
  uint64_t start_ns = facts->start_ns[trace];
  return TraceTimes{start_ns, start_ns + facts->duration_ns[trace]};
}

Result<TraceSummary> BlockReads::summary(uint32_t trace) {
  ASSIGN_OR_RETURN(const auto* runs, this->runs());
  ASSIGN_OR_RETURN(const PackedFacts* facts, this->facts());
  ASSIGN_OR_RETURN(TraceId id, trace_id(trace));
  uint64_t start_ns = facts->start_ns[trace];
  uint32_t first = (*runs)[trace];
  auto root = static_cast<uint32_t>(facts->roots[trace]);
  return TraceSummary{.id = id,
                      .start_ns = start_ns,
                      .end_ns = start_ns + facts->duration_ns[trace],
                      .spans = (*runs)[trace + 1] - first,
                      .errors = static_cast<uint32_t>(facts->errors[trace]),
                      .root_row = root == 0 ? kNoRow : first + root - 1};
}

Result<std::unique_ptr<CachedVector<TraceSummary>>> BlockReads::read_summaries() {
  auto out = std::make_unique<CachedVector<TraceSummary>>();
  const auto traces = static_cast<uint32_t>(file_.counts().traces);
  out->items.reserve(traces);
  for (uint32_t trace = 0; trace < traces; ++trace) {
    ASSIGN_OR_RETURN(TraceSummary summary, this->summary(trace));
    out->items.push_back(summary);
  }
  return out;
}

// Made of parts that are charged for themselves.
Result<const std::vector<TraceSummary>*> BlockReads::summaries() {
  TRY(runs());
  TRY(facts());
  for (uint32_t group = 0; group < file_.groups(); ++group) TRY(trace_ids(group));
  ASSIGN_OR_RETURN(const auto* held,
                   hold<CachedVector<TraceSummary>>({CachedKind::summaries}, 0, [&] { return read_summaries(); }));
  return &held->items;
}

Result<std::unique_ptr<CachedVector<uint32_t>>> BlockReads::read_shared_ids(RowRange traces) {
  ASSIGN_OR_RETURN(const auto* runs, this->runs());
  auto out = std::make_unique<CachedVector<uint32_t>>();
  std::vector<uint64_t> ids;
  LeafPage page;
  uint32_t page_read = kNoRow;
  for (uint32_t trace = traces.begin; trace < traces.end; ++trace) {
    ids.clear();
    for (uint32_t row = (*runs)[trace]; row < (*runs)[trace + 1]; ++row) {
      if (uint32_t needed = row / file_.page_rows(); needed != page_read) {
        ASSIGN_OR_RETURN(page, read_page(kSpanIdLeaf, needed));
        page_read = needed;
      }
      ids.push_back(static_cast<uint64_t>(page.numbers[row % file_.page_rows()]));
    }
    if (has_equal_ids(ids)) out->items.push_back(trace);
  }
  return out;
}

Result<const std::vector<uint32_t>*> BlockReads::shared_ids(uint32_t page) {
  ASSIGN_OR_RETURN(const auto* runs, this->runs());
  auto traces_before = [&](uint32_t row) {
    return static_cast<uint32_t>(std::ranges::lower_bound(*runs, row) - runs->begin());
  };
  const RowRange rows = file_.rows_of_page(page);
  const auto traces = static_cast<uint32_t>(file_.counts().traces);
  const RowRange of_page{traces_before(rows.begin), std::min(traces, traces_before(rows.end))};
  if (of_page.size() > 0) {
    const uint32_t last = ((*runs)[of_page.end] - 1) / file_.page_rows();
    for (uint32_t read = page; read <= last; ++read) TRY(charge_page(kSpanIdLeaf, read));
  }
  ASSIGN_OR_RETURN(const auto* held, hold<CachedVector<uint32_t>>({CachedKind::shared_ids, kSpanIdLeaf, page}, 0,
                                                                  [&] { return read_shared_ids(of_page); }));
  return &held->items;
}

Result<bool> BlockReads::shares_span_ids(uint32_t trace) {
  ASSIGN_OR_RETURN(const auto* runs, this->runs());
  ASSIGN_OR_RETURN(const auto* traces, shared_ids((*runs)[trace] / file_.page_rows()));
  return std::ranges::binary_search(*traces, trace);
}

Result<const std::vector<TraceId>*> BlockReads::listed() {
  auto read = [&]() -> Result<std::unique_ptr<CachedVector<TraceId>>> {
    ASSIGN_OR_RETURN(std::string raw, file_.read_section({SectionKind::listed}));
    ASSIGN_OR_RETURN(auto ids, decode_listed(raw));
    return std::make_unique<CachedVector<TraceId>>(std::move(ids));
  };
  ASSIGN_OR_RETURN(const auto* held,
                   hold<CachedVector<TraceId>>({CachedKind::listed}, section_bytes({SectionKind::listed}), read));
  return &held->items;
}

}  // namespace clew::store
