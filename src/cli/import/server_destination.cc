#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <numeric>
#include <thread>
#include <vector>

#include "cli/import/destination.h"
#include "cli/import/request_batch.h"
#include "cli/otlp_sender.h"
#include "cli/pause.h"
#include "column/recode.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

constexpr size_t kConnections = 4;
// Requests that wait for a connection.
constexpr size_t kMostWaiting = 2 * kConnections;
// A larger request is encoded anew in pieces: servers refuse what is too long.
constexpr size_t kMostRequestBytes = size_t{16} << 20;
constexpr int kBusyRetries = 600;
constexpr uint64_t kNsPerMs = 1'000'000;

// Requests go out as they stand in the file; a connection has one under way.
class ServerDestination final : public Destination {
 public:
  ServerDestination(std::string where, std::vector<std::unique_ptr<OtlpSender>> senders)
      : where_(std::move(where)), senders_(std::move(senders)) {
    for (auto& sender : senders_) threads_.emplace_back([this, &sender] { send_all(*sender); });
  }
  ~ServerDestination() override { stop(); }

  Status send(const SpanBatch& batch, std::string_view request, OtlpEncoding encoding) override {
    if (batch.rejected.spans > 0) {
      std::lock_guard lock(mutex_);
      reject(batch.rejected.spans, batch.rejected.reason);
    }
    if (batch.rows.empty()) return {};
    bool as_it_is = batch.rejected.spans == 0 && request.size() <= kMostRequestBytes &&
                    (encoding == OtlpEncoding::protobuf || senders_.front()->takes_json());
    if (!as_it_is) return send_anew(batch, request.size());
    if (!batch_.add(request, encoding, batch.rows.size())) {
      TRY(enqueue(batch_.take()));
      batch_.add(request, encoding, batch.rows.size());
    }
    return batch_.full() ? enqueue(batch_.take()) : Status{};
  }

  Status drain() override {
    if (!batch_.empty()) TRY(enqueue(batch_.take()));
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return (waiting_.empty() && under_way_ == 0) || failed(); });
    return failure();
  }
  void forget(const Vocabulary&) override {}
  Status close() override {
    Status drained = drain();
    stop();
    return drained;
  }
  const ImportCounts& counts() const override { return counts_; }
  const std::string& where() const override { return where_; }

 private:
  Status send_anew(const SpanBatch& batch, size_t bytes) {
    size_t pieces = bytes / kMostRequestBytes + 1;
    size_t rows = batch.rows.size() / pieces + 1;
    for (size_t first = 0; first < batch.rows.size(); first += rows) {
      size_t count = std::min(rows, batch.rows.size() - first);
      TRY(enqueue({encode(batch, first, count), OtlpEncoding::protobuf, count}));
    }
    return {};
  }

  static std::string encode(const SpanBatch& batch, size_t first, size_t count) {
    SpanTable table;
    Recoder recoder(*batch.vocabulary, table.vocabulary);
    std::vector<uint32_t> rows(count);
    std::iota(rows.begin(), rows.end(), static_cast<uint32_t>(first));
    table.append(batch, rows, recoder);
    table.publish();
    std::string body;
    wire::encode_otlp_protobuf(table, body);
    return body;
  }

  Status enqueue(ImportRequest request) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return waiting_.size() < kMostWaiting || failed(); });
    if (failed()) return failure();
    waiting_.push_back(std::move(request));
    changed_.notify_all();
    return {};
  }

  void send_all(OtlpSender& sender) {
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] { return !waiting_.empty() || stopped_; });
      if (stopped_) return;
      ImportRequest request = std::move(waiting_.front());
      waiting_.pop_front();
      ++under_way_;
      lock.unlock();
      auto answer = send_one(sender, request);
      lock.lock();
      --under_way_;
      if (answer) {
        uint64_t rejected = std::min(answer->rejected_spans, request.spans);
        reject(rejected, answer->reason);
        counts_.spans += request.spans - rejected;
      } else if (!failed()) {
        failed_ = std::move(answer.error());
        waiting_.clear();
        pause_.stop();
      }
      changed_.notify_all();
    }
  }

  Result<Acknowledgement> send_one(OtlpSender& sender, const ImportRequest& request) {
    for (int attempt = 0; attempt < kBusyRetries; ++attempt) {
      ASSIGN_OR_RETURN(Acknowledgement answer, sender.send(request.body, request.encoding));
      if (!answer.busy) return answer;
      if (!pause_.wait_ns(answer.delay_ms * kNsPerMs)) break;
    }
    return fail(ErrorCode::resource_exhausted, fmt::format("{} stays busy", where_));
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
    }
    pause_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  void reject(uint64_t spans, const std::string& reason) {
    counts_.rejected += spans;
    if (spans > 0 && counts_.reason.empty()) counts_.reason = reason;
  }
  bool failed() const { return !failed_.message.empty(); }
  Status failure() const { return failed() ? Status(std::unexpected(failed_)) : Status(); }

  const std::string where_;
  const std::vector<std::unique_ptr<OtlpSender>> senders_;
  RequestBatch batch_;
  Pause pause_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::deque<ImportRequest> waiting_;
  size_t under_way_ = 0;
  bool stopped_ = false;
  Error failed_;
  ImportCounts counts_;
  std::vector<std::thread> threads_;
};

}  // namespace

Result<std::unique_ptr<Destination>> server_destination(const std::string& url) {
  std::vector<std::unique_ptr<OtlpSender>> senders;
  for (size_t i = 0; i < kConnections; ++i) {
    ASSIGN_OR_RETURN(auto sender, make_sender(url, ""));
    senders.push_back(std::move(sender));
  }
  return std::make_unique<ServerDestination>(url, std::move(senders));
}

}  // namespace clew::cli
