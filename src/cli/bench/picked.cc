#include "cli/bench/picked.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace clew::cli {

void Picked::add(std::string encoded, uint32_t weight) {
  slots_.insert(slots_.end(), weight, static_cast<uint32_t>(pieces_.size()));
  pieces_.push_back(std::move(encoded));
}

double Picked::share(size_t place) const {
  // Slots ascend.
  auto [begin, end] = std::equal_range(slots_.begin(), slots_.end(), static_cast<uint32_t>(place));
  return static_cast<double>(end - begin) / static_cast<double>(slots_.size());
}

double Picked::entropy_bits() const {
  double bits = 0;
  for (size_t place = 0; place < pieces_.size(); ++place) {
    if (double p = share(place); p > 0) bits -= p * std::log2(p);
  }
  return bits;
}

}  // namespace clew::cli
