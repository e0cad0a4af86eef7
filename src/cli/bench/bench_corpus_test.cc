#include "cli/bench/bench_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <cmath>
#include <map>
#include <set>
#include <thread>

#include "cli/bench/latencies.h"
#include "cli/bench/load_feed.h"
#include "cli/bench/picked.h"
#include "cli/bench/random_text.h"
#include "column/nested_records.h"
#include "column/span_batch.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

constexpr uint64_t kStart = 1'700'000'000'000'000'000;
constexpr double kGap = 50'000;
constexpr uint64_t kDecodable = 40'000;  // in one request, within limits.request_bytes

struct Made {
  std::string request;
  std::vector<CorpusStream::Trace> traces;
  uint64_t spans = 0;
};

Made make(uint64_t seed, uint32_t stream, uint64_t spans, CorpusName name = CorpusName::builtin) {
  BenchCorpus corpus(seed, kGap, name);
  CorpusStream generator(corpus, stream, 2, kStart);
  SpansByService by_service;
  Made made;
  while (made.spans < spans) {
    made.traces.push_back(generator.next(by_service));
    made.spans += made.traces.back().count;
  }
  made.request = corpus_request(corpus, by_service, 0, 1);
  return made;
}

class EachCorpus : public testing::TestWithParam<CorpusName> {};

INSTANTIATE_TEST_SUITE_P(BenchCorpus, EachCorpus, testing::Values(CorpusName::builtin, CorpusName::rich));

TEST_P(EachCorpus, IsDeterministic) {
  std::string request = make(1, 0, 2000, GetParam()).request;
  EXPECT_TRUE(request == make(1, 0, 2000, GetParam()).request);
  EXPECT_FALSE(request == make(1, 1, 2000, GetParam()).request);
  EXPECT_FALSE(request == make(2, 0, 2000, GetParam()).request);
}

TEST_P(EachCorpus, HasTheTracesItPromises) {
  Made made = make(7, 0, kDecodable, GetParam());
  wire::OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  Status decoded = decoder.decode_protobuf(made.request, 0, batch);
  ASSERT_TRUE(decoded) << decoded.error().message;
  ASSERT_EQ(batch.rows.size(), made.spans);
  EXPECT_EQ(batch.rejected.spans, 0U);

  auto spans = static_cast<double>(made.spans);
  double mean = spans / static_cast<double>(made.traces.size());
  EXPECT_NEAR(mean, kCorpusMeanSpans, 0.5);
  uint32_t longest = 0;
  for (const auto& trace : made.traces) longest = std::max(longest, trace.count);
  EXPECT_LE(longest, 200U);
  EXPECT_GT(longest, 100U);
  std::set<uint64_t> ids;
  std::set<TraceId> roots;
  uint64_t orphans = 0;
  for (const SpanRow& row : batch.rows) {
    ids.insert(row.span);
    if (row.parent == 0) roots.insert(row.trace);
    EXPECT_GE(row.start_ns, kStart);
    EXPECT_GE(row.end_ns, row.start_ns);
  }
  for (const SpanRow& row : batch.rows) orphans += row.parent != 0 && !ids.contains(row.parent) ? 1 : 0;
  EXPECT_EQ(ids.size(), made.spans);
  EXPECT_EQ(roots.size(), made.traces.size());
  EXPECT_EQ(orphans, 0U);
}

