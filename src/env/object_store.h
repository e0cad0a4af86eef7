// Whole immutable objects under slash-separated keys: where blocks live. Local files first; S3-compatible stores behind
// the same words later.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/files.h"

namespace clew::env {

// Any thread. A put object is durable and seen by everyone when put() answers OK, and not at all before.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Status put(const std::string& key, std::string_view bytes) = 0;
  virtual Result<std::string> get(const std::string& key) = 0;
  // Exactly `count` bytes; one request.
  virtual Result<std::string> get_range(const std::string& key, uint64_t offset, size_t count) = 0;
  virtual Result<uint64_t> size(const std::string& key) = 0;
  // All keys that begin with prefix, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& prefix) = 0;
  virtual Status remove(const std::string& key) = 0;  // missing is OK
};

// Objects as files below `root`. Precondition: `files` outlives the store. Keys are relative, without "." and "..".
std::unique_ptr<ObjectStore> local_object_store(Files& files, std::string root);

}  // namespace clew::env
