#include "faults.h"

namespace shop {

Faults faults;

bool Faults::replace(std::string_view names) {
  static constexpr struct {
    std::string_view name;
    Fault fault;
  } kAll[] = {{"latency", Fault::kLatency},
              {"errors", Fault::kErrors},
              {"retry-storm", Fault::kRetryStorm},
              {"pool-exhaustion", Fault::kPoolExhaustion},
              {"lock-contention", Fault::kLockContention},
              {"broken-propagation", Fault::kBrokenPropagation}};
  uint32_t set = 0;
  while (!names.empty()) {
    const size_t comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == std::string_view::npos ? std::string_view() : names.substr(comma + 1);
    uint32_t bit = 0;
    for (const auto& each : kAll) bit |= each.name == name ? uint32_t(each.fault) : 0;
    if (bit == 0) return false;
    set |= bit;
  }
  set_.store(set, std::memory_order_relaxed);
  return true;
}

}  // namespace shop
