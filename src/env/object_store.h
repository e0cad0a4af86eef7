// Whole immutable objects under slash-separated keys: where blocks live. Local files first; S3-compatible stores behind
// the same words later.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/files.h"

namespace clew::env {

// Any thread. A put object is durable and seen by everyone when put() answers OK; until then it is there whole or not
// at all, and after a failed put() as well. Keys are relative, 1 to 1024 bytes, without empty parts, "." and "..";
// others are invalid_argument. A missing object is not_found.
class ObjectStore {
 public:
  virtual ~ObjectStore() = default;
  virtual Status put(const std::string& key, std::string_view bytes) = 0;
  virtual Result<std::string> get(const std::string& key) = 0;
  // Exactly `count` bytes, else out_of_range; one request.
  virtual Result<std::string> get_range(const std::string& key, uint64_t offset, size_t count) = 0;
  // These ranges will be read, soon and one by one: a store may fetch them together before. Says nothing of errors.
  virtual void announce([[maybe_unused]] const std::string& key, [[maybe_unused]] std::span<const ByteRange> ranges) {}
  virtual Result<uint64_t> size(const std::string& key) = 0;
  // All keys that begin with prefix, sorted.
  virtual Result<std::vector<std::string>> list(const std::string& prefix) = 0;
  virtual Status remove(const std::string& key) = 0;  // durable when it answers OK; missing is OK
  // What is seen now stays so, also when a writer was stopped between a change and making it durable. Once, before the
  // first decision that rests on what another writer left.
  virtual Status settle() = 0;
};

// Objects as files below `root`. Precondition: `files` outlives the store. Any number of stores may read below one root
// while one writes (the data directory's lock sees to that). Reading changes nothing on the disk; the first put() or
// remove() removes what an earlier writer left unfinished.
std::unique_ptr<ObjectStore> local_object_store(Files& files, std::string root);

}  // namespace clew::env
