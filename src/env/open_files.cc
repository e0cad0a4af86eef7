#include "env/open_files.h"

#include "base/counters.h"

namespace clew::env {
namespace {

struct FileCounters {
  Counter& open = gauge("clew_env_open_object_files", "Files of objects that are kept open for the next read.");
  Counter& opened = counter("clew_env_object_files_opened_total", "Files of objects that were opened for reading.");
  Counter& evicted = counter("clew_env_object_files_evicted_total", "Files that were closed to make room for others.");
};

FileCounters& counters() {
  static FileCounters* const instance = new FileCounters;
  return *instance;
}

}  // namespace

OpenFiles::~OpenFiles() {
  counters().open.add(-static_cast<int64_t>(entries_.size()));
}

Result<std::shared_ptr<const ReadFile>> OpenFiles::open(const std::string& path) {
  uint64_t closes = 0;
  {
    std::lock_guard lock(mutex_);
    if (auto known = by_path_.find(path); known != by_path_.end()) {
      entries_.splice(entries_.end(), entries_, known->second);
      return known->second->file;
    }
    closes = closes_;
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const ReadFile> file, files_.open(path));
  counters().opened.add();
  std::lock_guard lock(mutex_);
  // Something changed its name meanwhile, this file perhaps; or another thread was quicker.
  if (closes != closes_ || by_path_.contains(path)) return file;
  entries_.push_back({path, file});
  by_path_.emplace(path, std::prev(entries_.end()));
  counters().open.add(1);
  if (entries_.size() > limit_) {
    remove(entries_.begin());
    counters().evicted.add();
  }
  return file;
}

void OpenFiles::close(const std::string& path) {
  std::lock_guard lock(mutex_);
  ++closes_;
  if (auto known = by_path_.find(path); known != by_path_.end()) remove(known->second);
}

size_t OpenFiles::size() const {
  std::lock_guard lock(mutex_);
  return entries_.size();
}

void OpenFiles::remove(Entries::iterator entry) {
  counters().open.add(-1);
  by_path_.erase(entry->path);
  entries_.erase(entry);
}

}  // namespace clew::env
