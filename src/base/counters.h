// Clew's own metrics: counters and gauges with a name, fixed labels and a help text, shown on /metrics in Prometheus
// text. A room declares the ones it owns in one struct; the registry keeps them for the life of the process.
//
// Thread rule: add() and set() are relaxed atomics, from any thread; registration takes a lock and belongs to start-up
// or to the first use of a tenant, never to a per-span path.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clew {

class Counter {
 public:
  void add(int64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(int64_t n) { value_.store(n, std::memory_order_relaxed); }
  int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<int64_t> value_{0};
};

using Labels = std::vector<std::pair<std::string, std::string>>;

// The counter or gauge of that name and these labels, made on the first call. The reference stays valid for ever.
// Names follow Prometheus: clew_<room>_<what>_<unit>[_total]; the same name always has the same help and kind.
Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
Counter& gauge(std::string_view name, std::string_view help, Labels labels = {});

// All of them in Prometheus text format 0.0.4, sorted by name and labels.
std::string render_counters();

}  // namespace clew
