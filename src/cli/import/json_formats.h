// Spans as JSON in other forms than OTLP. Each member of the family is one file; json_formats() lists them all.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "cli/import/otlp_request.h"

namespace clew::cli {

struct JsonFormat {
  std::string_view name;
  // By the members that only this format has. Looks at the first span of a list.
  bool (*recognises)(Json document);
  // Adds all spans of the document; invalid_argument when its structure is another one. A span with an id that is none
  // is added without it, and rejected when the request is decoded.
  Status (*convert)(Json document, OtlpRequestWriter& out);
};

// In the order in which they are tried.
std::span<const JsonFormat> json_formats();

extern const JsonFormat kJaegerJson;
extern const JsonFormat kZipkinJson;
extern const JsonFormat kSimpleJson;

}  // namespace clew::cli
