#include "store/block/read_cache.h"

#include "base/counters.h"

namespace clew::store {
namespace {

// What an entry takes besides its value: list node, table slot, the pointer's count.
constexpr size_t kEntryBytes = 192;

struct CacheCounters {
  Counter& bytes = gauge("clew_store_read_cache_bytes", "Decoded parts of blocks that are kept (read.cache_bytes).");
  Counter& hits = counter("clew_store_read_cache_hits_total", "Parts of blocks that queries found decoded.");
  Counter& misses = counter("clew_store_read_cache_misses_total", "Parts of blocks that were read and decoded.");
  Counter& evictions = counter("clew_store_read_cache_evictions_total", "Parts that went to make room.");
};

CacheCounters& counters() {
  static CacheCounters* const instance = new CacheCounters;
  return *instance;
}

}  // namespace

ReadCache::~ReadCache() {
  counters().bytes.add(-static_cast<int64_t>(bytes_));
}

void ReadCache::set_limit_bytes(size_t limit_bytes) {
  std::lock_guard lock(mutex_);
  limit_bytes_ = limit_bytes;
  shrink();
}

size_t ReadCache::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

uint64_t ReadCache::number_block() {
  std::lock_guard lock(mutex_);
  return ++blocks_;
}

void ReadCache::forget(uint64_t block) {
  std::lock_guard lock(mutex_);
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    auto next = std::next(entry);
    if (entry->key.block == block) remove(entry);
    entry = next;
  }
}

std::shared_ptr<const void> ReadCache::find(const Key& key) {
  std::lock_guard lock(mutex_);
  auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    counters().misses.add();
    return nullptr;
  }
  counters().hits.add();
  found->second->used_again = true;
  return found->second->value;
}

std::shared_ptr<const void> ReadCache::keep(const Key& key, std::shared_ptr<const void> value, size_t bytes) {
  std::lock_guard lock(mutex_);
  if (auto found = by_key_.find(key); found != by_key_.end()) return found->second->value;
  bytes += kEntryBytes;
  if (bytes > limit_bytes_) return value;
  entries_.push_back({key, value, bytes, false});
  by_key_.emplace(key, std::prev(entries_.end()));
  bytes_ += bytes;
  counters().bytes.add(static_cast<int64_t>(bytes));
  shrink();
  return value;
}

void ReadCache::drop(const Key& key) {
  std::lock_guard lock(mutex_);
  if (auto found = by_key_.find(key); found != by_key_.end()) remove(found->second);
}

void ReadCache::shrink() {
  while (bytes_ > limit_bytes_) {
    auto oldest = entries_.begin();
    if (oldest->used_again) {
      oldest->used_again = false;
      entries_.splice(entries_.end(), entries_, oldest);
      continue;
    }
    remove(oldest);
    counters().evictions.add();
  }
}

void ReadCache::remove(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  counters().bytes.add(-static_cast<int64_t>(entry->bytes));
  by_key_.erase(entry->key);
  entries_.erase(entry);
}

ReadCache& process_read_cache() {
  static ReadCache* const instance = new ReadCache;
  return *instance;
}

}  // namespace clew::store
