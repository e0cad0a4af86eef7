#include "model/span_words.h"

namespace clew {

std::string_view name_of(SpanKind kind) {
  switch (kind) {
    case SpanKind::unspecified: return "unspecified";
    case SpanKind::internal: return "internal";
    case SpanKind::server: return "server";
    case SpanKind::client: return "client";
    case SpanKind::producer: return "producer";
    case SpanKind::consumer: return "consumer";
  }
  return "unspecified";
}

std::string_view name_of(StatusCode code) {
  switch (code) {
    case StatusCode::unset: return "unset";
    case StatusCode::ok: return "ok";
    case StatusCode::error: return "error";
  }
  return "unset";
}

std::string_view name_of(Scope scope) {
  switch (scope) {
    case Scope::span: return "span";
    case Scope::resource: return "resource";
    case Scope::event: return "event";
    case Scope::link: return "link";
    case Scope::instrumentation: return "instrumentation";
  }
  return "span";
}

}  // namespace clew
