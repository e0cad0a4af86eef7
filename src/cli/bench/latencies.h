// Measured times and their percentiles.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace clew::cli {

class Latencies {
 public:
  void add(uint64_t ns) { ns_.push_back(ns); }
  void add(const Latencies& other) { ns_.insert(ns_.end(), other.ns_.begin(), other.ns_.end()); }
  bool empty() const { return ns_.empty(); }
  size_t count() const { return ns_.size(); }

  // The smallest time that at least the share q of all do not exceed, in ms; 0 without any.
  double percentile_ms(double q) {
    if (ns_.empty()) return 0;
    std::sort(ns_.begin(), ns_.end());
    auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(ns_.size())));
    return static_cast<double>(ns_[std::clamp<size_t>(rank, 1, ns_.size()) - 1]) / 1e6;
  }

 private:
  std::vector<uint64_t> ns_;
};

}  // namespace clew::cli
