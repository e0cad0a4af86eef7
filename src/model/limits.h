// What one span may hold. What exceeds a limit is cut and counted (on the span, as OTLP's dropped counts, and in
// metrics); what is malformed is refused. All are settings under `limits.`, with these defaults.
#pragma once

#include <cstddef>
#include <cstdint>

namespace clew {

struct Limits {
  size_t attributes_per_span = 4096;  // also per event, link, resource and scope
  size_t events_per_span = 65536;
  size_t links_per_span = 65536;
  size_t value_bytes = size_t{1} << 20;     // a longer text or bytes value is cut at a character, and flagged
  size_t key_bytes = 4096;                  // an attribute with a longer key is dropped
  size_t name_bytes = 65536;                // span, event and scope names, trace state, status message
  int value_depth = 64;                     // nesting of arrays and key-value lists; deeper refuses the request
  size_t request_bytes = size_t{64} << 20;  // before and after decompression
};

}  // namespace clew
