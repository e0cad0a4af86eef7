#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/bytes.h"
#include "cli/bench.h"
#include "cli/bench_corpus.h"
#include "cli/bench_statistics.h"
#include "net/client.h"
#include "net/content_encoding.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kTimeout = std::chrono::seconds(60);
constexpr auto kBusyPause = std::chrono::milliseconds(100);
// A server that refuses for this long is not busy but gone.
constexpr int kMaxBusyAnswers = 600;
constexpr char kExport[] = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// Where requests come from: the corpus or a file, for all connections together.
class Requests {
 public:
  explicit Requests(const BenchIngestOptions& options)
      : options_(options),
        corpus_(options.seed,
                static_cast<uint64_t>(
                    std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count())),
        decoder_(Limits{}) {
    if (!options.corpus.empty()) file_.open(options.corpus, std::ios::binary);
  }

  bool is_readable() const { return options_.corpus.empty() || file_.is_open(); }

  // False when all has been handed out.
  bool next(BenchCorpus::Request& out) {
    std::lock_guard lock(mutex_);
    if (options_.corpus.empty()) {
      uint64_t left = options_.spans - std::min(options_.spans, corpus_.spans());
      if (left == 0) return false;
      corpus_.next(static_cast<uint32_t>(std::min<uint64_t>(left, options_.batch)), out);
      return true;
    }
    std::string line;
    while (sent_ < options_.spans && std::getline(file_, line)) {
      if (line.find_first_not_of(" \r\t") == std::string::npos) continue;
      if (!from_json(line, out)) continue;
      sent_ += out.spans;
      return true;
    }
    return false;
  }
  const BenchCorpus& corpus() const { return corpus_; }
  bool has_floor() const { return options_.corpus.empty(); }

 private:
  bool from_json(const std::string& line, BenchCorpus::Request& out) {
    SpanBatch batch;
    if (!decoder_.decode_json(line, 0, batch)) return false;
    out.body = line;
    out.spans = static_cast<uint32_t>(batch.rows.size());
    std::map<TraceId, uint32_t> counts;
    for (const SpanRow& row : batch.rows) ++counts[row.trace];
    out.parts.clear();
    for (auto [trace, spans] : counts) out.parts.push_back({trace, spans});
    return true;
  }

  const BenchIngestOptions& options_;
  std::mutex mutex_;
  BenchCorpus corpus_;
  std::ifstream file_;
  wire::OtlpDecoder decoder_;
  uint64_t sent_ = 0;
};

// ExportTraceServiceResponse {partial_success 1 {rejected_spans 1}}.
uint64_t rejected_of(std::string_view body) {
  ByteReader response(body);
  if (response.at_end() || response.varint() != 0x0a) return 0;
  ByteReader partial(response.sized());
  return !partial.at_end() && partial.varint() == 0x08 ? partial.varint() : 0;
}

struct Totals {
  uint64_t spans = 0;
  uint64_t bytes = 0;
  uint64_t rejected = 0;
  uint64_t busy = 0;
  std::vector<double> latencies_ms;
  std::map<TraceId, uint64_t> acked;
  std::string failure;
};

class Sender {
 public:
  Sender(const BenchIngestOptions& options, const net::Url& url, Requests& requests, Clock::time_point start,
         std::atomic<uint64_t>& sent, std::atomic<bool>& stop)
      : options_(options),
        is_grpc_(url.scheme == "grpc"),
        client_(net::Client::make(url, kTimeout)),
        requests_(requests),
        start_(start),
        sent_(sent),
        stop_(stop) {}

  Totals run() {
    BenchCorpus::Request request;
    while (!stop_ && requests_.next(request)) {
      pace(request.spans);
      if (!send(request)) {
        stop_ = true;
        break;
      }
    }
    return std::move(totals_);
  }

