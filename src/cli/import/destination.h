// Where imported spans go: a running server by OTLP/HTTP, or a data directory. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/otlp_sender.h"
#include "column/span_batch.h"

namespace clew::cli {

struct ImportCounts {
  uint64_t spans = 0;       // stored now or before
  uint64_t duplicates = 0;  // stored before; a server does not say
  uint64_t rejected = 0;
  std::string reason;  // of the first rejection
};

class Destination {
 public:
  virtual ~Destination() = default;
  // Hands over a batch and the request it was decoded from; busy is waited out. After an error nothing more can be
  // sent.
  virtual Status send(const SpanBatch& batch, std::string_view request, OtlpEncoding encoding) = 0;
  // All that was sent is durable after an OK. The vocabularies of its batches may die then.
  virtual Status drain() = 0;
  virtual void forget(const Vocabulary& vocabulary) = 0;
  // After the last batch.
  virtual Status close() = 0;
  // Precondition: drained.
  virtual const ImportCounts& counts() const = 0;
  virtual const std::string& where() const = 0;
};

Result<std::unique_ptr<Destination>> server_destination(const std::string& url);
Result<std::unique_ptr<Destination>> store_destination(const std::string& folder);

}  // namespace clew::cli
