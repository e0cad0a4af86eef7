#include <fmt/format.h>

#include <condition_variable>
#include <mutex>

#include "cli/import/destination.h"
#include "env/clock.h"
#include "env/files.h"
#include "model/tenant.h"
#include "store/store.h"

namespace clew::cli {
namespace {

// Batches whose log sync is awaited; one sync answers them together.
constexpr size_t kUnderWay = 64;
constexpr int kBusyRetries = 600;

class StoreDestination final : public Destination {
 public:
  StoreDestination(std::string folder, std::unique_ptr<store::Store> store)
      : where_("the data directory " + folder), store_(std::move(store)) {}
  ~StoreDestination() override { wait_for_all(); }

  Status send(const SpanBatch& batch, std::string_view, OtlpEncoding) override {
    std::unique_lock lock(mutex_);
    reject(batch.rejected);
    if (batch.rows.empty()) return {};
    for (int attempt = 0; attempt < kBusyRetries; ++attempt) {
      changed_.wait(lock, [&] { return under_way_ < kUnderWay; });
      if (!failed_.message.empty()) return std::unexpected(failed_);
      ++under_way_;
      lock.unlock();
      Verdict verdict = append(batch);
      lock.lock();
      if (verdict == Verdict::taken) return {};
      // Busy: what is under way frees room, or time does.
      changed_.wait_for(lock, std::chrono::milliseconds(store_->sink().retry_delay_ms()), [] { return false; });
    }
    return fail(ErrorCode::resource_exhausted,
                where_ + " stays busy: its memory limit is reached and nothing is sealed");
  }

  Status drain() override {
    wait_for_all();
    std::lock_guard lock(mutex_);
    if (!failed_.message.empty()) return std::unexpected(failed_);
    return {};
  }
  void forget(const Vocabulary& vocabulary) override {
    wait_for_all();
    store_->sink().forget(vocabulary);
  }
  Status close() override {
    TRY(drain());
    // Blocks are what others read where it lies.
    TRY(store_->seal_all());
    return store_->close();
  }
  const ImportCounts& counts() const override { return counts_; }
  const std::string& where() const override { return where_; }

 private:
  enum class Verdict { taken, busy };

  // A refusal is answered before append() returns; what is answered later was taken, or has failed for good.
  Verdict append(const SpanBatch& batch) {
    auto refused = std::make_shared<bool>(false);
    auto returned = std::make_shared<bool>(false);
    store_->sink().append(kSingleTenant, batch, [this, refused, returned](Result<Accepted> result) {
      std::lock_guard lock(mutex_);
      --under_way_;
      if (result) {
        counts_.spans += result->spans;
        counts_.duplicates += result->duplicates;
        reject(result->rejected);
      } else if (result.error().code == ErrorCode::resource_exhausted && !*returned) {
        *refused = true;
      } else if (failed_.message.empty()) {
        failed_ = std::move(result.error());
      }
      changed_.notify_all();
    });
    std::lock_guard lock(mutex_);
    *returned = true;
    return *refused ? Verdict::busy : Verdict::taken;
  }

  void reject(const Rejections& rejected) {
    counts_.rejected += rejected.spans;
    if (counts_.reason.empty()) counts_.reason = rejected.reason;
  }
  void wait_for_all() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return under_way_ == 0; });
  }

  const std::string where_;
  std::unique_ptr<store::Store> store_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  size_t under_way_ = 0;
  ImportCounts counts_;
  Error failed_;
};

}  // namespace

Result<std::unique_ptr<Destination>> store_destination(const std::string& folder) {
  store::StoreOptions options;
  options.folder = folder;
  auto store = store::Store::open(options, env::system_files(), env::system_clock());
  if (!store) return std::unexpected(std::move(store.error()).context("cannot open the data directory " + folder));
  return std::make_unique<StoreDestination>(folder, std::move(*store));
}

}  // namespace clew::cli
