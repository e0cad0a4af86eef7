#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "env/object_store.h"
#include "env/open_files.h"

namespace clew::env {
namespace {

constexpr size_t kMaxKeyBytes = 1024;
// What is being put stands here until it is whole. Not a tenant's name, so that no tenant's key begins with it.
constexpr std::string_view kUnfinished = "~unfinished";

Status check_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxKeyBytes) {
    return invalid(fmt::format("an object's key has 1 to {} bytes, not {}", kMaxKeyBytes, key.size()));
  }
  if (key.find('\0') != key.npos) return invalid("an object's key cannot hold a zero byte");
  bool first = true;
  for (size_t from = 0; from <= key.size(); first = false) {
    const size_t to = std::min(key.find('/', from), key.size());
    const std::string_view part = key.substr(from, to - from);
    if (part.empty() || part == "." || part == ".." || (first && part == kUnfinished)) {
      return invalid(fmt::format("'{}' cannot be a part of the object key '{}'", part, key));
    }
    from = to + 1;
  }
  return {};
}

class LocalObjectStore final : public ObjectStore {
 public:
  LocalObjectStore(Files& files, std::string root) : files_(files), root_(std::move(root)), open_files_(files) {}

  Status put(const std::string& key, std::string_view bytes) override {
    TRY(check_key(key));
    TRY(begin_writing());
    const std::string unfinished = fmt::format("{}/{}/{}", root_, kUnfinished, puts_.fetch_add(1));
    Status done = write(unfinished, bytes);
    if (done) done = publish(unfinished, path_of(key));
    if (!done) (void)files_.remove(unfinished);  // the next writer removes what cannot be removed now
    return done;
  }

  Result<std::string> get(const std::string& key) override {
    TRY(check_key(key));
    ASSIGN_OR_RETURN(auto file, files_.open(path_of(key)));
    std::string out;
    TRY(file->read(0, file->size(), out));
    return out;
  }

  Result<std::string> get_range(const std::string& key, uint64_t offset, size_t count) override {
    TRY(check_key(key));
    const std::string path = path_of(key);
    ASSIGN_OR_RETURN(auto file, open_files_.open(path));
    std::string out;
    if (Status read = file->read(offset, count, out); !read) {
      open_files_.close(path);  // the next read begins with a new one, in case it was the file's fault
      return std::unexpected(std::move(read.error()));
    }
    return out;
  }

  void announce(const std::string& key, std::span<const ByteRange> ranges) override {
    if (ranges.empty() || !check_key(key)) return;
    if (auto file = open_files_.open(path_of(key))) (*file)->announce(ranges);
  }

  Result<uint64_t> size(const std::string& key) override {
    TRY(check_key(key));
    ASSIGN_OR_RETURN(auto file, files_.open(path_of(key)));
    return file->size();
  }

  Result<std::vector<std::string>> list(const std::string& prefix) override {
    const size_t slash = prefix.rfind('/');
    const std::string folder = slash == prefix.npos ? "" : prefix.substr(0, slash);
    std::vector<std::string> keys;
    if (!folder.empty()) {
      TRY(check_key(folder));
      ASSIGN_OR_RETURN(bool is_folder, files_.is_folder(path_of(folder)));
      if (!is_folder) return keys;
    }
    TRY(collect(folder, prefix, keys));
    std::sort(keys.begin(), keys.end());
    return keys;
  }

  Status remove(const std::string& key) override {
    TRY(check_key(key));
    TRY(begin_writing());
    std::lock_guard lock(folders_);
    Status removed = files_.remove(path_of(key));
    open_files_.close(path_of(key));
    TRY(removed);
    ASSIGN_OR_RETURN(std::string folder, nearest_folder(folder_of(path_of(key))));
    TRY(files_.sync_folder(folder));
    return remove_empty_folders(folder);
  }

  Status settle() override {
    std::lock_guard lock(folders_);
    return settle(root_);
  }

 private:
  Status settle(const std::string& folder) {
    ASSIGN_OR_RETURN(auto names, files_.list(folder));
    for (const std::string& name : names) {
      ASSIGN_OR_RETURN(bool is_folder, files_.is_folder(folder + "/" + name));
      if (is_folder) TRY(settle(folder + "/" + name));
    }
    return files_.sync_folder(folder);
  }

  std::string path_of(std::string_view key) const { return fmt::format("{}/{}", root_, key); }

  Status begin_writing() {
    std::lock_guard lock(folders_);
    if (writing_) return {};
    const std::string unfinished = fmt::format("{}/{}", root_, kUnfinished);
    TRY(files_.remove_folder(unfinished));
    TRY(files_.make_durable_folders(root_));
    TRY(files_.make_folders(unfinished));
    writing_ = true;
    return {};
  }

  // The folder itself when it is there, else the first above it that is.
  Result<std::string> nearest_folder(std::string folder) {
    while (true) {
      ASSIGN_OR_RETURN(bool there, files_.exists(folder));
      if (there) return folder;
      folder = folder_of(folder);
    }
  }

  Status write(const std::string& path, std::string_view bytes) {
    ASSIGN_OR_RETURN(auto file, files_.create(path));
    TRY(file->append(bytes));
    return file->sync();
  }

  // Syncs every folder up to the root: that one is there does not say that its name is durable.
  Status publish(const std::string& unfinished, const std::string& path) {
    std::lock_guard lock(folders_);
    std::string folder = folder_of(path);
    TRY(files_.make_folders(folder));
    Status renamed = files_.rename(unfinished, path);
    open_files_.close(path);
    TRY(renamed);
    for (; folder.size() > root_.size(); folder = folder_of(folder)) TRY(files_.sync_folder(folder));
    return files_.sync_folder(root_);
  }

  Status remove_empty_folders(std::string folder) {
    bool removed = false;
    while (folder.size() > root_.size()) {
      ASSIGN_OR_RETURN(auto names, files_.list(folder));
      if (!names.empty()) break;
      TRY(files_.remove_folder(folder));
      removed = true;
      folder = folder_of(folder);
    }
    if (removed) return files_.sync_folder(folder);
    return {};
  }

  // A folder that is not there, or goes while it is walked, holds nothing.
  Status collect(const std::string& folder, const std::string& prefix, std::vector<std::string>& keys) {
    auto names = files_.list(folder.empty() ? root_ : path_of(folder));
    if (!names)
      return names.error().code == ErrorCode::not_found ? Status() : Status(pass(std::move(names), "listing"));
    for (const std::string& name : *names) {
      if (folder.empty() && name == kUnfinished) continue;
      const std::string key = folder.empty() ? name : fmt::format("{}/{}", folder, name);
      if (!key.starts_with(std::string_view(prefix).substr(0, key.size()))) continue;
      ASSIGN_OR_RETURN(bool is_folder, files_.is_folder(path_of(key)));
      if (is_folder) {
        TRY(collect(key, prefix, keys));
      } else if (key.starts_with(prefix)) {
        keys.push_back(key);
      }
    }
    return {};
  }

  Files& files_;
  const std::string root_;
  std::atomic<uint64_t> puts_ = 0;
  OpenFiles open_files_;  // of ranges: whole objects are read once
  // Folders are made, filled, emptied and removed by one thread at a time.
  std::mutex folders_;
  bool writing_ = false;
};

}  // namespace

std::unique_ptr<ObjectStore> local_object_store(Files& files, std::string root) {
  while (root.size() > 1 && root.back() == '/') root.pop_back();
  if (root.empty()) root = ".";
  return std::make_unique<LocalObjectStore>(files, std::move(root));
}

}  // namespace clew::env
