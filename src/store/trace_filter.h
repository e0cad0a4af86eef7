// Which traces a lane has seen in its closed segments and blocks of the last hours: a chain of Bloom filters, so that a
// segment knows at append which of its traces may have begun elsewhere. A false hit costs time only.
//
// Each link holds kTracesPerLink ids in 16 bits each, with 6 probes (false hits about 0.1 %); when there are too many
// links the oldest goes, and traces that only it knew are taken for new.
// Thread rule: the lane's writer.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "model/ids.h"

namespace clew::store {

class TraceFilter {
 public:
  static constexpr size_t kTracesPerLink = size_t{1} << 16;
  static constexpr size_t kMaxLinks = 256;  // 32 MiB, 16 million traces

  void add(TraceId id);
  bool may_contain(TraceId id) const;
  size_t allocated_bytes() const { return links_.size() * kWordsPerLink * sizeof(uint64_t); }

 private:
  static constexpr size_t kWordsPerLink = kTracesPerLink * 16 / 64;
  struct Link {
    std::vector<uint64_t> words = std::vector<uint64_t>(kWordsPerLink);
    size_t count = 0;
  };
  std::deque<Link> links_;
};

}  // namespace clew::store
