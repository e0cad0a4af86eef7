#include "store/block/block.h"

#include "base/counters.h"
#include "base/log.h"
#include "store/block/block_unit.h"

namespace clew::store {

Block::Block(std::unique_ptr<const BlockFile> file, ReadCache& cache)
    : file_(std::move(file)), cache_(cache), number_(cache.number_block()) {}

Block::~Block() {
  cache_.forget(number_);
}

Result<std::shared_ptr<const Block>> Block::open(env::ObjectStore& store, const std::string& key,
                                                 parquet::Checksums checksums, ReadCache& cache) {
  ASSIGN_OR_RETURN(auto file, BlockFile::open(store, key, checksums));
  return std::shared_ptr<const Block>(new Block(std::move(file), cache));
}

std::string Block::damage() const {
  std::lock_guard lock(damage_mutex_);
  return damage_;
}

void Block::note_damage(const std::string& damage) const {
  {
    std::lock_guard lock(damage_mutex_);
    if (is_damaged_.load(std::memory_order_relaxed)) return;
    damage_ = damage;
    is_damaged_.store(true, std::memory_order_release);
  }
  report_damaged_unit(file_->name(), damage);
}

void report_damaged_unit(const std::string& unit, const std::string& damage) {
  damaged_units().add();
  log::error("a block is damaged and is left out of every answer", {{"block", unit}, {"reason", damage}});
}

Counter& damaged_units() {
  static Counter& counter = gauge("clew_store_damaged_blocks", "Blocks that are damaged and in no answer.");
  return counter;
}

std::shared_ptr<const Unit> Block::unit(std::shared_ptr<ReadBudget> budget) const {
  return std::make_shared<BlockUnit>(shared_from_this(), std::move(budget));
}

}  // namespace clew::store
