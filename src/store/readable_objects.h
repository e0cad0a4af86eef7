// The objects of another store, to be read until a flag is set: from then on every read is cancelled. So what reads
// much, and asks nobody, can be ended.
#pragma once

#include <atomic>

#include "env/object_store.h"

namespace clew::store {

// Any thread. Both outlive it. Changing anything is failed_precondition.
class ReadableObjects final : public env::ObjectStore {
 public:
  ReadableObjects(env::ObjectStore& objects, const std::atomic<bool>& ended) : objects_(objects), ended_(ended) {}

  Status put(const std::string&, std::string_view) override { return refuse(); }
  Status settle() override { return refuse(); }
  Status remove(const std::string&) override { return refuse(); }
  Result<std::string> get(const std::string& key) override {
    TRY(check());
    return objects_.get(key);
  }
  Result<std::string> get_range(const std::string& key, uint64_t offset, size_t count) override {
    TRY(check());
    return objects_.get_range(key, offset, count);
  }
  void announce(const std::string& key, std::span<const env::ByteRange> ranges) override {
    if (check()) objects_.announce(key, ranges);
  }
  Result<uint64_t> size(const std::string& key) override {
    TRY(check());
    return objects_.size(key);
  }
  Result<std::vector<std::string>> list(const std::string& prefix) override {
    TRY(check());
    return objects_.list(prefix);
  }

 private:
  Status check() const {
    if (ended_.load(std::memory_order_acquire)) return fail(ErrorCode::cancelled, "the store is closing");
    return {};
  }
  static Status refuse() { return fail(ErrorCode::failed_precondition, "these objects are only read"); }

  env::ObjectStore& objects_;
  const std::atomic<bool>& ended_;
};

}  // namespace clew::store
