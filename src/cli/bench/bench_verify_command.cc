// `clew bench verify`: is everything there that `bench ingest --acked` wrote down?
#include <fmt/format.h>

#include <atomic>
#include <charconv>
#include <fstream>
#include <mutex>
#include <thread>

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/progress.h"
#include "cli/tempo_source.h"
#include "cli/terminal.h"
#include "model/ids.h"
#include "wire/proto_fields.h"

namespace clew::cli {
namespace {

constexpr size_t kThreads = 4;
constexpr uint64_t kTimeoutMs = 60000;

struct VerifyArguments {
  std::string url;
  std::string data;
  std::string acknowledged;
  std::string output;
};

struct Expected {
  TraceId id;
  uint64_t spans = 0;
};

struct Found {
  std::atomic<uint64_t> spans{0};
  std::atomic<uint64_t> surplus{0};
  std::atomic<uint64_t> missing{0};
  std::atomic<uint64_t> missing_traces{0};
  std::atomic<uint64_t> incomplete_traces{0};
};

Result<std::vector<Expected>> read_acknowledged(const std::string& path) {
  std::ifstream file(path);
  if (!file) return invalid(fmt::format("cannot read '{}'", path));
  std::vector<Expected> out;
  std::string line;
  while (std::getline(file, line)) {
    size_t space = line.find(' ');
    auto broken = [&] {
      return corrupt(fmt::format("{}, line {}: not of the form `trace-id span-count`", path, out.size() + 1));
    };
    if (space == std::string::npos) return broken();
    auto id = TraceId::parse(std::string_view(line).substr(0, space));
    Expected expected;
    auto [end, error] = std::from_chars(line.data() + space + 1, line.data() + line.size(), expected.spans);
    if (!id || error != std::errc() || end != line.data() + line.size()) {
      // The writer may have been killed in the middle of the last line.
      if (file.peek() == std::ifstream::traits_type::eof()) break;
      return broken();
    }
    expected.id = *id;
    out.push_back(expected);
  }
  return out;
}

// Trace.resource_spans.scope_spans.spans
uint64_t count_spans(std::string_view trace) {
  constexpr uint32_t kFirst = wire::tag_of(1, wire::kBytes);
  constexpr uint32_t kSecond = wire::tag_of(2, wire::kBytes);
  uint64_t spans = 0;
  for (wire::FieldReader resource(trace); resource.next();) {
    if (resource.tag() != kFirst) continue;
    for (wire::FieldReader scope(resource.bytes()); scope.next();) {
      if (scope.tag() != kSecond) continue;
      for (wire::FieldReader span(scope.bytes()); span.next();) spans += span.tag() == kSecond ? 1 : 0;
    }
  }
  return spans;
}

Status verify_one(TempoSource& source, const Expected& expected, Found& found) {
  auto trace = source.get("/api/traces/" + expected.id.hex(), {}, "application/protobuf");
  if (!trace && trace.error().code != ErrorCode::not_found) return std::unexpected(std::move(trace.error()));
  uint64_t spans = trace ? count_spans(*trace) : 0;
  found.spans += spans;
  if (spans > expected.spans) found.surplus += spans - expected.spans;
  if (spans >= expected.spans) return {};
  found.missing += expected.spans - spans;
  ++(spans == 0 ? found.missing_traces : found.incomplete_traces);
  return {};
}

Status verify_all(const VerifyArguments& arguments, const std::vector<Expected>& all, Found& found) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  Status outcome;
  auto work = [&](TempoSource& source, Progress* progress) {
    for (size_t i = next++; i < all.size(); i = next++) {
      Status verified = verify_one(source, all[i], found);
      if (progress != nullptr) progress->set(i);
      if (verified) continue;
      std::lock_guard lock(mutex);
      if (outcome) outcome = std::move(verified);
      next = all.size();
    }
  };
  Progress progress("traces", all.size());
  if (!arguments.data.empty()) {
    ASSIGN_OR_RETURN(auto source, local_source(arguments.data));
    work(*source, &progress);
    return outcome;
  }
  ASSIGN_OR_RETURN(auto first, open_source({arguments.url, ""}));
  std::vector<std::thread> threads;
  for (size_t i = 1; i < kThreads; ++i) {
    threads.emplace_back([&] { work(*remote_source(first->where(), kTimeoutMs), nullptr); });
  }
  work(*first, &progress);
  for (auto& thread : threads) thread.join();
  return outcome;
}

Result<ExitCode> verify(const VerifyArguments& arguments) {
  if (arguments.acknowledged.empty()) return invalid("--acked FILE is needed: the one that clew bench ingest wrote");
  ASSIGN_OR_RETURN(auto all, read_acknowledged(arguments.acknowledged));
  Found found;
  TRY(verify_all(arguments, all, found));
  uint64_t expected = 0;
  for (const Expected& one : all) expected += one.spans;
  bool json = arguments.output.empty() ? !stdout_is_terminal() : arguments.output == "json";
  if (json) {
    print(fmt::format(
        "{{\"traces\":{},\"spans_expected\":{},\"spans_found\":{},\"spans_missing\":{},\"spans_surplus\":{},"
        "\"traces_missing\":{},\"traces_incomplete\":{}}}\n",
        all.size(), expected, found.spans.load(), found.missing.load(), found.surplus.load(),
        found.missing_traces.load(), found.incomplete_traces.load()));
  } else {
    print(fmt::format("{} traces, {} spans: {} spans missing ({} traces missing, {} incomplete), {} too many\n",
                      count_text(all.size()), count_text(expected), count_text(found.missing),
                      count_text(found.missing_traces), count_text(found.incomplete_traces),
                      count_text(found.surplus)));
  }
  return found.missing + found.surplus > 0 ? kNothingFound : kOk;
}

}  // namespace

void add_bench_verify(Command& bench) {
  Command& command = add_command(bench, "verify", "count what is missing of acknowledged traces");
  command.about =
      "Fetches every trace of a file that clew bench ingest --acked wrote and counts its spans: what was acknowledged "
      "must be there, after a crash of the server as well, and once.";
  auto arguments = std::make_shared<VerifyArguments>();
  command.options.push_back(
      {"--url", "URL", &arguments->url, "The server's Tempo API. Default: as for clew query.", {}});
  command.options.push_back({"--data", "DIR", &arguments->data, "Read this data directory instead.", {}});
  command.options.push_back({"--acked", "FILE", &arguments->acknowledged, "Lines of `trace-id span-count`.", {}});
  command.options.push_back(
      {"-o,--output", "FORMAT", &arguments->output, "Default: text on a terminal, else json.", {"text", "json"}});
  command.examples = {{"clew bench verify --url http://127.0.0.1:3200 --acked acked.txt",
                       "Exit code 1 when anything is missing or doubled."}};
  command.exit_codes =
      "0 everything is there, once\n1 something is missing or doubled\n2 usage\n3 cannot reach the server\n4 a bad "
      "file";
  command.run = [arguments] { return exit_code_of(verify(*arguments)); };
}

}  // namespace clew::cli
