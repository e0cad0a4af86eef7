// `clew store delete`: erasure of whole traces.
#include <fmt/format.h>

#include <cstdio>

#include "base/json_text.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"
#include "cli/verdict.h"
#include "cli/work_report.h"
#include "env/clock.h"
#include "model/ids.h"
#include "traceql/duration.h"

namespace clew::cli {
namespace {

constexpr const char* kPath = "/api/clew/admin/delete";
constexpr uint64_t kNsPerSecond = 1'000'000'000;
// A sender's clock may be ahead.
constexpr uint64_t kFutureSeconds = 3600;

struct DeleteArguments {
  std::vector<std::string> ids;
  std::string q;
  std::string since;
  bool yes = false;
  SourceArguments source;
  std::string output;

  bool table() const { return output.empty() ? stdout_is_terminal() : output == "table"; }
};

std::string body_of_ids(const std::vector<std::string>& ids) {
  std::string body = "{\"ids\":[";
  for (const std::string& id : ids) {
    if (body.back() != '[') body.push_back(',');
    append_json_string(body, id);
  }
  return body + "]}";
}

Result<std::string> body_of_query(const DeleteArguments& arguments, bool dry_run) {
  std::string body = "{\"q\":";
  append_json_string(body, arguments.q);
  if (!arguments.since.empty()) {
    auto since = traceql::parse_duration(arguments.since);
    if (!since) return invalid(fmt::format("--since: '{}' is not a duration such as 1h, 90m or 2d", arguments.since));
    const uint64_t now = env::system_clock().unix_ns() / kNsPerSecond;
    const auto seconds = static_cast<uint64_t>(*since) / kNsPerSecond;
    body += fmt::format(",\"start\":{},\"end\":{}", seconds < now ? now - seconds : 1, now + kFutureSeconds);
  }
  return body + (dry_run ? ",\"dryRun\":true}" : "}");
}

Status check_arguments(const DeleteArguments& arguments) {
  if (arguments.ids.empty() == arguments.q.empty()) {
    return invalid("name the traces: either by their ids, or by --q TRACEQL");
  }
  if (!arguments.since.empty() && arguments.q.empty()) return invalid("--since belongs to --q");
  for (const std::string& id : arguments.ids) {
    auto parsed = TraceId::parse(id);
    if (!parsed) return std::unexpected(std::move(parsed.error()).context(fmt::format("'{}'", id)));
  }
  if (!arguments.yes && !stdin_is_terminal()) {
    return invalid("nobody can be asked whether to erase: say --yes");
  }
  return {};
}

bool confirm(size_t traces, const std::string& where) {
  fmt::print(stderr, "Erase {} from {}? This cannot be undone. Type yes: ", counted(traces, "trace"), where);
  char answer[16] = {};
  if (std::fgets(answer, sizeof answer, stdin) == nullptr) return false;
  return std::string_view(answer) == "yes\n";
}

Result<ExitCode> erase(const DeleteArguments& arguments) {
  TRY(check_arguments(arguments));
  if (!arguments.q.empty()) {
    if (auto diagnostic = diagnose(arguments.q)) {
      fmt::print(stderr, "{}", traceql::render(*diagnostic, arguments.q));
      return kUsage;
    }
  }
  ASSIGN_OR_RETURN(auto source, open_admin_source(arguments.source, true));
  std::string body = body_of_ids(arguments.ids);
  if (!arguments.q.empty()) {
    ASSIGN_OR_RETURN(body, body_of_query(arguments, !arguments.yes));
  }
  if (!arguments.yes) {
    size_t traces = arguments.ids.size();
    if (!arguments.q.empty()) {
      // What is confirmed is what is erased: spans may match meanwhile that nobody was asked about.
      ASSIGN_OR_RETURN(std::string answer, source->post(kPath, body));
      ASSIGN_OR_RETURN(Deleted found, parse_deleted(answer));
      traces = found.ids.size();
      body = body_of_ids(found.ids);
    }
    if (traces == 0 || !confirm(traces, source->where())) {
      complain(traces == 0 ? "nothing matched" : "nothing was erased");
      return kNothingFound;
    }
  }
  ASSIGN_OR_RETURN(std::string answer, source->post(kPath, body));
  ASSIGN_OR_RETURN(Deleted deleted, parse_deleted(answer));
  if (deleted.traces == 0) complain("nothing matched");
  if (arguments.table()) {
    if (deleted.traces > 0) print(fmt::format("{} erased\n", counted(deleted.traces, "trace")));
  } else {
    print(answer + "\n");
  }
  return deleted.traces == 0 ? kNothingFound : kOk;
}

}  // namespace

void add_store_delete(Command& store) {
  Command& command = add_command(store, "delete", "erase whole traces");
  command.about =
      "Erases the traces with these ids, or those that match a TraceQL query: all of every trace of which a span "
      "matches. When it returns, no span of them that was received before is in any answer, also after a restart; the "
      "bytes leave blocks and log from ten minutes later on, and blocks at once with `clew store compact`. `clew store "
      "stat` lists what is outstanding. Spans of the same traces that arrive later are new data.\n\n"
      "It asks before it erases; without a terminal it needs --yes. More traces than admin.delete_limit are refused.";
  auto arguments = std::make_shared<DeleteArguments>();
  command.arguments.push_back({"ID", &arguments->ids, "Trace ids, up to 32 hex digits each.", false});
  command.options.push_back({"--q", "TRACEQL", &arguments->q, "Traces that match this query; it is run once.", {}});
  command.options.push_back(
      {"--since", "DURATION", &arguments->since, "With --q: only traces of the last 30m, 1h, 2d …", {}});
  command.options.push_back({"--yes", "", &arguments->yes, "Do not ask.", {}});
  command.options.push_back({"--url", "URL", &arguments->source.url, "Ask this server; it has to be Clew.", {}});
  command.options.push_back({"--data",
                             "DIR",
                             &arguments->source.data,
                             "This data directory: through the server that runs on it where there is one, else its "
                             "files. Default: ./clew-data",
                             {}});
  command.options.push_back({"-o,--output",
                             "FORMAT",
                             &arguments->output,
                             "Default: table on a terminal, else json (one object).",
                             {"table", "json"}});
  command.exit_codes =
      "0 erased\n1 nothing matched, or the question was not answered with yes\n2 wrong usage\n3 the server or folder "
      "cannot be reached, refuses, or is in use";
  command.examples = {
      {"clew store delete 4bf92f3577b34da6a3ce929d0e0e4736", "One trace."},
      {"clew store delete --q '{ span.user.id = \"42\" }' --yes", "All traces of a user."},
  };
  command.run = [arguments] { return exit_code_of(erase(*arguments)); };
}

}  // namespace clew::cli
