// The words of a span that are small closed sets, by OTLP's own numbers (opentelemetry-proto trace.proto).
#pragma once

#include <cstdint>
#include <string_view>

namespace clew {

enum class SpanKind : uint8_t { unspecified = 0, internal = 1, server = 2, client = 3, producer = 4, consumer = 5 };
enum class StatusCode : uint8_t { unset = 0, ok = 1, error = 2 };

// TraceQL's names: unspecified, internal, …; unset, ok, error. A number beyond the set answers "unspecified" / "unset".
std::string_view name_of(SpanKind kind);
std::string_view name_of(StatusCode code);

// Where an attribute stands.
enum class Scope : uint8_t { span = 0, resource = 1, event = 2, link = 3, instrumentation = 4 };
inline constexpr int kScopes = 5;
std::string_view name_of(Scope scope);

}  // namespace clew