 private:
  void pace(uint32_t spans) {
    uint64_t before = sent_.fetch_add(spans);
    if (options_.rate == 0) return;
    std::this_thread::sleep_until(start_ + std::chrono::nanoseconds(before * 1'000'000'000 / options_.rate));
  }

  bool send(const BenchCorpus::Request& request) {
    std::string packed = options_.gzip && !is_grpc_ ? net::encode_body("gzip", request.body) : std::string();
    const std::string& body = packed.empty() ? request.body : packed;
    for (int attempt = 0; attempt < kMaxBusyAnswers && !stop_; ++attempt) {
      auto before = Clock::now();
      Answer answer = is_grpc_ ? call_grpc(body) : call_http(body);
      if (answer == Answer::busy) {
        ++totals_.busy;
        std::this_thread::sleep_for(kBusyPause);
        continue;
      }
      if (answer == Answer::failed) return false;
      totals_.latencies_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
      totals_.spans += request.spans;
      totals_.bytes += request.body.size();
      if (!options_.acked.empty()) {
        for (const auto& part : request.parts) totals_.acked[part.trace] += part.spans;
      }
      return true;
    }
    if (totals_.failure.empty()) totals_.failure = "the server stayed busy for a minute";
    return false;
  }

  enum class Answer { ok, busy, failed };
  Answer call_http(const std::string& body) {
    net::Headers headers;
    headers.add("Content-Type", options_.corpus.empty() ? "application/x-protobuf" : "application/json");
    if (options_.gzip) headers.add("Content-Encoding", "gzip");
    auto response = client_->call("POST", "/v1/traces", std::move(headers), body);
    if (!response) return fail_with(response.error().message);
    if (response->status == 429 || response->status == 503) return Answer::busy;
    if (response->status != 200) return fail_with(fmt::format("HTTP {}: {}", response->status, response->body));
    if (options_.corpus.empty()) totals_.rejected += rejected_of(response->body);
    return Answer::ok;
  }
  Answer call_grpc(const std::string& body) {
    auto answer = client_->call_grpc(kExport, body, {});
    if (answer) {
      totals_.rejected += rejected_of(*answer);
      return Answer::ok;
    }
    if (answer.error().code == ErrorCode::resource_exhausted) return Answer::busy;
    return fail_with(answer.error().message);
  }
  Answer fail_with(std::string message) {
    totals_.failure = std::move(message);
    return Answer::failed;
  }

  const BenchIngestOptions& options_;
  bool is_grpc_;
  std::unique_ptr<net::Client> client_;
  Requests& requests_;
  Clock::time_point start_;
  std::atomic<uint64_t>& sent_;
  std::atomic<bool>& stop_;
  Totals totals_;
};

void merge(Totals& into, Totals&& from) {
  into.spans += from.spans;
  into.bytes += from.bytes;
  into.rejected += from.rejected;
  into.busy += from.busy;
  into.latencies_ms.insert(into.latencies_ms.end(), from.latencies_ms.begin(), from.latencies_ms.end());
  for (auto [trace, spans] : from.acked) into.acked[trace] += spans;
  if (into.failure.empty()) into.failure = std::move(from.failure);
}

bool write_acked(const std::string& path, const std::map<TraceId, uint64_t>& acked) {
  std::ofstream out(path, std::ios::binary);
  for (auto [trace, spans] : acked) out << trace.hex() << ' ' << spans << '\n';
  out.flush();
  return out.good();
}

}  // namespace

int run_bench_ingest(const BenchIngestOptions& options) {
  auto url = net::Url::parse(options.url);
  if (!url) {
    fmt::print(stderr, "clew bench ingest: --url: {}\n", url.error().message);
    return 2;
  }
  if (url->scheme == "grpc" && !options.corpus.empty()) {
    fmt::print(stderr, "clew bench ingest: --corpus sends JSON, which goes over http:// only\n");
    return 2;
  }
  Requests requests(options);
  if (!requests.is_readable()) {
    fmt::print(stderr, "clew bench ingest: {} cannot be read\n", options.corpus);
    return 4;
  }
  std::atomic<uint64_t> sent{0};
  std::atomic<bool> stop{false};
  Totals totals;
  std::mutex mutex;
  auto start = Clock::now();
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options.connections; ++i) {
    threads.emplace_back([&] {
      Totals own = Sender(options, *url, requests, start, sent, stop).run();
      std::lock_guard lock(mutex);
      merge(totals, std::move(own));
    });
  }
  for (auto& thread : threads) thread.join();
  double wall = std::chrono::duration<double>(Clock::now() - start).count();

  Figures figures;
  figures.add_text("url", options.url);
  figures.add("spans", totals.spans);
  figures.add("rejected", totals.rejected);
  figures.add("requests", static_cast<uint64_t>(totals.latencies_ms.size()));
  figures.add("busy_answers", totals.busy);
  figures.add("bytes_per_span",
              totals.spans == 0 ? 0 : static_cast<double>(totals.bytes) / static_cast<double>(totals.spans), 1);
  if (requests.has_floor() && requests.corpus().spans() > 0) {
    figures.add("floor_bytes_per_span",
                requests.corpus().floor_bits() / 8 / static_cast<double>(requests.corpus().spans()), 2);
  }
  figures.add("wall_seconds", wall);
  figures.add("spans_per_second", wall == 0 ? 0 : static_cast<double>(totals.spans) / wall, 0);
  figures.add("own_cpu_seconds", own_cpu_seconds());
  figures.add("ack_p50_ms", percentile(totals.latencies_ms, 0.5));
  figures.add("ack_p99_ms", percentile(totals.latencies_ms, 0.99));
  figures.print(options.output);
  if (!options.acked.empty() && !write_acked(options.acked, totals.acked)) {
    fmt::print(stderr, "clew bench ingest: {} cannot be written\n", options.acked);
    return 4;
  }
  if (!totals.failure.empty()) {
    fmt::print(stderr, "clew bench ingest: stopped: {}\n", totals.failure);
    return 3;
  }
  return 0;
}

}  // namespace clew::cli
