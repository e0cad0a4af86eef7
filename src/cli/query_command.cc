// `clew query`: traces by TraceQL.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/found_traces.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"
#include "cli/verdict.h"
#include "env/clock.h"
#include "traceql/duration.h"

namespace clew::cli {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
// A sender's clock may be ahead.
constexpr uint64_t kFutureSeconds = 3600;

struct QueryArguments {
  std::string traceql;
  SourceArguments source;
  std::string since;
  uint64_t limit = 20;
  std::string output;
};

Result<QueryParameters> parameters_of(const QueryArguments& arguments) {
  QueryParameters parameters{{"q", arguments.traceql}, {"limit", std::to_string(arguments.limit)}};
  if (arguments.since.empty()) return parameters;
  auto since = traceql::parse_duration(arguments.since);
  if (!since) return invalid(fmt::format("--since: '{}' is not a duration such as 1h, 90m or 2d", arguments.since));
  uint64_t now = env::system_clock().unix_ns() / kNsPerSecond;
  auto seconds = static_cast<uint64_t>(*since) / kNsPerSecond;
  parameters.emplace_back("start", std::to_string(now - std::min(now, seconds)));
  parameters.emplace_back("end", std::to_string(now + kFutureSeconds));
  return parameters;
}

Result<ExitCode> query(const QueryArguments& arguments) {
  auto diagnostic = diagnose(arguments.traceql);
  // What Clew does not support yet, another server may.
  if (diagnostic && diagnostic->kind != traceql::Verdict::unsupported) {
    fmt::print(stderr, "{}", traceql::render(*diagnostic, arguments.traceql));
    return kUsage;
  }
  ASSIGN_OR_RETURN(QueryParameters parameters, parameters_of(arguments));
  ASSIGN_OR_RETURN(auto source, open_source(arguments.source));
  auto body = source->get("/api/search", parameters, "");
  if (!body && diagnostic && body.error().code == ErrorCode::invalid_argument) {
    fmt::print(stderr, "{}", traceql::render(*diagnostic, arguments.traceql));
    return kUsage;
  }
  if (!body) return std::unexpected(std::move(body.error()));
  ASSIGN_OR_RETURN(auto rows, parse_found_traces(*body));
  if (rows.empty()) {
    std::string times = stored_times(*source);
    complain("nothing matched" + (times.empty() ? "" : "; " + times));
    return kNothingFound;
  }
  bool table = arguments.output.empty() ? stdout_is_terminal() : arguments.output == "table";
  if (table) {
    print(found_traces_table(rows, stdout_is_terminal() ? terminal_width() : 0));
    return kOk;
  }
  for (const FoundTraceRow& row : rows) {
    if (!print(row.json + "\n")) break;
  }
  return kOk;
}

}  // namespace

void add_query(Command& root) {
  Command& command = add_command(root, "query", "find traces with TraceQL");
  command.about =
      "Prints the traces that match, newest first: a table on a terminal, one JSON object a line (the elements of "
      "Tempo's traces[]) when piped. Without --since everything stored is searched. When nothing matches, stderr says "
      "which times are stored.";
  auto arguments = std::make_shared<QueryArguments>();
  command.arguments.push_back({"TRACEQL", &arguments->traceql, "The query. { } matches every span."});
  add_source_options(command, arguments->source);
  command.options.push_back({"--since", "DURATION", &arguments->since, "Only traces of the last 30m, 1h, 2d …", {}});
  command.options.push_back({"--limit", "N", &arguments->limit, "At most so many traces. Default: 20", {}});
  command.options.push_back(
      {"-o,--output", "FORMAT", &arguments->output, "Default: table on a terminal, else json.", {"table", "json"}});
  command.examples = {
      {"clew query '{ status = error }' --since 1h", "Traces with an error in the last hour."},
      {"clew query '{ resource.service.name = \"cart\" && duration > 100ms }'", "Slow spans of one service."},
      {"clew query '{ kind = server } >> { span.db.system != nil }' --data ./clew-data -o json", "From a folder."},
  };
  command.run = [arguments] { return exit_code_of(query(*arguments)); };
}

}  // namespace clew::cli
