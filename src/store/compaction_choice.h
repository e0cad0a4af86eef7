// Which blocks of a tenant become one (docs/internals/compaction.md): a function of what is stored, not of when it is
// asked.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "store/block_catalog.h"

namespace clew::store {

inline constexpr size_t kLeastCompactionInputs = 4;

struct CompactionLimits {
  uint64_t rows = 0;
  uint64_t memory_bytes = 0;      // by compaction_memory_bytes()
  uint64_t window_ns = 1;         // above 0
  uint64_t least_receive_ns = 0;  // blocks whose newest span is older are not touched
};

// Nothing of it is damaged.
bool is_whole(const StoredBlock& block);

// What merging these blocks takes, by estimate.
uint64_t compaction_memory_bytes(const std::vector<std::shared_ptr<const StoredBlock>>& inputs);

// In the order of their receipt; empty when there is nothing to do. `may` says false for blocks to be left alone.
std::vector<std::shared_ptr<const StoredBlock>> choose_compaction(
    std::vector<std::shared_ptr<const StoredBlock>> blocks, const CompactionLimits& limits,
    const std::function<bool(const StoredBlock&)>& may);

}  // namespace clew::store
