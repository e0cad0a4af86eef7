// Which numbers a trace id may have in a block (docs/internals/block.md §6, fingerprints and trace numbers): the part
// that stays in memory for every open block, some 18 bits a trace. A trace that is not in the block is told so without
// reading, but for one of some thousands.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/ids.h"
#include "store/block/trace_order.h"

namespace clew::store {

class TraceLookup {
 public:
  // The two sections of these traces.
  struct Sections {
    std::string fingerprints;
    std::string numbers;
  };
  static Sections encode(std::span<const TraceRun> runs);

  TraceLookup() = default;
  static Result<TraceLookup> decode(std::string_view fingerprints, uint64_t traces);

  // Positions among the numbers: begin to end.
  template <typename OnPosition>
  void find(TraceId id, OnPosition&& on_position) const {
    if (remainders_.empty()) return;
    auto [bucket, remainder] = fingerprint(id, bucket_bits_);
    for (uint32_t at = begins_[bucket]; at < begins_[bucket + 1]; ++at) {
      if (remainders_[at] == remainder) on_position(at);
    }
  }
  size_t bytes() const { return begins_.capacity() * sizeof(uint32_t) + remainders_.capacity() * sizeof(uint16_t); }

  // Where the number of a position lies in its section: this many bytes from `offset` on hold it, from bit `shift` on.
  struct NumberPlace {
    uint64_t offset = 0;
    uint32_t bytes = 0;
    uint32_t shift = 0;
    uint64_t mask = 0;
    uint32_t number(std::string_view bytes) const;
  };
  static NumberPlace number_place(uint32_t position, uint64_t traces);
  static uint64_t numbers_bytes(uint64_t traces);

 private:
  static std::pair<uint32_t, uint16_t> fingerprint(TraceId id, uint32_t bucket_bits);

  uint32_t bucket_bits_ = 0;
  std::vector<uint32_t> begins_;
  std::vector<uint16_t> remainders_;
};

}  // namespace clew::store
