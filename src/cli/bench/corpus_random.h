// The chances of a built-in corpus: the same for the same seed and stream, on every machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "base/mix.h"

namespace clew::cli {

class CorpusRandom {
 public:
  CorpusRandom(uint64_t seed, uint32_t stream) : state_(mix64(seed, stream)) {}

  uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return mix64(state_);
  }
  uint64_t below(uint64_t count) { return next() % count; }
  double uniform() { return (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53; }  // (0, 1)
  uint64_t log_normal(double mu, double sigma) {
    double normal = std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
    return static_cast<uint64_t>(std::exp(mu + sigma * normal));
  }

 private:
  uint64_t state_;
};

inline double log_normal_bits(double mu, double sigma) {
  return (mu + 0.5 * std::log(2 * std::numbers::pi * std::numbers::e * sigma * sigma)) / std::numbers::ln2;
}

}  // namespace clew::cli
