#include "store/block_remover.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace clew::store {
namespace {

// Somebody has a list with the block, or a unit of it.
bool has_readers(const std::shared_ptr<const StoredBlock>& block) {
  return block.use_count() > 1 || std::ranges::any_of(block->parts, [](const BlockPart& part) {
           return part.block && part.block.use_count() > 1;
         });
}

}  // namespace

void BlockRemover::adopt(std::vector<BlockPointer> emptied) {
  std::lock_guard lock(mutex_);
  emptied_ = std::move(emptied);
}

void BlockRemover::expire(BlockPointer block) {
  std::lock_guard lock(mutex_);
  leaving_.push_back({std::move(block), false});
}

void BlockRemover::replace(BlockPointer block) {
  std::lock_guard lock(mutex_);
  leaving_.push_back({std::move(block), true});
}

std::vector<BlockRemover::BlockPointer> BlockRemover::leaving(std::string_view tenant) {
  std::lock_guard lock(mutex_);
  std::vector<BlockPointer> out;
  for (const Leaving& leaving : leaving_) {
    if (leaving.block->tenant == tenant) out.push_back(leaving.block);
  }
  return out;
}

void BlockRemover::note_unfinished(std::string tenant, std::string id) {
  std::lock_guard lock(mutex_);
  unfinished_.push_back({std::move(tenant), std::move(id)});
}

Status BlockRemover::remove_unfinished() {
  std::lock_guard lock(mutex_);
  while (!unfinished_.empty()) {
    TRY(remove_unfinished_block(objects_, unfinished_.back().tenant, unfinished_.back().id));
    unfinished_.pop_back();
  }
  return {};
}

bool BlockRemover::has_unfinished(std::string_view tenant) {
  std::lock_guard lock(mutex_);
  return std::ranges::any_of(unfinished_, [&](const Unfinished& block) { return block.tenant == tenant; });
}

bool BlockRemover::is_held(const StoredBlock& block) const {
  return std::ranges::any_of(block.replaces, [this](const SegmentName& name) { return log_.holds(name); });
}

// True while a block that it replaces is there.
bool BlockRemover::is_awaited(const StoredBlock& block) const {
  return std::ranges::any_of(leaving_, [&](const Leaving& other) {
    return other.block && other.block->tenant == block.tenant &&
           std::ranges::find(block.replaces_blocks, other.block->id) != block.replaces_blocks.end();
  });
}

bool BlockRemover::remove(const Leaving& leaving) {
  const BlockPointer& block = leaving.block;
  if (has_readers(block) || is_awaited(*block)) return false;
  const bool held = !leaving.replaced && is_held(*block);
  Status removed = held ? empty_block(objects_, *block) : remove_block(objects_, *block);
  if (!removed) {
    log::warn("a block could not be removed yet", {{"block", block->id}, {"reason", removed.error()}});
    return false;
  }
  if (held) emptied_.push_back(block);
  return true;
}

void BlockRemover::look() {
  if (Status removed = remove_unfinished(); !removed) {
    log::warn("a block that could not be stored could not be removed yet", {{"reason", removed.error()}});
  }
  std::lock_guard lock(mutex_);
  for (Leaving& leaving : leaving_) {
    if (remove(leaving)) leaving.block.reset();
  }
  std::erase_if(leaving_, [](const Leaving& leaving) { return !leaving.block; });
  if (emptied_.empty()) return;
  log_.remove_unneeded();
  std::erase_if(emptied_, [this](const BlockPointer& block) {
    return !is_held(*block) && remove_block(objects_, *block).has_value();
  });
}

}  // namespace clew::store
