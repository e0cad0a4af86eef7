// What can go wrong in the shop, on purpose. Each process has a set of faults: from --fault at its start, then what was
// last posted to /faults (names, separated by commas).
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

namespace shop {

enum class Fault : uint32_t {
  kLatency = 1,             // payment: every third charge takes 300 ms
  kErrors = 2,              // payment: every third charge fails with a 503
  kRetryStorm = 4,          // inventory answers 503 seven times of eight, and fulfilment asks again at once
  kPoolExhaustion = 8,      // inventory has one connection to its database, and queries take 50 ms
  kLockContention = 16,     // pricing computes 30 ms under the one lock of the price book
  kBrokenPropagation = 32,  // pricing forgets the context of the message
};

// Any thread.
class Faults {
 public:
  bool has(Fault fault) const noexcept { return (set_.load(std::memory_order_relaxed) & uint32_t(fault)) != 0; }
  // Names as in the list above, "retry-storm" for instance. False, and nothing changes, when one is not known.
  bool replace(std::string_view names);

 private:
  std::atomic<uint32_t> set_{0};
};

// Of this process.
extern Faults faults;

}  // namespace shop
