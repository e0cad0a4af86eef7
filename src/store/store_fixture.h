// For the store's tests: a whole store on files that break on purpose.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "env/clock.h"
#include "env/faulty_files.h"
#include "store/spans_fixture.h"
#include "store/store.h"

namespace clew::store {

inline constexpr uint64_t kNow = 1'700'000'000'000'000'000;
inline constexpr uint64_t kDayNs = 86'400ULL * 1'000'000'000;
inline constexpr int64_t kTenYearsNs = int64_t{10} * 365 * 86'400 * 1'000'000'000;

inline StoreOptions small_options() {
  StoreOptions options;
  options.folder = "data";
  options.disk_reserve_bytes = 0;
  options.log_retry_ms = 1;
  options.duplicates_bytes = 1 << 20;
  return options;
}

class StoreFixture : public testing::Test {
 protected:
  void open(StoreOptions options = small_options()) {
    store_.reset();
    auto opened = Store::open(options, *files_, clock_);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }

  Result<Accepted> append(const SpanBatch& batch, std::string_view tenant = kSingle) {
    std::promise<Result<Accepted>> promise;
    auto future = promise.get_future();
    store_->sink().append(tenant, batch, [&](Result<Accepted> accepted) { promise.set_value(std::move(accepted)); });
    return future.get();
  }

  // Everything stored that belongs to these traces.
  SpanTexts stored(const SpanTexts& wanted, std::string_view tenant = kSingle) {
    std::vector<TraceId> ids;
    for (const auto& [key, text] : wanted) {
      if (ids.empty() || ids.back() != key.first) ids.push_back(key.first);
    }
    auto snapshot = store_->source().snapshot(tenant, std::make_shared<ReadBudget>());
    auto table = snapshot->gather(ids);
    EXPECT_TRUE(table) << table.error().message;
    SpanTexts out;
    if (table) collect(**table, out);
    return out;
  }

  // In how many units each trace lies, and in how many of those it is not listed.
  struct Places {
    std::map<TraceId, int> parts;
    std::map<TraceId, int> unlisted;
  };
  Places places() {
    Places out;
    auto snapshot = store_->source().snapshot(kSingle, std::make_shared<ReadBudget>());
    for (const auto& unit : snapshot->units()) {
      auto summaries = unit->summaries();
      auto listed = unit->listed();
      EXPECT_TRUE(summaries && listed);
      if (!summaries || !listed) continue;
      for (TraceId id : *listed) EXPECT_TRUE(*unit->find_trace(id)) << "only what is here is listed";
      for (const TraceSummary& trace : *summaries) {
        ++out.parts[trace.id];
        out.unlisted[trace.id] += !std::ranges::binary_search(*listed, trace.id);
      }
    }
    return out;
  }

  // Takes the batch, and notes what it said.
  void send(const SpanBatch& batch, SpanTexts& sent) {
    auto accepted = append(batch);
    ASSERT_TRUE(accepted) << accepted.error().message;
    collect(batch, sent);
  }

  std::vector<std::string> names_in(const std::string& folder) {
    auto names = files_->list(folder);
    return names ? *names : std::vector<std::string>{};
  }
  static std::string blocks_folder() { return "data/tenants/" + std::string(kSingle) + "/blocks"; }
  // Folders of the tenant's blocks.
  std::vector<std::string> blocks() { return names_in(blocks_folder()); }

  static constexpr std::string_view kSingle = "single-tenant";
  std::unique_ptr<env::FaultyFiles> files_ = env::FaultyFiles::make(1);
  env::ManualClock clock_;
  std::unique_ptr<Store> store_;
};

}  // namespace clew::store
