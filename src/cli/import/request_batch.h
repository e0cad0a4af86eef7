// Small OTLP requests joined into larger ones, without decoding them: protobuf by appending (a repeated field), JSON by
// joining the lists. Used by one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cli/otlp_sender.h"

namespace clew::cli {

struct ImportRequest {
  std::string body;
  OtlpEncoding encoding = OtlpEncoding::protobuf;
  uint64_t spans = 0;
};

class RequestBatch {
 public:
  static constexpr size_t kFullBytes = 256 << 10;

  // False when the request cannot join those that are here already: take() them first. What is alone always fits.
  bool add(std::string_view request, OtlpEncoding encoding, uint64_t spans);
  bool full() const { return whole_.body.size() >= kFullBytes; }
  bool empty() const { return whole_.body.empty(); }
  ImportRequest take();

 private:
  ImportRequest whole_;
  bool joinable_ = false;  // JSON: whole_ is open, `]}` is missing
};

// What stands between the brackets of {"resourceSpans":[…]}; nothing when the document has another form.
std::optional<std::string_view> resource_spans_list(std::string_view json);

}  // namespace clew::cli
