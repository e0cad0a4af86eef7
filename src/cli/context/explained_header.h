// What `clew context` says about a header: each of its fields, and where it is wrong. A strict reading with places,
// apart from the client library's, which is made to be quick and says yes or no.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace clew::cli {

struct ExplainedField {
  std::string name, text;
  std::string meaning;  // may be empty
};

struct HeaderFault {
  size_t at = 0;  // a byte of the value; its size: something is missing at the end
  std::string what;
};

struct ExplainedHeader {
  std::vector<ExplainedField> fields;  // those before the fault, when there is one
  std::optional<HeaderFault> fault;

  void add(std::string_view name, std::string_view text, std::string meaning = "") {
    fields.push_back({std::string(name), std::string(text), std::move(meaning)});
  }
  // Only the first counts.
  bool fail(size_t at, std::string what) {
    if (!fault) fault = HeaderFault{at, std::move(what)};
    return false;
  }
};

// One member for each format; the list of all is header_formats().
struct HeaderFormat {
  std::string_view name;   // as it is mostly written; compared without case
  std::string_view title;  // "W3C Trace Context"
  // Whether a value without a name is one of these.
  bool (*looks_like)(std::string_view value);
  ExplainedHeader (*explain)(std::string_view value);
};
const std::vector<HeaderFormat>& header_formats();

extern const HeaderFormat kTraceparent, kTracestate, kBaggage, kB3, kUberTraceId, kXAmznTraceId;
// One value of the several headers of B3.
extern const HeaderFormat kB3TraceId, kB3SpanId, kB3ParentSpanId, kB3Sampled, kB3Flags;

struct RecognisedHeader {
  const HeaderFormat* format = nullptr;
  std::string_view value;  // without white space around it
  bool guessed = false;    // by its looks
};
// "NAME: VALUE" or a value alone. Nothing: neither a name that is known nor a value that looks like one.
std::optional<RecognisedHeader> recognise_header(std::string_view text);

}  // namespace clew::cli
