// Exporters that write lines of text to a descriptor: a line for each span, or one for each batch.
#pragma once

#include <string>

#include "clew/exporter.h"

CLEW_BEGIN
namespace detail {

class TextExporter : public Exporter {
 public:
  static constexpr size_t kMostBytes = 16 << 20;      // of text not yet written: beyond it spans are dropped
  static constexpr uint64_t kWaitNs = 5'000'000'000;  // for a pipe that nobody reads: then the batch is lost

  bool consume(const SpanData& span) noexcept override;
  unsigned pending() const noexcept override { return pending_; }
  Sent send(Waiter& waiter) noexcept override;
  void forked() noexcept override;

 protected:
  // Appends the span to the text of its batch.
  virtual void append(std::string& text, const SpanData& span) = 0;
  // What stands after the spans of a batch, at its end.
  virtual void close(std::string&) {}
  // Where to write; -1 when it cannot be opened now.
  virtual int descriptor() noexcept = 0;
  // Appends less than the whole was written: what may be done about the rest (a torn line of a file).
  virtual void torn(size_t) noexcept {}

 private:
  std::string text_;
  unsigned pending_ = 0;
};

// All of it, or how much there was before an error or the end of waiting.
size_t write_all(int descriptor, std::string_view text, Waiter& waiter, uint64_t wait_ns) noexcept;

}  // namespace detail
CLEW_END