TEST(BenchCorpus, BuiltinHasTheValuesItPromises) {
  Made made = make(7, 0, 100'000);
  auto spans = static_cast<double>(made.spans);
  wire::OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  ASSERT_TRUE(decoder.decode_protobuf(made.request, 0, batch));
  EXPECT_NEAR(static_cast<double>(made.request.size()) / spans, 500, 40);

  const Vocabulary& vocabulary = decoder.vocabulary();
  double attributes = 0;
  for (const SpanRow& row : batch.rows) attributes += static_cast<double>(vocabulary.shapes.at(row.shape).size());
  EXPECT_NEAR(attributes / spans, 10, 1.5);
  auto values = [&](std::string_view key) {
    const uint32_t code = vocabulary.find_key({Scope::span, key});
    std::set<std::string, std::less<>> different;
    for (const SpanRow& row : batch.rows) {
      const auto shape = vocabulary.shapes.at(row.shape);
      for (size_t i = 0; i < shape.size(); ++i) {
        if (shape[i] == code) different.emplace(batch.value(code, batch.words[row.words + i]).text);
      }
    }
    return different.size();
  };
  EXPECT_EQ(values("app.request.id"), made.spans / kCorpusUuidEvery);
  EXPECT_GT(values("url.full"), 15'000U);
  EXPECT_GT(values("network.peer.address"), 40'000U);
  uint32_t service = vocabulary.find_key({Scope::resource, "service.name"});
  EXPECT_EQ(vocabulary.values(service).size(), kCorpusServices);
}

TEST(BenchCorpus, RichHasTheValuesItPromises) {
  Made made = make(7, 0, kDecodable, CorpusName::rich);
  auto spans = static_cast<double>(made.spans);
  wire::OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  ASSERT_TRUE(decoder.decode_protobuf(made.request, 0, batch));
  EXPECT_NEAR(static_cast<double>(made.request.size()) / spans, 1500, 100);

  const Vocabulary& vocabulary = decoder.vocabulary();
  std::map<std::string, uint64_t> events;
  std::set<TraceId> traces;
  uint64_t links = 0;
  uint64_t links_to_known = 0;
  uint64_t errors = 0;
  double attributes = 0;
  for (const SpanRow& row : batch.rows) traces.insert(row.trace);
  for (size_t i = 0; i < batch.rows.size(); ++i) {
    const SpanRow& row = batch.rows[i];
    size_t keys = vocabulary.shapes.at(row.shape).size();
    attributes += static_cast<double>(keys);
    errors += row.status == StatusCode::error ? 1 : 0;
    if ((row.bits & kHasNested) == 0) continue;
    size_t begin = row.words + keys;
    size_t end = i + 1 < batch.rows.size() ? batch.rows[i + 1].words : batch.words.size();
    bool walked = walk_nested(
        std::span(batch.words).subspan(begin, end - begin), vocabulary.shapes,
        [&](const EventRecord& event) {
          ++events[std::string(vocabulary.event_names.at(event.name).text)];
          EXPECT_LE(event.since_start_ns, static_cast<int64_t>(row.duration_ns() + 3));
        },
        [&](const LinkRecord& link) {
          ++links;
          links_to_known += traces.contains(link.trace) ? 1 : 0;
        });
    ASSERT_TRUE(walked);
  }
  EXPECT_NEAR(attributes / spans, 20, 2);
  EXPECT_NEAR(static_cast<double>(events["log"]) / spans, 15.0 / 20, 0.05);
  EXPECT_NEAR(static_cast<double>(events["rpc.message"]) / spans, 4.0 * 2 / 20, 0.05);
  EXPECT_NEAR(static_cast<double>(events["exception"]) / spans, 0.06, 0.01);
  EXPECT_EQ(errors, events["exception"]);
  EXPECT_GT(static_cast<double>(links) / spans, 0.03);
  EXPECT_EQ(links_to_known, links);
}

TEST(RandomText, FillsEveryPlace) {
  RandomText text("id {7-8}, {x2} {word}.");
  CorpusRandom random(1, 0);
  std::set<std::string> seen;
  for (int i = 0; i < 100'000; ++i) {
    std::string made;
    text.append(random, made);
    if (i < 100) {
      ASSERT_THAT(made, testing::MatchesRegex("id [78], [0-9a-f]{2} [a-z]+\\."));
    }
    seen.insert(made);
  }
  // 2 numbers, 256 bytes, 64 words: all but the rarest e^-3 are drawn.
  EXPECT_DOUBLE_EQ(text.entropy_bits(), 1 + 8 + 6);
  EXPECT_NEAR(static_cast<double>(seen.size()), 32768 * (1 - std::exp(-100'000 / 32768.0)), 400);
  EXPECT_DOUBLE_EQ(RandomText("{x16}").entropy_bits(), 64);
  EXPECT_DOUBLE_EQ(RandomText("nothing").entropy_bits(), 0);
}

TEST(BenchCorpus, CountsTheEntropyOfChoices) {
  Picked even;
  for (int i = 0; i < 8; ++i) even.add(std::to_string(i));
  EXPECT_DOUBLE_EQ(even.entropy_bits(), 3);
  Picked uneven;
  uneven.add("a", 3);
  uneven.add("b", 1);
  EXPECT_NEAR(uneven.entropy_bits(), 0.8113, 1e-4);
}

// The floor against an estimate from what was generated: ids and UUIDs by their count, times and picked values by the
// entropy of their histograms.
TEST(BenchCorpus, ComputesItsFloor) {
  double floor = BenchCorpus(1, kGap).floor_bits_per_span();
  EXPECT_NEAR(BenchCorpus(2, kGap).floor_bits_per_span(), floor, 1e-9);
  // Twice the time between traces is one bit a trace more.
  EXPECT_NEAR(BenchCorpus(1, 2 * kGap).floor_bits_per_span() - floor, 1 / kCorpusMeanSpans, 1e-9);

  Made made = make(7, 0, 100'000);
  wire::OtlpDecoder decoder{Limits{}};
  SpanBatch batch;
  ASSERT_TRUE(decoder.decode_protobuf(made.request, 0, batch));
  // Durations: the histogram in steps of 2^18 ns, and 18 bits within each.
  std::map<uint64_t, double> steps;
  for (const SpanRow& row : batch.rows) ++steps[row.duration_ns() >> 18];
  double bits = 18;
  for (auto [step, count] : steps) {
    double p = count / static_cast<double>(made.spans);
    bits -= p * std::log2(p);
  }
  // Median 5 ms, sigma 1.2.
  double expected = (15.42 + 0.5 * std::log(2 * M_PI * M_E * 1.2 * 1.2)) / std::log(2.0);
  EXPECT_NEAR(bits, expected, 0.2);
  // Ids, UUIDs and times alone: they are in it.
  double least = 64 + 128 / kCorpusMeanSpans + 128.0 / kCorpusUuidEvery + bits;
  EXPECT_GT(floor, least);
  EXPECT_LT(floor, least + 120);
}

// No compressor gets below the floor, and a strong one comes within a small factor of it.
TEST_P(EachCorpus, HasAFloorThatCompressionAgreesWith) {
  Made made = make(7, 0, 10'000, GetParam());
  std::string packed(ZSTD_compressBound(made.request.size()), '\0');
  constexpr int kLevel = 9;
  size_t bytes = ZSTD_compress(packed.data(), packed.size(), made.request.data(), made.request.size(), kLevel);
  ASSERT_FALSE(ZSTD_isError(bytes));
  double packed_bits = 8 * static_cast<double>(bytes) / static_cast<double>(made.spans);
  double floor = BenchCorpus(7, kGap, GetParam()).floor_bits_per_span();
  EXPECT_LT(floor, packed_bits);
  EXPECT_GT(3 * floor, packed_bits);
}

TEST(CorpusFeed, SpreadsTracesOverConnectionsAndLosesNone) {
  CorpusLoad load;
  load.spans = 20'000;
  load.connections = 3;
  load.batch = 100;
  load.keep_traces = true;
  load.first_start_ns = kStart;
  auto feed = corpus_feed(load);
  std::mutex mutex;
  std::map<TraceId, std::pair<uint64_t, std::set<uint32_t>>> seen;
  std::atomic<uint64_t> spans{0};
  std::atomic<uint64_t> complete_spans{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < load.connections; ++i) {
    threads.emplace_back([&, i] {
      while (auto request = feed->next(i)) {
        spans += request->spans;
        for (auto [trace, count] : request->traces) {
          if (trace->unacknowledged.fetch_sub(count) == count) complete_spans += trace->spans;
          std::lock_guard lock(mutex);
          seen[trace->id].first += count;
          seen[trace->id].second.insert(i);
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_GE(spans, load.spans);
  EXPECT_LT(spans, load.spans + 1000);
  EXPECT_EQ(complete_spans, spans);
  size_t spread = 0;
  for (const auto& [id, at] : seen) spread += at.second.size() > 1 ? 1 : 0;
  EXPECT_GT(spread, seen.size() / 5);
}

TEST(CorpusFeed, StopsAtOnce) {
  CorpusLoad load;
  load.spans = 1'000'000'000;
  auto feed = corpus_feed(load);
  EXPECT_TRUE(feed->next(0));
  feed->stop();
  EXPECT_FALSE(feed->next(0));
}

TEST(Latencies, AreRankedByNearestRank) {
  Latencies latencies;
  EXPECT_EQ(latencies.percentile_ms(0.5), 0);
  for (uint64_t ms = 100; ms >= 1; --ms) latencies.add(ms * 1'000'000);
  EXPECT_EQ(latencies.percentile_ms(0.5), 50);
  EXPECT_EQ(latencies.percentile_ms(0.99), 99);
  EXPECT_EQ(latencies.percentile_ms(1), 100);
}

}  // namespace
}  // namespace clew::cli
