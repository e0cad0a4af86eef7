#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <deque>
#include <mutex>

#include "cli/bench/load_feed.h"
#include "cli/import/span_reader.h"
#include "column/span_table.h"

namespace clew::cli {
namespace {

// Everything is read and encoded before the load begins, so that it costs nothing while it runs.
class FileFeed final : public LoadFeed {
 public:
  Status read(const std::string& path, uint64_t most_spans, bool keep_traces) {
    ASSIGN_OR_RETURN(auto bytes, open_bytes(path));
    ASSIGN_OR_RETURN(auto reader, open_spans(std::move(bytes)));
    if (!reader) return invalid(fmt::format("{} is empty", path));
    SpanBatch batch;
    uint64_t spans = 0;
    while (most_spans == 0 || spans < most_spans) {
      ASSIGN_OR_RETURN(SpanReader::Piece piece, reader->next(batch));
      if (piece.kind == SpanReader::Piece::Kind::end) break;
      if (piece.kind == SpanReader::Piece::Kind::bad)
        return corrupt(fmt::format("{}, {}: {}", path, piece.where, piece.fault));
      if (batch.rows.empty()) continue;
      spans += batch.rows.size();
      add(batch, keep_traces);
    }
    return {};
  }

  std::unique_ptr<LoadRequest> next(uint32_t) override {
    std::lock_guard lock(mutex_);
    if (stopped_ || requests_.empty()) return nullptr;
    auto request = std::move(requests_.front());
    requests_.pop_front();
    return request;
  }
  void stop() override {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  double floor_bits_per_span() const override { return 0; }

 private:
  void add(const SpanBatch& batch, bool keep_traces) {
    SpanTable table;
    table.append(batch);
    table.publish();
    auto request = std::make_unique<LoadRequest>();
    absl::flat_hash_map<TraceId, uint32_t> spans;
    if (keep_traces) {
      for (const SpanRow& row : batch.rows) ++spans[row.trace];
    }
    wire::encode_otlp_protobuf(table, request->body);
    request->spans = static_cast<uint32_t>(batch.rows.size());
    for (const auto& [id, count] : spans) {
      auto [at, added] = known_.emplace(id, nullptr);
      if (added) {
        at->second = &traces_.emplace_back();
        at->second->id = id;
      }
      at->second->spans += count;
      at->second->unacknowledged += count;
      request->traces.emplace_back(at->second, count);
    }
    requests_.push_back(std::move(request));
  }

  std::deque<LoadTrace> traces_;
  absl::flat_hash_map<TraceId, LoadTrace*> known_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::deque<std::unique_ptr<LoadRequest>> requests_;
  bool stopped_ = false;
};

}  // namespace

Result<std::unique_ptr<LoadFeed>> file_feed(const std::string& path, uint64_t spans, bool keep_traces) {
  auto feed = std::make_unique<FileFeed>();
  TRY(feed->read(path, spans, keep_traces));
  return feed;
}

}  // namespace clew::cli
