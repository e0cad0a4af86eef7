#include "problem.h"

#include <unistd.h>

#include <atomic>
#include <cstring>

#include "ticks.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr uint64_t kQuietNs = 10'000'000'000;
constexpr size_t kMostBytes = 512;

std::atomic<void (*)(std::string_view)> receiver{nullptr};

// When something was said last, by its text's address: the texts are literals. Two that share a place are heard less
// often.
struct Said {
  std::atomic<const char*> what;
  std::atomic<uint64_t> at_ns;
};
Said said[32];

bool said_lately(const char* what) noexcept {
  Said& place = said[(reinterpret_cast<uintptr_t>(what) >> 4) % 32];
  const uint64_t now = clock_ns(CLOCK_MONOTONIC);
  const bool same = place.what.exchange(what, std::memory_order_relaxed) == what;
  if (same && now - place.at_ns.load(std::memory_order_relaxed) < kQuietNs) return true;
  place.at_ns.store(now, std::memory_order_relaxed);
  return false;
}

}  // namespace

void problems_go_to(void (*on_problem)(std::string_view message)) noexcept {
  receiver.store(on_problem, std::memory_order_relaxed);
  for (Said& place : said) place.what.store(nullptr, std::memory_order_relaxed);
}

void problem(const char* what, std::string_view detail) noexcept {
  if (said_lately(what)) return;
  char text[kMostBytes + 1];
  size_t size = 0;
  const auto add = [&](std::string_view more) {
    const size_t bytes = more.size() < kMostBytes - size ? more.size() : kMostBytes - size;
    if (bytes != 0) std::memcpy(text + size, more.data(), bytes);
    size += bytes;
  };
  add("clew: ");
  add(what);
  add(detail);
  if (auto* const on_problem = receiver.load(std::memory_order_relaxed)) return on_problem({text + 6, size - 6});
  text[size++] = '\n';
  if (write(STDERR_FILENO, text, size) < 0) return;  // nobody is left to tell
}

}  // namespace detail
CLEW_END
