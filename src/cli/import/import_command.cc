// `clew import`: files of spans into a server or a data directory.
#include <absl/container/flat_hash_set.h>
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/import/destination.h"
#include "cli/import/span_reader.h"
#include "cli/progress.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

constexpr std::string_view kDefaultFolder = "./clew-data";
constexpr uint64_t kShownFaults = 10;

struct ImportArguments {
  std::vector<std::string> files;
  std::string url;
  std::string data;
};

// The server that uses ./clew-data when one answers, else that folder.
Result<std::unique_ptr<Destination>> open_destination(const ImportArguments& arguments) {
  if (!arguments.url.empty() && !arguments.data.empty()) {
    return invalid("--url and --data exclude each other: send to a server, or write a folder");
  }
  if (!arguments.url.empty()) return server_destination(arguments.url);
  if (!arguments.data.empty()) return store_destination(arguments.data);
  std::string folder(kDefaultFolder);
  auto running = running_endpoint(folder, "otlp_http");
  if (running) return server_destination(*running);
  return store_destination(folder);
}

// What the files held.
struct Findings {
  uint64_t requests = 0;
  absl::flat_hash_set<TraceId> traces;
  uint64_t faults = 0;

  void add(const SpanBatch& batch) {
    ++requests;
    for (const SpanRow& row : batch.rows) traces.insert(row.trace);
  }
  // "spans.jsonl:17: what" where a line is known, for editors and scripts.
  void add_fault(const std::string& file, std::string_view where, std::string_view what) {
    if (++faults > kShownFaults) return;
    constexpr std::string_view kLine = "line ";
    std::string place = where.empty()              ? file
                        : where.starts_with(kLine) ? fmt::format("{}:{}", file, where.substr(kLine.size()))
                                                   : fmt::format("{}, {}", file, where);
    complain(fmt::format("{}: {}", place, what));
  }
};

// Errors are the destination's; what is wrong with the file is a fault.
Status import_file(const std::string& file, Destination& destination, Findings& findings, Progress& progress) {
  auto bytes = open_bytes(file);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  auto reader = open_spans(std::move(*bytes));
  if (!reader) {
    findings.add_fault(file, "", reader.error().message);
    return {};
  }
  if (!*reader) return {};
  (*reader)->on_forget = [&](const Vocabulary& vocabulary) { destination.forget(vocabulary); };
  SpanBatch batch;
  while (true) {
    auto piece = (*reader)->next(batch);
    if (!piece) {
      findings.add_fault(file, "", piece.error().message);
      break;
    }
    if (piece->kind == SpanReader::Piece::Kind::end) break;
    if (piece->kind == SpanReader::Piece::Kind::bad) {
      findings.add_fault(file, piece->where, piece->fault);
      continue;
    }
    findings.add(batch);
    progress.add(batch.rows.size());
    TRY(destination.send(batch, piece->request, piece->encoding));
  }
  return destination.drain();
}

ExitCode report(const Destination& destination, const Findings& findings) {
  const ImportCounts& counts = destination.counts();
  std::string line =
      fmt::format("{} of {} ({}) are in {}", counted(counts.spans, "span"), counted(findings.traces.size(), "trace"),
                  counted(findings.requests, "request"), destination.where());
  if (counts.duplicates > 0) line += fmt::format("; {} of them were there already", count_text(counts.duplicates));
  if (counts.rejected > 0) line += fmt::format("; {} rejected (first: {})", count_text(counts.rejected), counts.reason);
  if (findings.faults > 0) line += fmt::format("; {} left out", counted(findings.faults, "bad piece"));
  print(line + "\n");
  return findings.faults + counts.rejected > 0 ? kBadData : kOk;
}

Result<ExitCode> import_files(const ImportArguments& arguments) {
  // A name that is wrong is said before anything is written.
  for (const std::string& file : arguments.files) {
    auto bytes = open_bytes(file);
    if (!bytes) {
      bytes.error().code = ErrorCode::invalid_argument;
      return std::unexpected(std::move(bytes.error()));
    }
  }
  ASSIGN_OR_RETURN(auto destination, open_destination(arguments));
  Findings findings;
  Progress progress("spans", 0);
  for (const std::string& file : arguments.files) TRY(import_file(file, *destination, findings, progress));
  progress.finish();
  TRY(destination->close());
  if (findings.faults > kShownFaults) complain(fmt::format("… and {} more faults", findings.faults - kShownFaults));
  return report(*destination, findings);
}

}  // namespace

void add_import(Command& root) {
  Command& command = add_command(root, "import", "bring files of spans into a server or a data directory");
  command.about =
      "Reads OTLP as JSON (requests, each on a line or over many) and as protobuf (one message, or messages with a "
      "length before each, as the OpenTelemetry Collector's file exporter writes them); Jaeger's JSON (what its API "
      "answers and its UI downloads); Zipkin's JSON, version 2; and spans as console exporters print them, one object "
      "a line with traceId, spanId, operationName, startTime and duration in milliseconds. Plain, .gz or .zst. Format "
      "and compression are recognised by content, not by name.\n"
      "\nA bad line is reported with file and line, left out, and makes the exit code 4. A span whose id is unusable "
      "is rejected alone; in console spans an id that is not hexadecimal is hashed and kept as clew.original_id. Spans "
      "that were imported in the last minutes already are not stored twice.\n"
      "\nInto a server, requests go out as they stand in the file, several at once; small ones are joined. One that "
      "is busy is waited for.";
  auto arguments = std::make_shared<ImportArguments>();
  command.arguments.push_back({"FILE", &arguments->files, "Files to read; - is stdin."});
  command.options.push_back({"--url",
                             "URL",
                             &arguments->url,
                             "Send to this server by OTLP/HTTP. Default: the server that runs on ./clew-data.",
                             {}});
  command.options.push_back(
      {"--data",
       "DIR",
       &arguments->data,
       "Write this data directory; no server may be using it. Default, when no server runs: ./clew-data",
       {}});
  command.examples = {
      {"clew import traces.jsonl.zst", "Into the running server, else into ./clew-data."},
      {"clew import --url http://tempo:4318 spans.pb.gz", "Into any server that takes OTLP/HTTP."},
      {"curl -s 'http://jaeger:16686/api/traces?service=shop' | clew import -", "From Jaeger."},
      {"clew export --data old | clew import --data new -", "From one folder into another."},
  };
  command.run = [arguments] { return exit_code_of(import_files(*arguments)); };
}

}  // namespace clew::cli
