#include "column/trace_summaries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "column/table_for_test.h"

namespace clew {
namespace {

std::string describe(const TraceSummaries& summaries) {
  std::string out = std::to_string(summaries.rows) + " " + std::to_string(summaries.min_start_ns) + ".." +
                    std::to_string(summaries.max_end_ns);
  for (const TraceSummary& s : summaries.traces) {
    out += " | " + s.id.hex() + " " + std::to_string(s.start_ns) + ".." + std::to_string(s.end_ns) + " " +
           std::to_string(s.spans) + " " + std::to_string(s.errors) + " " + std::to_string(s.root_row);
  }
  for (uint32_t trace : summaries.rootless) out += " rootless " + std::to_string(trace);
  for (uint64_t start : summaries.latest_start_ns) out += " latest " + std::to_string(start);
  return out;
}

std::vector<SimpleSpan> random_spans(uint64_t count) {
  std::vector<SimpleSpan> spans;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t noise = mix64(i);
    spans.push_back({.trace = 1 + noise % (count / 4),
                     .span = i + 1,
                     .parent = noise >> 8 & 3,
                     .start_ns = noise >> 16 & 0xfff,
                     .end_ns = noise >> 28 & 0xfff,
                     .status = (noise >> 40 & 7) == 0 ? StatusCode::error : StatusCode::unset});
  }
  return spans;
}

TEST(KeptSummaries, AreThoseOfThePrefixWhoeverAskedBefore) {
  auto table = table_of(random_spans(400));
  KeptSummaries kept;
  std::vector<std::shared_ptr<const TraceSummaries>> held;
  std::vector<std::string> first;
  for (uint32_t rows : {0U, 10U, 11U, 200U, 200U, 100U, 400U, 0U, 399U}) {
    KeptSummaries fresh;
    auto got = kept.of(*table, rows);
    EXPECT_EQ(describe(*got), describe(*fresh.of(*table, rows))) << rows << " rows";
    EXPECT_EQ(got->traces.size(), table->trace_count(rows));
    first.push_back(describe(*got));
    if (rows != 11)
      held.push_back(std::move(got));
    else
      first.pop_back();
  }
  for (size_t i = 0; i < held.size(); ++i) EXPECT_EQ(describe(*held[i]), first[i]) << "what was answered changed";
  EXPECT_GT(kept.allocated_bytes(), 0);
}

TEST(KeptSummaries, KnowWhatHasNoRootAndTheLatestStartByPages) {
  constexpr uint32_t kRows = 2 * SpanTable::kPageRows + 100;
  auto table = table_of(random_spans(kRows));
  KeptSummaries kept;
  for (uint32_t rows : {1U, SpanTable::kPageRows, SpanTable::kPageRows + 1, kRows}) {
    auto got = kept.of(*table, rows);
    std::vector<uint32_t> rootless;
    for (uint32_t trace = 0; trace < got->traces.size(); ++trace) {
      if (got->traces[trace].root_row == kNoRow) rootless.push_back(trace);
    }
    EXPECT_EQ(got->rootless, rootless) << rows << " rows";
    uint64_t latest = 0;
    for (uint32_t row = 0; row < rows; ++row) {
      latest = std::max(latest, table->start_ns(row));
      if (row + 1 != rows && (row + 1) % SpanTable::kPageRows != 0) continue;
      EXPECT_EQ(got->latest_start_ns.at(row / SpanTable::kPageRows), latest) << rows << " rows";
    }
  }
}

TEST(KeptSummaries, ServeManyReadersOfAGrowingTable) {
  constexpr uint32_t kRows = 4000;
  auto table = table_of(random_spans(kRows));
  std::atomic<uint32_t> rows{1};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 3; ++r) {
    readers.emplace_back([&] {
      while (rows.load() < kRows) {
        uint32_t seen = rows.load();
        auto summaries = table->summaries(seen);
        uint64_t spans = 0;
        for (const TraceSummary& s : summaries->traces) spans += s.spans;
        wrong += spans != seen;
      }
    });
  }
  while (rows.load() < kRows) rows += 1;
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace clew
