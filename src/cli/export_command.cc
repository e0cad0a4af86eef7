// `clew export`: all traces that a query finds, whole, as OTLP JSON lines or protobuf.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/fetched_trace.h"
#include "cli/found_traces.h"
#include "cli/progress.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"
#include "cli/verdict.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

// The most that one search of Tempo's API answers.
constexpr uint64_t kMostTraces = 262144;

struct ExportArguments {
  std::string traceql = "{}";
  SourceArguments source;
  uint64_t limit = kMostTraces;
  std::string output = "otlp-json";
};

// One message may follow the other: TracesData's only field is repeated.
std::string encoded(const SpanTable& table, const std::string& output) {
  if (output == "otlp-json") return otlp_json_line(table);
  std::string out;
  wire::encode_otlp_protobuf(table, out);
  return out;
}

Result<ExitCode> export_traces(const ExportArguments& arguments) {
  auto diagnostic = diagnose(arguments.traceql);
  if (diagnostic) {
    fmt::print(stderr, "{}", traceql::render(*diagnostic, arguments.traceql));
    return kUsage;
  }
  ASSIGN_OR_RETURN(auto source, open_source(arguments.source));
  QueryParameters parameters{{"q", arguments.traceql}, {"limit", std::to_string(arguments.limit)}, {"spss", "1"}};
  ASSIGN_OR_RETURN(std::string body, source->get("/api/search", parameters, ""));
  ASSIGN_OR_RETURN(auto rows, parse_found_traces(body));
  body.clear();
  Progress progress("traces", rows.size());
  uint64_t spans = 0;
  for (const FoundTraceRow& row : rows) {
    ASSIGN_OR_RETURN(TraceId id, TraceId::parse(row.trace_id));
    auto table = fetch_trace(*source, id);
    // It may have expired since.
    if (!table && table.error().code == ErrorCode::not_found) continue;
    if (!table) return std::unexpected(std::move(table.error()));
    spans += (*table)->rows();
    if (!print(encoded(**table, arguments.output))) return kOk;
    progress.add(1);
  }
  progress.finish();
  if (rows.empty()) {
    std::string times = stored_times(*source);
    complain("nothing matched" + (times.empty() ? "" : "; " + times));
    return kNothingFound;
  }
  fmt::print(stderr, "{} of {} exported\n", counted(spans, "span"), counted(rows.size(), "trace"));
  if (rows.size() == arguments.limit)
    complain(fmt::format("there may be more: the limit of {} was reached", counted(arguments.limit, "trace")));
  return kOk;
}

}  // namespace

void add_export(Command& root) {
  Command& command = add_command(root, "export", "write whole traces as OTLP");
  command.about =
      "Searches, then prints every trace found with all its spans: one ExportTraceServiceRequest a line and a trace, "
      "newest first, as clew import and the OpenTelemetry Collector's file receiver read it.";
  auto arguments = std::make_shared<ExportArguments>();
  command.arguments.push_back({"TRACEQL", &arguments->traceql, "Which traces. Default: { }, all.", false});
  add_source_options(command, arguments->source);
  command.options.push_back(
      {"--limit", "N", &arguments->limit, "At most so many traces. Default: 262144, the most.", {}});
  command.options.push_back({"-o,--output",
                             "FORMAT",
                             &arguments->output,
                             "otlp-json (the default): a line per trace; otlp-proto: one TracesData.",
                             {"otlp-json", "otlp-proto"}});
  command.examples = {
      {"clew export --data ./clew-data | zstd > traces.jsonl.zst", "Everything in a folder."},
      {"clew export '{ status = error }' > errors.jsonl", "Traces with errors."},
  };
  command.run = [arguments] { return exit_code_of(export_traces(*arguments)); };
}

}  // namespace clew::cli
