// `clew bench query`: how long a server takes for typical questions.
#include <fmt/format.h>

#include "base/json_text.h"
#include "cli/bench/bench_queries.h"
#include "cli/bench/latencies.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/terminal.h"
#include "env/clock.h"
#include "traceql/duration.h"

namespace clew::cli {
namespace {

struct BenchQueryArguments {
  SourceArguments source;
  std::string corpus = "builtin";
  uint64_t repeat = 50;
  uint64_t limit = 20;
  std::string since;
  std::string output;
};

struct Timed {
  std::string name;
  Latencies latencies;
  uint64_t answer_bytes = 0;  // of the last one
  uint64_t failures = 0;
  std::string failure;
};

Result<QueryParameters> range_of(const BenchQueryArguments& arguments) {
  QueryParameters range{{"limit", std::to_string(arguments.limit)}};
  if (arguments.since.empty()) return range;
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  auto since = traceql::parse_duration(arguments.since);
  if (!since) return invalid(fmt::format("--since: '{}' is not a duration such as 1h", arguments.since));
  uint64_t now = env::system_clock().unix_ns() / kNsPerSecond;
  range.emplace_back("start", std::to_string(now - std::min(now, static_cast<uint64_t>(*since) / kNsPerSecond)));
  range.emplace_back("end", std::to_string(now + 1));
  return range;
}

// The first answer warms up and does not count.
Result<Timed> time_query(TempoSource& source, const BenchQuery& query, uint64_t repeat, Progress& progress) {
  const env::Clock& clock = env::system_clock();
  Timed timed{query.name, {}, 0, 0, {}};
  for (uint64_t i = 0; i <= repeat; ++i) {
    size_t at = i % query.paths.size();
    uint64_t begun = clock.monotonic_ns();
    auto answer = source.get(query.paths[at], query.parameters[at], "");
    uint64_t ns = clock.monotonic_ns() - begun;
    if (!answer && answer.error().code == ErrorCode::unavailable && i == 0)
      return std::unexpected(std::move(answer.error()));
    bool failed = !answer && answer.error().code != ErrorCode::not_found;
    if (failed) {
      ++timed.failures;
      timed.failure = answer.error().message;
      continue;
    }
    if (answer) timed.answer_bytes = answer->size();
    if (i > 0) timed.latencies.add(ns);
    progress.add(1);
  }
  return timed;
}

std::string line_of(Timed& timed, bool json) {
  double p50 = timed.latencies.percentile_ms(0.5);
  double p99 = timed.latencies.percentile_ms(0.99);
  double most = timed.latencies.percentile_ms(1);
  if (!json) {
    std::string failed = timed.failures == 0 ? "" : fmt::format("  {} failed: {}", timed.failures, timed.failure);
    return fmt::format("{:<28}  {:>9.3f}  {:>9.3f}  {:>9.3f}  {:>10}{}\n", printable(timed.name, 28), p50, p99, most,
                       bytes_text(timed.answer_bytes), failed);
  }
  std::string out = "{\"query\":";
  append_json_string(out, timed.name);
  out += fmt::format(
      ",\"count\":{},\"p50_ms\":{:.3f},\"p99_ms\":{:.3f},\"max_ms\":{:.3f},\"answer_bytes\":{},\"failures\":{}",
      timed.latencies.count(), p50, p99, most, timed.answer_bytes, timed.failures);
  if (timed.failures > 0) {
    out += ",\"failure\":";
    append_json_string(out, timed.failure);
  }
  return out + "}\n";
}

Result<ExitCode> bench(const BenchQueryArguments& arguments) {
  if (arguments.repeat == 0) return invalid("--repeat is at least 1");
  ASSIGN_OR_RETURN(auto source, open_source(arguments.source));
  ASSIGN_OR_RETURN(QueryParameters range, range_of(arguments));
  ASSIGN_OR_RETURN(auto queries, arguments.corpus == "builtin" ? builtin_queries(*source, range)
                                                               : queries_of_file(arguments.corpus, range));
  bool json = arguments.output.empty() ? !stdout_is_terminal() : arguments.output == "json";
  if (!json)
    print(fmt::format("{:<28}  {:>9}  {:>9}  {:>9}  {:>10}\n", "QUERY", "P50 ms", "P99 ms", "MAX ms", "ANSWER"));
  Progress progress("queries", queries.size() * (arguments.repeat + 1));
  for (const BenchQuery& query : queries) {
    ASSIGN_OR_RETURN(Timed timed, time_query(*source, query, arguments.repeat, progress));
    progress.finish();
    print(line_of(timed, json));
  }
  return kOk;
}

}  // namespace

void add_bench_query(Command& bench_group) {
  Command& command = add_command(bench_group, "query", "time queries on any server with Tempo's API");
  command.about =
      "Asks each query several times over one connection and prints p50 and p99. The built-in queries are for the "
      "built-in corpus of clew bench ingest: by id, by unique, common, rare and absent values, regular expressions, "
      "durations, structure.";
  auto arguments = std::make_shared<BenchQueryArguments>();
  add_source_options(command, arguments->source);
  command.options.push_back({"--corpus",
                             "FILE",
                             &arguments->corpus,
                             "builtin (the default), or a file with a TraceQL query or a path such as /api/traces/ID a "
                             "line, optionally after a "
                             "name and a tab; lines with the same name are asked in turn.",
                             {}});
  command.options.push_back({"--repeat",
                             "N",
                             &arguments->repeat,
                             "Times that each is asked, after one that does not count. Default: 50",
                             {}});
  command.options.push_back({"--limit", "N", &arguments->limit, "Traces of a search's answer. Default: 20", {}});
  command.options.push_back(
      {"--since",
       "DURATION",
       &arguments->since,
       "Searches cover the last so much. Default: everything stored (Tempo itself: its last 15 minutes).",
       {}});
  command.options.push_back({"-o,--output",
                             "FORMAT",
                             &arguments->output,
                             "Default: table on a terminal, else json (one object a query).",
                             {"table", "json"}});
  command.examples = {
      {"clew bench query", "The running server."},
      {"clew bench query --url http://tempo:3200 --corpus queries.txt --since 1h -o json",
       "Another one, other queries."},
  };
  command.run = [arguments] { return exit_code_of(bench(*arguments)); };
}

}  // namespace clew::cli
