#include "store/retention.h"

#include <algorithm>
#include <mutex>
#include <tuple>

#include "base/counters.h"
#include "base/log.h"

namespace clew::store {
namespace {

struct RetentionCounters {
  Counter& by_age = counter("clew_store_blocks_expired_total", "Blocks removed by retention.", {{"reason", "age"}});
  Counter& by_bytes = counter("clew_store_blocks_expired_total", "Blocks removed by retention.", {{"reason", "bytes"}});
  Counter& bytes = gauge("clew_store_disk_bytes", "Bytes of all blocks.");
};

RetentionCounters& counters() {
  static RetentionCounters* const instance = new RetentionCounters;
  return *instance;
}

// Of the disk space that is there for the store, how much it takes by default.
constexpr uint64_t kDiskSharePercent = 80;

}  // namespace

std::vector<Retention::BlockPointer> Retention::blocks() const {
  std::vector<BlockPointer> out;
  for (const std::string& tenant : units_.tenants()) {
    auto list = units_.of(tenant);
    std::ranges::copy_if(list->blocks, std::back_inserter(out),
                         [](const auto& block) { return block->damage.empty(); });
  }
  std::ranges::sort(out, {}, [](const BlockPointer& block) {
    return std::tuple(block->max_receive_ns(), std::string_view(block->id));
  });
  return out;
}

uint64_t Retention::limit_bytes(uint64_t blocks_bytes) const {
  if (options_.retention_bytes != 0) return options_.retention_bytes;
  auto free = files_.free_bytes(options_.folder);
  if (!free) return ~uint64_t{0};
  return (blocks_bytes + log_.held_bytes() + *free) / 100 * kDiskSharePercent;
}

void Retention::look() {
  std::lock_guard lock(remover_.taking_out());
  const std::vector<BlockPointer> all = blocks();
  uint64_t total = 0;
  for (const BlockPointer& block : all) total += block->bytes();
  const uint64_t limit = limit_bytes(total);
  const uint64_t now_ns = clock_.unix_ns();
  for (const BlockPointer& block : all) {
    bool old = block->max_receive_ns() + options_.retention_age_ns < now_ns;
    bool too_much = total + log_.held_bytes() > limit;
    if (!old && !too_much) break;
    drop(block, old ? "age" : "bytes");
    total -= block->bytes();
  }
  counters().bytes.set(static_cast<int64_t>(total));
}

void Retention::drop(const BlockPointer& block, const char* reason) {
  bool by_age = std::string_view(reason) == "age";
  // Said first: whatever stops the process, nothing is gone of which the log does not say why.
  log::info(by_age ? "a block is older than retention.age and is removed"
                   : "the blocks take more than retention.max_bytes; the oldest is removed",
            {{"block", block->id}, {"bytes", block->bytes()}, {"received_until_ns", block->max_receive_ns()}});
  units_.exchange(block->tenant, [&](UnitList& list) { std::erase(list.blocks, block); });
  remover_.expire(block);
  forget_damage(*block);
  (by_age ? counters().by_age : counters().by_bytes).add();
}

}  // namespace clew::store
