#include "env/faulty_files.h"

#include <fmt/format.h>
#include <unistd.h>

#include <mutex>
#include <set>
#include <utility>

#include "env/faulty_disk.h"

namespace clew::env {
namespace {

using Node = FaultyDisk::Node;
using NodePtr = FaultyDisk::NodePtr;

// Outlives the FaultyFiles while files of it are open.
struct State {
  explicit State(uint64_t seed) : disk(seed) {}

  // Never with the mutex held: the fault may come back to us.
  Status ask(std::string_view operation, const std::string& path) {
    FaultyFiles::Fault asked;
    {
      std::lock_guard lock(mutex);
      if (operation != "read") ++operations;
      asked = fault;
    }
    return asked ? asked(operation, path) : Status();
  }

  std::mutex mutex;
  FaultyDisk disk;
  FaultyFiles::Fault fault;
  uint64_t operations = 0;
  std::set<NodePtr> locked;
};
using StatePtr = std::shared_ptr<State>;

// A file that was opened before the last crash is of no use. Called with the mutex held.
Status check_opened_since_crash(const State& state, uint64_t crashes, const std::string& path) {
  if (crashes == state.disk.crashes()) return {};
  return fail(ErrorCode::failed_precondition, fmt::format("'{}' was opened before the crash", path));
}

class FaultyAppendFile final : public AppendFile {
 public:
  FaultyAppendFile(StatePtr state, NodePtr node, std::string path)
      : state_(std::move(state)), node_(std::move(node)), path_(std::move(path)), crashes_(state_->disk.crashes()) {}

  Status append(std::string_view bytes) override {
    TRY(check_usable());
    Status done = state_->ask("append", path_);
    std::lock_guard lock(state_->mutex);
    TRY(check_opened_since_crash(*state_, crashes_, path_));
    if (done) {
      done = state_->disk.append(*node_, bytes, path_);
    } else {
      state_->disk.append_some_of(*node_, bytes);
    }
    if (done) size_ += bytes.size();
    failed_ = !done;
    return done;
  }

  Status sync() override {
    TRY(check_usable());
    Status done = state_->ask("sync", path_);
    std::lock_guard lock(state_->mutex);
    TRY(check_opened_since_crash(*state_, crashes_, path_));
    if (done) {
      state_->disk.sync(*node_);
    } else {
      state_->disk.fail_sync(*node_);
    }
    failed_ = !done;
    return done;
  }

  uint64_t size() const override { return size_; }

 private:
  Status check_usable() const {
    if (failed_) {
      return fail(ErrorCode::failed_precondition,
                  fmt::format("'{}' is not written to after a failed append or sync: write a new file", path_));
    }
    std::lock_guard lock(state_->mutex);
    return check_opened_since_crash(*state_, crashes_, path_);
  }

  const StatePtr state_;
  const NodePtr node_;
  const std::string path_;
  const uint64_t crashes_;
  uint64_t size_ = 0;
  bool failed_ = false;
};

class FaultyReadFile final : public ReadFile {
 public:
  FaultyReadFile(StatePtr state, NodePtr node, std::string path)
      : state_(std::move(state)),
        node_(std::move(node)),
        path_(std::move(path)),
        crashes_(state_->disk.crashes()),
        size_(node_->content.size()) {}

  Status read(uint64_t offset, size_t count, std::string& out) const override {
    TRY(state_->ask("read", path_));
    std::lock_guard lock(state_->mutex);
    TRY(check_opened_since_crash(*state_, crashes_, path_));
    const std::string& content = node_->content;
    if (offset > content.size() || count > content.size() - offset) {
      return fail(ErrorCode::out_of_range,
                  fmt::format("'{}' has {} bytes; {} at {} were asked for", path_, content.size(), count, offset));
    }
    out.append(content, offset, count);
    return {};
  }
  uint64_t size() const override { return size_; }

 private:
  const StatePtr state_;
  const NodePtr node_;
  const std::string path_;
  const uint64_t crashes_;
  const uint64_t size_;
};

class FaultyLock final : public FileLock {
 public:
  FaultyLock(StatePtr state, NodePtr node) : state_(std::move(state)), node_(std::move(node)) {
    crashes_ = state_->disk.crashes();
  }
  ~FaultyLock() override {
    std::lock_guard lock(state_->mutex);
    if (crashes_ == state_->disk.crashes()) state_->locked.erase(node_);
  }

 private:
  const StatePtr state_;
  const NodePtr node_;
  uint64_t crashes_;
};

class MemoryFaultyFiles final : public FaultyFiles {
 public:
  explicit MemoryFaultyFiles(uint64_t seed) : state_(std::make_shared<State>(seed)) {}

  Result<std::unique_ptr<AppendFile>> create(const std::string& path) override {
    TRY(state_->ask("create", path));
    std::lock_guard lock(state_->mutex);
    ASSIGN_OR_RETURN(NodePtr node, state_->disk.create(path, false));
    return std::make_unique<FaultyAppendFile>(state_, node, path);
  }

  Result<std::unique_ptr<ReadFile>> open(const std::string& path) override {
    TRY(state_->ask("read", path));
    std::lock_guard lock(state_->mutex);
    ASSIGN_OR_RETURN(NodePtr node, state_->disk.find_file(path));
    return std::make_unique<FaultyReadFile>(state_, node, path);
  }

