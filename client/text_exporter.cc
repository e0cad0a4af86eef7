#include "text_exporter.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <new>

#include "problem.h"

CLEW_BEGIN
namespace detail {

size_t write_all(int descriptor, std::string_view text, Waiter& waiter, uint64_t wait_ns) noexcept {
  const uint64_t deadline = waiter.now_ns() + wait_ns;
  // What a pipe that poll calls ready takes without blocking is PIPE_BUF; a file takes what it gets.
  struct stat kind{};
  const size_t at_once = fstat(descriptor, &kind) == 0 && S_ISREG(kind.st_mode) ? 1 << 20 : 4096;
  size_t written = 0;
  while (written < text.size()) {
    if (!waiter.wait(descriptor, POLLOUT, deadline)) break;
    const size_t bytes = text.size() - written < at_once ? text.size() - written : at_once;
    const ssize_t done = write(descriptor, text.data() + written, bytes);
    if (done > 0) {
      written += size_t(done);
    } else if (done == 0 || (errno != EINTR && errno != EAGAIN)) {
      break;
    }
  }
  return written;
}

bool TextExporter::consume(const SpanData& span) noexcept {
  if (text_.size() > kMostBytes) return false;
  append(text_, span);
  ++pending_;
  return true;
}

Exporter::Sent TextExporter::send(Waiter& waiter) noexcept {
  close(text_);
  const std::string text = std::move(text_);
  const unsigned spans = pending_;
  text_ = std::string();
  pending_ = 0;
  const int descriptor = this->descriptor();
  const size_t written = descriptor < 0 ? 0 : write_all(descriptor, text, waiter, kWaitNs);
  if (written == text.size()) return {spans, 0, 0};
  if (written != 0) torn(written);
  problem("spans could not be written to a file or terminal");
  return {0, spans, 0};
}

void TextExporter::forked() noexcept {
  new (&text_) std::string;  // send() may have been in the middle of it: the old one's memory is left behind
  pending_ = 0;
}

}  // namespace detail
CLEW_END
