// Files kept open from one read to the next: opening one costs as much as several reads of what the page cache has.
//
// At most kMaxOpenFiles; of more, the one that was read longest ago is closed. A file that somebody reads stays open
// until he is done, beside the limit.
// Thread rule: any thread.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "env/files.h"

namespace clew::env {

class OpenFiles {
 public:
  static constexpr size_t kMaxOpenFiles = 256;

  // `files` outlives it. `limit` is for tests.
  explicit OpenFiles(Files& files, size_t limit = kMaxOpenFiles) : files_(files), limit_(limit) {}
  ~OpenFiles();
  OpenFiles(const OpenFiles&) = delete;
  OpenFiles& operator=(const OpenFiles&) = delete;

  // The file of that path as it was when it was opened, since the last close() of the path. Errors as Files::open().
  Result<std::shared_ptr<const ReadFile>> open(const std::string& path);
  // After the path has come to name another file, or none: no later open() answers what was opened before.
  void close(const std::string& path);
  size_t size() const;

 private:
  struct Entry {
    std::string path;
    std::shared_ptr<const ReadFile> file;
  };
  using Entries = std::list<Entry>;
  void remove(Entries::iterator entry);

  Files& files_;
  const size_t limit_;
  mutable std::mutex mutex_;
  uint64_t closes_ = 0;
  Entries entries_;  // the next to go first
  std::unordered_map<std::string, Entries::iterator> by_path_;
};

}  // namespace clew::env
