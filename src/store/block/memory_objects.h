// An object store in memory: for pieces of a block that are put together later, tests and fuzzing. Not for several
// threads, but for reading.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <vector>

#include "env/object_store.h"

namespace clew::store {

class MemoryObjects final : public env::ObjectStore {
 public:
  Status put(const std::string& key, std::string_view bytes) override {
    objects_[key] = bytes;
    return {};
  }
  Result<std::string> get(const std::string& key) override {
    auto found = objects_.find(key);
    if (found == objects_.end()) return fail(ErrorCode::not_found, key);
    return found->second;
  }
  Result<std::string> get_range(const std::string& key, uint64_t offset, size_t count) override {
    ++reads;
    auto found = objects_.find(key);
    if (found == objects_.end()) return fail(ErrorCode::not_found, key);
    if (offset > found->second.size() || count > found->second.size() - offset) {
      return fail(ErrorCode::out_of_range, key);
    }
    return found->second.substr(offset, count);
  }
  Result<uint64_t> size(const std::string& key) override {
    auto found = objects_.find(key);
    if (found == objects_.end()) return fail(ErrorCode::not_found, key);
    return found->second.size();
  }
  Result<std::vector<std::string>> list(const std::string& prefix) override {
    std::vector<std::string> out;
    for (const auto& [key, bytes] : objects_) {
      if (key.starts_with(prefix)) out.push_back(key);
    }
    return out;
  }
  Status settle() override { return {}; }
  Status remove(const std::string& key) override {
    objects_.erase(key);
    return {};
  }

  std::atomic<int> reads = 0;

 private:
  std::map<std::string, std::string> objects_;
};

}  // namespace clew::store
