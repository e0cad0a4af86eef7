#include "store/block/block.h"

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

std::shared_ptr<const Unit> Block::unit(std::shared_ptr<ReadBudget> budget) const {
  return std::make_shared<BlockUnit>(shared_from_this(), std::move(budget));
}

}  // namespace clew::store
