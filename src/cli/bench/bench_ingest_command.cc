// `clew bench ingest`: load on any OTLP endpoint.
#include <fmt/format.h>

#include "base/json_text.h"
#include "cli/bench/load_run.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/terminal.h"
#include "env/clock.h"

namespace clew::cli {
namespace {

constexpr uint64_t kMaxConnections = 256;

struct IngestArguments {
  std::string url;
  uint64_t spans = 0;
  uint64_t rate = 0;
  uint64_t connections = 4;
  uint64_t batch = 500;
  uint64_t seed = 0;
  bool gzip = false;
  bool zstd = false;
  std::string corpus = "builtin";
  std::string acknowledged;
  std::string output;
};

Result<std::unique_ptr<LoadFeed>> make_feed(const IngestArguments& arguments) {
  bool keep = !arguments.acknowledged.empty();
  auto corpus = corpus_of_name(arguments.corpus);
  if (!corpus) return file_feed(arguments.corpus, arguments.spans, keep);
  constexpr uint64_t kDefaultSpans = 1'000'000;
  const env::Clock& clock = env::system_clock();
  CorpusLoad load;
  load.corpus = *corpus;
  load.spans = arguments.spans == 0 ? kDefaultSpans : arguments.spans;
  load.connections = static_cast<uint32_t>(arguments.connections);
  load.batch = static_cast<uint32_t>(arguments.batch);
  // Two runs on one store must not send the same ids.
  load.seed = arguments.seed == 0 ? clock.unix_ns() : arguments.seed;
  load.keep_traces = keep;
  constexpr double kMeanSpans = 5;
  // The last trace starts about now.
  auto length_ns = static_cast<uint64_t>(static_cast<double>(load.spans) / kMeanSpans * load.mean_gap_ns);
  load.first_start_ns = clock.unix_ns() - length_ns;
  return corpus_feed(load);
}

Status check(const IngestArguments& arguments) {
  auto in_range = [](std::string_view option, uint64_t value, uint64_t most) -> Status {
    if (value >= 1 && value <= most) return {};
    return invalid(fmt::format("{} is a number from 1 to {}", option, most));
  };
  constexpr uint64_t kMaxBatch = 100000;
  if (arguments.url.empty()) return invalid("--url is needed: grpc://host:4317 or http://host:4318");
  if (arguments.gzip && arguments.zstd) return invalid("--gzip or --zstd, not both");
  TRY(in_range("--connections", arguments.connections, kMaxConnections));
  return in_range("--batch", arguments.batch, kMaxBatch);
}

std::string json_of(LoadResult& result, const IngestArguments& arguments, double floor_bits) {
  auto spans = static_cast<double>(std::max<uint64_t>(result.acknowledged, 1));
  std::string out = fmt::format(
      "{{\"spans_acknowledged\":{},\"spans_rejected\":{},\"requests\":{},\"busy_answers\":{},\"wall_seconds\":{:.3f},"
      "\"spans_per_second\":{:.0f},\"cpu_seconds\":{:.3f},\"cpu_us_per_span\":{:.3f},\"ack_ms_p50\":{:.3f},"
      "\"ack_ms_p99\":{:.3f},\"ack_ms_max\":{:.3f},\"request_bytes\":{},\"bytes_per_span\":{:.1f},\"connections\":{}",
      result.acknowledged, result.rejected, result.requests, result.busy, result.wall_seconds,
      static_cast<double>(result.acknowledged) / std::max(result.wall_seconds, 1e-9), result.cpu_seconds,
      result.cpu_seconds * 1e6 / spans, result.latencies.percentile_ms(0.5), result.latencies.percentile_ms(0.99),
      result.latencies.percentile_ms(1), result.bytes, static_cast<double>(result.bytes) / spans,
      arguments.connections);
  if (floor_bits > 0) {
    out += fmt::format(",\"floor_bits_per_span\":{:.1f},\"floor_bytes_per_span\":{:.2f}", floor_bits, floor_bits / 8);
  }
  if (!result.failure.message.empty()) {
    out += ",\"failure\":";
    append_json_string(out, result.failure.message);
  }
  return out + "}\n";
}

std::string table_of(LoadResult& result, double floor_bits) {
  auto spans = static_cast<double>(std::max<uint64_t>(result.acknowledged, 1));
  std::string out = fmt::format(
      "{} spans acknowledged, {} rejected, in {:.2f} s: {} spans/s\n"
      "acknowledgement p50 {:.2f} ms, p99 {:.2f} ms, max {:.2f} ms; {} requests, {} told to wait\n"
      "own CPU {:.2f} s: {:.2f} µs a span; {:.0f} bytes a span sent\n",
      count_text(result.acknowledged), count_text(result.rejected), result.wall_seconds,
      count_text(static_cast<uint64_t>(static_cast<double>(result.acknowledged) / std::max(result.wall_seconds, 1e-9))),
      result.latencies.percentile_ms(0.5), result.latencies.percentile_ms(0.99), result.latencies.percentile_ms(1),
      count_text(result.requests), count_text(result.busy), result.cpu_seconds, result.cpu_seconds * 1e6 / spans,
      static_cast<double>(result.bytes) / spans);
  if (floor_bits > 0)
    out += fmt::format("the corpus' entropy: {:.1f} bits, {:.2f} bytes a span\n", floor_bits, floor_bits / 8);
  return out;
}

Result<ExitCode> bench(const IngestArguments& arguments) {
  TRY(check(arguments));
  ASSIGN_OR_RETURN(auto feed, make_feed(arguments));
  LoadOptions options{arguments.url, static_cast<uint32_t>(arguments.connections), arguments.rate,
                      arguments.gzip   ? "gzip"
                      : arguments.zstd ? "zstd"
                                       : "",
                      arguments.acknowledged};
  ASSIGN_OR_RETURN(LoadResult result, run_load(options, *feed));
  bool json = arguments.output.empty() ? !stdout_is_terminal() : arguments.output == "json";
  double floor_bits = feed->floor_bits_per_span();
  print(json ? json_of(result, arguments, floor_bits) : table_of(result, floor_bits));
  if (result.failure.message.empty()) return kOk;
  complain(result.failure.message);
  return exit_code_of(result.failure);
}

}  // namespace

void add_bench_ingest(Command& bench_group) {
  Command& command = add_command(bench_group, "ingest", "send spans to any OTLP endpoint and time its answers");
  command.about =
      "Sends spans as fast as they are acknowledged (or at --rate) and prints how many were acknowledged and rejected, "
      "the wall time, its own CPU time, and p50 and p99 of the acknowledgements.\n"
      "\nThe built-in corpus is a shop: HTTP, RPC and database spans of about ten attributes and 500 bytes, traces of "
      "1 "
      "to 200 spans over twelve services, random ids, a random UUID on every fifth span. Its entropy in bits per span, "
      "which no store can beat, is printed with the result.\n"
      "\nThe corpus `rich` has the same traces with 1.5 KB a span: SQL with literals, log lines and messages as "
      "events, "
      "exceptions with stack traces, links between traces, long user agents.";
  auto arguments = std::make_shared<IngestArguments>();
  command.options.push_back({"--url", "URL", &arguments->url, "grpc://host:4317 or http://host:4318.", {}});
  command.options.push_back(
      {"--spans", "N", &arguments->spans, "So many, up to the end of a trace. Default: 1,000,000; of a file all.", {}});
  command.options.push_back(
      {"--rate", "R", &arguments->rate, "Spans a second over all connections. Default: as fast as it goes.", {}});
  command.options.push_back(
      {"--connections", "C", &arguments->connections, "Each has one request under way. Default: 4", {}});
  command.options.push_back({"--batch", "B", &arguments->batch, "Spans of a request, about. Default: 500", {}});
  command.options.push_back({"--gzip", "", &arguments->gzip, "Compress the requests.", {}});
  command.options.push_back({"--zstd", "", &arguments->zstd, "Compress the requests with zstd.", {}});
  command.options.push_back({"--corpus",
                             "FILE",
                             &arguments->corpus,
                             "builtin (the default), rich, or a file whose requests are sent once (see clew import); "
                             "./rich is a file of that name.",
                             {}});
  command.options.push_back(
      {"--seed",
       "N",
       &arguments->seed,
       "The same spans for the same seed and number of connections, but for their times. Default: new ones each time.",
       {}});
  command.options.push_back({"--acked",
                             "FILE",
                             &arguments->acknowledged,
                             "Write a line `trace-id span-count` for each trace whose spans are all acknowledged; clew "
                             "bench verify reads it.",
                             {}});
  command.options.push_back(
      {"-o,--output", "FORMAT", &arguments->output, "Default: text on a terminal, else json.", {"text", "json"}});
  command.examples = {
      {"clew bench ingest --url grpc://127.0.0.1:4317 --spans 2000000", "As fast as the server takes them."},
      {"clew bench ingest --url http://127.0.0.1:4318 --rate 10000 --acked acked.txt -o json",
       "A steady load, remembered for clew bench verify."},
  };
  command.run = [arguments] { return exit_code_of(bench(*arguments)); };
}

void add_bench(Command& root) {
  Command& command = add_command(root, "bench", "load and time any OTLP or Tempo endpoint");
  add_bench_ingest(command);
  add_bench_query(command);
  add_bench_verify(command);
}

}  // namespace clew::cli
