// X-Amzn-Trace-Id, AWS X-Ray's tracing header.
#include <fmt/format.h>

#include "cli/context/value_reader.h"
#include "cli/terminal.h"

namespace clew::cli {
namespace {

bool check_root(ExplainedHeader& out, const Part& root) {
  ValueReader reader(root.text);
  const Part version = reader.next('-');
  if (version.text != "1") return out.fail(root.at, "the trace id begins with its version: 1-EPOCH-UNIQUE");
  Part epoch = reader.next('-');
  epoch.at += root.at;
  if (!check_id(out, epoch, "trace id's epoch", 8, HexCase::any)) return false;
  Part unique{root.at + root.text.size(), "", true};
  if (reader.more()) {
    unique = reader.next('\0');
    unique.at += root.at;
  }
  // All zeros would do here.
  if (auto bad = first_not_hex(unique.text, HexCase::any)) {
    return out.fail(unique.at + *bad,
                    fmt::format("the trace id has {}, which is no hex digit", shown(unique.text[*bad])));
  }
  if (unique.text.size() != 24) {
    return out.fail(unique.at + std::min<size_t>(unique.text.size(), 24),
                    fmt::format("the trace id's last part has {} digits instead of 24", unique.text.size()));
  }
  const uint64_t seconds = std::stoul(std::string(epoch.text), nullptr, 16);
  out.add("Root", root.text,
          fmt::format("trace id {}{}, of {} UTC", epoch.text, unique.text, time_text(seconds * 1'000'000'000)));
  return true;
}

bool check_field(ExplainedHeader& out, const Part& field) {
  const size_t equals = field.text.find('=');
  if (equals == std::string_view::npos)
    return out.fail(field.at + field.text.size(), "a field without '=' and a value");
  const std::string_view key = field.text.substr(0, equals);
  const Part value{field.at + equals + 1, field.text.substr(equals + 1)};
  if (key == "Root") return check_root(out, value);
  if (key == "Parent") {
    if (!check_id(out, value, "parent id", 16, HexCase::any)) return false;
    out.add(key, value.text, "the span that sent this");
    return true;
  }
  if (key == "Sampled") {
    if (value.text != "0" && value.text != "1" && value.text != "?") {
      return out.fail(value.at, "Sampled is 0, 1 or ?");
    }
    out.add(key, value.text,
            value.text == "1"   ? "sampled"
            : value.text == "0" ? "not sampled"
                                : "the receiver decides");
    return true;
  }
  const char* meaning = key == "Self"      ? "added by a load balancer"
                        : key == "Lineage" ? "loops between Lambda functions are found by it"
                                           : "of the application";
  out.add(key, value.text, meaning);
  return true;
}

ExplainedHeader explain_xray(std::string_view value) {
  ExplainedHeader out;
  ValueReader reader(value);
  bool root = false;
  while (reader.more()) {
    const Part field = trimmed(reader.next(';'));
    if (field.text.empty()) continue;
    if (!check_field(out, field)) return out;
    root |= field.text.starts_with("Root=");
  }
  if (!root) out.fail(value.size(), "Root=1-EPOCH-UNIQUE is missing: without a trace id there is no trace to continue");
  return out;
}

bool looks_like_xray(std::string_view value) {
  return value.find("Root=") != std::string_view::npos || value.starts_with("Self=");
}

}  // namespace

const HeaderFormat kXAmznTraceId{"X-Amzn-Trace-Id", "AWS X-Ray", looks_like_xray, explain_xray};

}  // namespace clew::cli
