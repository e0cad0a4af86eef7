#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>

#include "base/bytes.h"
#include "cli/bench.h"
#include "cli/bench_statistics.h"
#include "net/client.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kTimeout = std::chrono::seconds(60);

// On the built-in corpus: what a person looks for, from one span in all to all of them.
constexpr std::pair<const char*, const char*> kBuiltinQueries[] = {
    {"common value", "{ .http.response.status_code = 200 }"},
    {"rare pair", R"({ .http.response.status_code = 503 && .server.address = "node-7.internal" })"},
    {"one URL", R"({ .url.full = "https://shop.example.com/api/v1/resource1/104729?page=1" })"},
    {"absent value", R"({ .http.response.status_code = 599 })"},
    {"regex", R"({ .db.query.text =~ ".*table_7 .*" })"},
    {"regex, no match", R"({ .url.full =~ ".*nowhere.*" })"},
    {"duration", "{ duration > 100ms }"},
    {"error of a service", R"({ resource.service.name = "shop-4" && status = error })"},
    {"two spans of a trace", R"({ .db.system.name = "redis" } && { .rpc.grpc.status_code = 12 })"},
    {"descendant", R"({ resource.service.name = "shop-0" } >> { .db.collection.name = "table_7" })"},
    {"many spans", "{ } | count() > 100"},
};

struct AckedTrace {
  std::string id;
  uint64_t spans = 0;
};

bool read_acked(const std::string& path, std::vector<AckedTrace>& out) {
  std::ifstream in(path);
  if (!in) return false;
  std::string line;
  while (std::getline(in, line)) {
    std::istringstream words(line);
    AckedTrace trace;
    if (words >> trace.id >> trace.spans) out.push_back(std::move(trace));
  }
  return in.eof();
}

// Spans in a TraceByIDResponse (trace 1) or a bare Trace.
Result<uint64_t> spans_of(wire::OtlpDecoder& decoder, std::string_view body) {
  std::string traces;
  for (ByteReader reader(body); reader.ok() && !reader.at_end();) {
    uint64_t tag = reader.varint();
    if ((tag & 7) == 2) {
      std::string_view field = reader.sized();
      if (tag >> 3 == 1) traces.append(field);
    } else if ((tag & 7) == 0) {
      reader.varint();
    } else {
      return corrupt("the answer is not a TraceByIDResponse");
    }
  }
  SpanBatch batch;
  TRY(decoder.decode_protobuf(traces, 0, batch));
  return batch.rows.size();
}

struct Missing {
  std::mutex mutex;
  uint64_t traces = 0;
  uint64_t spans = 0;
  uint64_t checked = 0;
  std::string failure;
};

void verify_share(const net::Url& url, const std::vector<AckedTrace>& acked, std::atomic<size_t>& next,
                  Missing& missing) {
  auto client = net::Client::make(url, kTimeout);
  wire::OtlpDecoder decoder{Limits{}};
  for (size_t i = next++; i < acked.size(); i = next++) {
    net::Headers headers;
    headers.add("Accept", "application/protobuf");
    auto response = client->call("GET", "/api/v2/traces/" + acked[i].id, std::move(headers), "");
    uint64_t found = 0;
    std::string failure;
    if (!response) {
      failure = response.error().message;
    } else if (response->status != 200 && response->status != 404) {
      failure = fmt::format("HTTP {}: {}", response->status, response->body);
    } else if (response->status == 200) {
      auto spans = spans_of(decoder, response->body);
      if (spans) {
        found = *spans;
      } else {
        failure = spans.error().message;
      }
    }
    std::lock_guard lock(missing.mutex);
    if (!failure.empty()) {
      missing.failure = std::move(failure);
      return;
    }
    ++missing.checked;
    if (found < acked[i].spans) {
      ++missing.traces;
      missing.spans += acked[i].spans - found;
      if (missing.traces <= 5) {
        fmt::print(stderr, "missing: trace {} has {} of {} spans\n", acked[i].id, found, acked[i].spans);
      }
    }
  }
}

std::string url_encoded(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

bool read_queries(const std::string& corpus, std::vector<std::pair<std::string, std::string>>& out) {
  if (corpus == "builtin") {
    for (auto [name, query] : kBuiltinQueries) out.emplace_back(name, query);
    return true;
  }
  std::ifstream in(corpus);
  std::string line;
  while (std::getline(in, line)) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (!line.empty()) out.emplace_back(line, line);
  }
  return in.eof() && !out.empty();
}

size_t count_traces(std::string_view body) {
  size_t count = 0;
  for (size_t at = body.find("\"traceID\""); at != body.npos; at = body.find("\"traceID\"", at + 1)) ++count;
  return count;
}

}  // namespace

