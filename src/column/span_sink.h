// Where decoded spans go: implemented by the store, called by receivers and by import.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "column/span_batch.h"

namespace clew {

struct Accepted {
  uint64_t spans = 0;       // including those that were there already
  uint64_t duplicates = 0;  // known from the last minutes and not stored again
  Rejections rejected;      // the batch's own included
};

class SpanSink {
 public:
  virtual ~SpanSink() = default;

  using Done = std::function<void(Result<Accepted>)>;

  // Takes a batch whole or not at all. `done` is called exactly once, from any thread: after the rows are durable
  // (and visible), or with an error; resource_exhausted means busy: try again after retry_delay_ms(). The batch may be
  // reused as soon as append() returns; its vocabulary must stay the same object while the connection lives, because
  // the lanes remember their translation of it.
  // Precondition: no other call with the same vocabulary is under way.
  virtual void append(std::string_view tenant, const SpanBatch& batch, Done done) = 0;

  // What append() would say of a request of so many bytes, as far as that is known before it is decoded: an error
  // spares the work. Cheap, any thread.
  virtual Status check_room(uint64_t request_bytes) const = 0;

  // What to tell a sender that was refused busy.
  virtual uint32_t retry_delay_ms() const = 0;

  // Forgets what it remembers of a vocabulary; to be called before the vocabulary dies.
  virtual void forget(const Vocabulary& vocabulary) = 0;
};

}  // namespace clew