  Result<std::string> read_all(const std::string& path, uint64_t limit_bytes) override {
    TRY(state_->ask("read", path));
    std::lock_guard lock(state_->mutex);
    ASSIGN_OR_RETURN(NodePtr node, state_->disk.find_file(path));
    if (node->content.size() <= limit_bytes) return node->content;
    return fail(ErrorCode::resource_exhausted,
                fmt::format("'{}' is longer than the limit of {} bytes", path, limit_bytes));
  }

  Status make_folders(const std::string& path) override {
    for (size_t end = 0; end != path.npos;) {
      end = path.find('/', end + 1);
      const std::string folder = path.substr(0, end);
      ASSIGN_OR_RETURN(bool there, exists(folder));
      if (!there) TRY(state_->ask("create", folder));
      std::lock_guard lock(state_->mutex);
      if (!there) (void)state_->disk.create(folder, true);  // another thread may have made it; it is looked up below
      TRY(state_->disk.find_folder(folder));
    }
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    TRY(state_->ask("read", path));
    std::lock_guard lock(state_->mutex);
    ASSIGN_OR_RETURN(NodePtr folder, state_->disk.find_folder(path));
    std::vector<std::string> names;
    for (const auto& [name, node] : folder->names) names.push_back(name);
    return names;
  }

  Result<bool> exists(const std::string& path) override {
    std::lock_guard lock(state_->mutex);
    return state_->disk.find(path).has_value();
  }

  Result<bool> is_folder(const std::string& path) override {
    std::lock_guard lock(state_->mutex);
    return state_->disk.find_folder(path).has_value();
  }

  Status rename(const std::string& from, const std::string& to) override {
    TRY(state_->ask("rename", to));
    std::lock_guard lock(state_->mutex);
    return state_->disk.rename(from, to);
  }

  Status remove(const std::string& path) override {
    TRY(state_->ask("remove", path));
    std::lock_guard lock(state_->mutex);
    return state_->disk.remove(path, false);
  }

  Status remove_folder(const std::string& path) override {
    std::vector<std::pair<std::string, bool>> inside;
    {
      std::lock_guard lock(state_->mutex);
      Result<NodePtr> folder = state_->disk.find_folder(path);
      if (!folder) {
        return folder.error().code == ErrorCode::not_found ? Status() : pass(std::move(folder), "removing a folder");
      }
      for (const auto& [name, node] : (*folder)->names) inside.emplace_back(path + "/" + name, node->is_folder);
    }
    for (const auto& [child, is_folder] : inside) TRY(is_folder ? remove_folder(child) : remove(child));
    TRY(state_->ask("remove", path));
    std::lock_guard lock(state_->mutex);
    return state_->disk.remove(path, true);
  }

  Status sync_folder(const std::string& path) override {
    TRY(state_->ask("sync_folder", path));
    std::lock_guard lock(state_->mutex);
    return state_->disk.sync_folder(path);
  }

  Status truncate(const std::string& path, uint64_t size) override {
    TRY(state_->ask("truncate", path));
    std::lock_guard lock(state_->mutex);
    return state_->disk.truncate(path, size);
  }

  Result<uint64_t> free_bytes(const std::string& path) override {
    std::lock_guard lock(state_->mutex);
    TRY(state_->disk.find(path));
    return state_->disk.free_bytes();
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    TRY(state_->ask("create", path));
    std::lock_guard lock(state_->mutex);
    Result<NodePtr> node = state_->disk.find_file(path);
    if (!node && node.error().code == ErrorCode::not_found) node = state_->disk.create(path, false);
    if (!node) return pass(std::move(node), "locking");
    if (!state_->locked.insert(*node).second) {
      return fail(ErrorCode::failed_precondition,
                  fmt::format("'{}' is locked by process {} (this one): end it first", path, ::getpid()));
    }
    (*node)->content = fmt::format("{}\n", ::getpid());
    (*node)->synced = 0;
    return std::make_unique<FaultyLock>(state_, *node);
  }

  void set_fault(Fault fault) override {
    std::lock_guard lock(state_->mutex);
    state_->fault = std::move(fault);
  }

  void crash() override {
    std::lock_guard lock(state_->mutex);
    state_->disk.crash();
    state_->locked.clear();
  }

  Status flip_bit(const std::string& path, uint64_t bit) override {
    std::lock_guard lock(state_->mutex);
    ASSIGN_OR_RETURN(NodePtr node, state_->disk.find_file(path));
    if (bit / 8 >= node->content.size()) {
      return fail(ErrorCode::out_of_range, fmt::format("'{}' has {} bytes", path, node->content.size()));
    }
    char& byte = node->content[bit / 8];
    byte = static_cast<char>(byte ^ (1 << bit % 8));
    return {};
  }

  void set_free_bytes(uint64_t bytes) override {
    std::lock_guard lock(state_->mutex);
    state_->disk.set_free_bytes(bytes);
  }

  uint64_t operations() const override {
    std::lock_guard lock(state_->mutex);
    return state_->operations;
  }

 private:
  const StatePtr state_;
};

}  // namespace

std::unique_ptr<FaultyFiles> FaultyFiles::make(uint64_t seed) {
  return std::make_unique<MemoryFaultyFiles>(seed);
}

}  // namespace clew::env