int run_bench_verify(const BenchVerifyOptions& options) {
  auto url = net::Url::parse(options.url);
  if (!url) {
    fmt::print(stderr, "clew bench verify: --url: {}\n", url.error().message);
    return 2;
  }
  std::vector<AckedTrace> acked;
  if (!read_acked(options.acked, acked)) {
    fmt::print(stderr, "clew bench verify: {} cannot be read\n", options.acked);
    return 4;
  }
  Missing missing;
  std::atomic<size_t> next{0};
  std::vector<std::thread> threads;
  for (uint32_t i = 0; i < options.connections; ++i) {
    threads.emplace_back([&] { verify_share(*url, acked, next, missing); });
  }
  for (auto& thread : threads) thread.join();
  uint64_t spans = 0;
  for (const AckedTrace& trace : acked) spans += trace.spans;
  Figures figures;
  figures.add("acked_traces", static_cast<uint64_t>(acked.size()));
  figures.add("acked_spans", spans);
  figures.add("checked_traces", missing.checked);
  figures.add("missing_traces", missing.traces);
  figures.add("missing_spans", missing.spans);
  figures.print(options.output);
  if (!missing.failure.empty()) {
    fmt::print(stderr, "clew bench verify: stopped: {}\n", missing.failure);
    return 3;
  }
  return missing.traces == 0 ? 0 : 1;
}

int run_bench_query(const BenchQueryOptions& options) {
  auto url = net::Url::parse(options.url);
  if (!url) {
    fmt::print(stderr, "clew bench query: --url: {}\n", url.error().message);
    return 2;
  }
  std::vector<std::pair<std::string, std::string>> queries;
  if (!read_queries(options.corpus, queries)) {
    fmt::print(stderr, "clew bench query: {} cannot be read, or holds no query\n", options.corpus);
    return 4;
  }
  auto client = net::Client::make(*url, kTimeout);
  auto now = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch());
  constexpr int64_t kWeek = 7 * 24 * 3600;
  for (const auto& [name, query] : queries) {
    std::string target = fmt::format("/api/search?q={}&limit={}&start={}&end={}", url_encoded(query), options.limit,
                                     now.count() - kWeek + 60, now.count() + 60);
    std::vector<double> latencies_ms;
    size_t traces = 0;
    for (uint32_t round = 0; round < options.rounds; ++round) {
      auto before = Clock::now();
      auto response = client->call("GET", target, {}, "");
      latencies_ms.push_back(std::chrono::duration<double, std::milli>(Clock::now() - before).count());
      if (!response) {
        fmt::print(stderr, "clew bench query: {}\n", response.error().message);
        return 3;
      }
      if (response->status != 200) {
        fmt::print(stderr, "clew bench query: {}: HTTP {}: {}\n", query, response->status, response->body);
        return 4;
      }
      traces = count_traces(response->body);
    }
    double p50 = percentile(latencies_ms, 0.5);
    double p99 = percentile(latencies_ms, 0.99);
    if (options.output == "json") {
      Figures figures;
      figures.add_text("name", name);
      figures.add_text("query", query);
      figures.add("traces", static_cast<uint64_t>(traces));
      figures.add("p50_ms", p50);
      figures.add("p99_ms", p99);
      figures.print("json");
    } else {
      fmt::print("{:<24} {:>4} traces   p50 {:>9.3f} ms   p99 {:>9.3f} ms\n", name, traces, p50, p99);
    }
  }
  return 0;
}

}  // namespace clew::cli
