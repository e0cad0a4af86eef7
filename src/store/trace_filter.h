// Which traces a lane has seen in its closed segments and blocks of the last hours: a chain of Bloom filters, so that a
// segment knows at append which of its traces may have begun elsewhere. A false hit costs time only.
//
//   links   128 KiB | 256 KiB | 512 KiB | … each twice the one before, at most a quarter of the limit | …
//
// A link takes one id per 16 bits, with 6 probes in one cache line (false hits below 1 % a link). Links double so that
// a look-up touches few of them. Beyond the limit the oldest goes, and traces that only it knew are taken for new.
// Thread rule: the lane's writer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "model/ids.h"

namespace clew::store {

class TraceFilter {
 public:
  static constexpr size_t kFirstLinkBytes = size_t{128} << 10;
  static constexpr size_t kBitsPerTrace = 16;

  // At least one link is kept.
  explicit TraceFilter(uint64_t limit_bytes) : limit_bytes_(limit_bytes) {}

  void add(TraceId id);
  bool may_contain(TraceId id) const;
  size_t allocated_bytes() const { return allocated_bytes_; }

 private:
  struct Link {
    std::vector<uint64_t> words;
    size_t count = 0;
    bool is_full() const { return count * kBitsPerTrace >= words.size() * 64; }
  };
  void open_link();

  uint64_t limit_bytes_;
  std::deque<Link> links_;
  size_t allocated_bytes_ = 0;
};

}  // namespace clew::store
