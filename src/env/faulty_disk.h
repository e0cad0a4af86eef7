// What FaultyFiles keeps in memory: a tree of files and folders as a running process sees it, and beside it what would
// be left after a crash. Not thread-safe; FaultyFiles holds its mutex around every call.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace clew::env {

class FaultyDisk {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodePtr>;
  struct Node {
    bool is_folder = false;
    std::string content;  // of a file
    size_t synced = 0;    // so many bytes of it survive a crash
    Names names;          // of a folder
    Names durable_names;  // those that survive a crash
  };

  explicit FaultyDisk(uint64_t seed) : random_(seed) { root_->is_folder = true; }

  Result<NodePtr> find(std::string_view path) const;
  Result<NodePtr> find_file(std::string_view path) const;
  Result<NodePtr> find_folder(std::string_view path) const;
  // already_exists when there is something of that name.
  Result<NodePtr> create(std::string_view path, bool is_folder);
  Status rename(std::string_view from, std::string_view to);
  Status remove(std::string_view path, bool is_folder);  // a folder only when it is empty
  Status sync_folder(std::string_view path);

  Status append(Node& file, std::string_view bytes, std::string_view path);
  void append_some_of(Node& file, std::string_view bytes);
  void sync(Node& file) { file.synced = file.content.size(); }
  void fail_sync(Node& file);
  Status truncate(std::string_view path, uint64_t size);

  void crash();
  uint64_t crashes() const { return crashes_; }
  uint64_t free_bytes() const { return free_bytes_; }
  void set_free_bytes(uint64_t bytes) { free_bytes_ = bytes; }

 private:
  // A name in a folder becomes this node, or nothing. A creation or removal is one change, a rename two.
  struct Change {
    NodePtr folder;
    std::string name;
    NodePtr node;
  };
  using Operation = std::vector<Change>;
  struct Place {
    NodePtr folder;  // null for the root
    std::string name;
    NodePtr node;  // null when nothing is there
  };

  Result<Place> place(std::string_view path, std::string_view action) const;
  void perform(Operation operation);
  void make_durable(std::vector<bool> chosen);
  void restart(Node& node, std::set<const Node*>& seen);
  void tear(Node& file);
  void resize(Node& file, size_t size);
  uint64_t below(uint64_t limit) { return limit == 0 ? 0 : random_() % limit; }

  std::mt19937_64 random_;
  NodePtr root_ = std::make_shared<Node>();
  std::vector<Operation> pending_;  // performed, not durable; oldest first
  uint64_t free_bytes_ = uint64_t{1} << 40;
  uint64_t crashes_ = 0;
};

}  // namespace clew::env
