#include "cli/progress.h"

#include <fmt/format.h>

#include "cli/terminal.h"
#include "env/clock.h"

namespace clew::cli {
namespace {

constexpr uint64_t kRedrawNs = 100'000'000;

}  // namespace

Progress::Progress(std::string what, uint64_t whole)
    : what_(std::move(what)),
      whole_(whole),
      shown_(stderr_is_terminal()),
      begun_ns_(env::system_clock().monotonic_ns()) {}

void Progress::set(uint64_t done) {
  done_ = done;
  if (!shown_) return;
  uint64_t now = env::system_clock().monotonic_ns();
  if (now - drawn_ns_ < kRedrawNs) return;
  drawn_ns_ = now;
  double seconds = static_cast<double>(now - begun_ns_) / 1e9;
  auto rate = static_cast<uint64_t>(static_cast<double>(done_) / std::max(seconds, 1e-3));
  std::string percent = whole_ == 0 ? "" : fmt::format(" of {} ({}%)", count_text(whole_), done_ * 100 / whole_);
  fmt::print(stderr, "\r\x1b[K{}{} {}, {}/s", count_text(done_), percent, what_, count_text(rate));
}

void Progress::finish() {
  if (shown_ && drawn_ns_ != 0) fmt::print(stderr, "\r\x1b[K");
  drawn_ns_ = 0;
}

}  // namespace clew::cli
