#include "env/faulty_disk.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "env/system_append_file.h"

namespace clew::env {
namespace {

std::unexpected<Error> refuse(int error_number, std::string_view action, std::string_view path) {
  return std::unexpected(system_error(error_number, action, path));
}

std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(path.size(), part.size() + 1));
    if (part == ".." && !parts.empty()) parts.pop_back();
    if (!part.empty() && part != "." && part != "..") parts.emplace_back(part);
  }
  return parts;
}

bool holds(const FaultyDisk::Node& folder, const FaultyDisk::Node* wanted) {
  if (&folder == wanted) return true;
  return std::any_of(folder.names.begin(), folder.names.end(),
                     [&](const auto& entry) { return holds(*entry.second, wanted); });
}

uint64_t bytes_below(const FaultyDisk::Node& node) {
  uint64_t bytes = node.content.size();
  for (const auto& [name, child] : node.names) bytes += bytes_below(*child);
  return bytes;
}

}  // namespace

Result<FaultyDisk::Place> FaultyDisk::place(std::string_view path, std::string_view action) const {
  Place place{nullptr, "", root_};
  for (std::string& part : parts_of(path)) {
    if (!place.node) return refuse(ENOENT, action, path);
    if (!place.node->is_folder) return refuse(ENOTDIR, action, path);
    place.folder = place.node;
    auto found = place.folder->names.find(part);
    place.node = found == place.folder->names.end() ? nullptr : found->second;
    place.name = std::move(part);
  }
  return place;
}

Result<FaultyDisk::NodePtr> FaultyDisk::find(std::string_view path) const {
  ASSIGN_OR_RETURN(Place there, place(path, "open"));
  if (!there.node) return refuse(ENOENT, "open", path);
  return there.node;
}

Result<FaultyDisk::NodePtr> FaultyDisk::find_file(std::string_view path) const {
  ASSIGN_OR_RETURN(NodePtr node, find(path));
  if (node->is_folder) return refuse(EISDIR, "open", path);
  return node;
}

Result<FaultyDisk::NodePtr> FaultyDisk::find_folder(std::string_view path) const {
  ASSIGN_OR_RETURN(NodePtr node, find(path));
  if (!node->is_folder) return refuse(ENOTDIR, "open the folder", path);
  return node;
}

Result<FaultyDisk::NodePtr> FaultyDisk::create(std::string_view path, bool is_folder) {
  ASSIGN_OR_RETURN(Place there, place(path, "create"));
  if (there.node) return refuse(EEXIST, "create", path);
  auto node = std::make_shared<Node>();
  node->is_folder = is_folder;
  perform({{there.folder, there.name, node}});
  return node;
}

Status FaultyDisk::rename(std::string_view from, std::string_view to) {
  ASSIGN_OR_RETURN(Place source, place(from, "rename"));
  ASSIGN_OR_RETURN(Place target, place(to, "rename to"));
  if (!source.node) return refuse(ENOENT, "rename", from);
  if (!source.folder || !target.folder) return refuse(EBUSY, "rename", from);
  if (source.node == target.node) return {};
  if (source.node->is_folder && holds(*source.node, target.folder.get())) return refuse(EINVAL, "rename to", to);
  if (target.node) {
    if (source.node->is_folder && !target.node->is_folder) return refuse(ENOTDIR, "rename to", to);
    if (!source.node->is_folder && target.node->is_folder) return refuse(EISDIR, "rename to", to);
    if (!target.node->names.empty()) return refuse(ENOTEMPTY, "rename to", to);
    free_bytes_ += target.node->content.size();
  }
  perform({{source.folder, source.name, nullptr}, {target.folder, target.name, source.node}});
  return {};
}

Status FaultyDisk::remove(std::string_view path, bool is_folder) {
  Result<Place> found = place(path, "remove");
  if (!found) return found.error().code == ErrorCode::not_found ? Status() : std::unexpected(found.error());
  const Place& there = *found;
  if (!there.node) return {};
  if (!there.folder) return refuse(EBUSY, "remove", path);
  if (there.node->is_folder != is_folder) return refuse(is_folder ? ENOTDIR : EISDIR, "remove", path);
  if (!there.node->names.empty()) return refuse(ENOTEMPTY, "remove", path);
  free_bytes_ += there.node->content.size();
  perform({{there.folder, there.name, nullptr}});
  return {};
}

void FaultyDisk::perform(Operation operation) {
  for (const Change& change : operation) {
    if (change.node) {
      change.folder->names[change.name] = change.node;
    } else {
      change.folder->names.erase(change.name);
    }
  }
  pending_.push_back(std::move(operation));
}

Status FaultyDisk::sync_folder(std::string_view path) {
  ASSIGN_OR_RETURN(NodePtr folder, find_folder(path));
  std::vector<bool> chosen;
  for (const Operation& operation : pending_) {
    chosen.push_back(
        std::any_of(operation.begin(), operation.end(), [&](const Change& change) { return change.folder == folder; }));
  }
  make_durable(std::move(chosen));
  return {};
}

// With the chosen operations go the earlier ones on the same names: no file system makes a later one durable alone.
void FaultyDisk::make_durable(std::vector<bool> chosen) {
  std::set<std::pair<const Node*, std::string_view>> needed;
  for (size_t i = pending_.size(); i-- > 0;) {
    for (const Change& change : pending_[i]) {
      if (needed.contains({change.folder.get(), change.name})) chosen[i] = true;
    }
    if (!chosen[i]) continue;
    for (const Change& change : pending_[i]) needed.emplace(change.folder.get(), change.name);
  }
  std::vector<Operation> left;
  for (size_t i = 0; i < pending_.size(); ++i) {
    if (!chosen[i]) {
      left.push_back(std::move(pending_[i]));
      continue;
    }
    for (const Change& change : pending_[i]) {
      if (change.node) {
        change.folder->durable_names[change.name] = change.node;
      } else {
        change.folder->durable_names.erase(change.name);
      }
    }
  }
  pending_ = std::move(left);
}

Status FaultyDisk::append(Node& file, std::string_view bytes, std::string_view path) {
  const size_t fits = std::min<uint64_t>(bytes.size(), free_bytes_);
  file.content.append(bytes.substr(0, fits));
  free_bytes_ -= fits;
  if (fits < bytes.size()) return refuse(ENOSPC, "append to", path);
  return {};
}

void FaultyDisk::append_some_of(Node& file, std::string_view bytes) {
  (void)append(file, bytes.substr(0, below(bytes.size() + 1)), "");  // a full disk makes it shorter still
}

void FaultyDisk::fail_sync(Node& file) {
  if (below(2) == 0) resize(file, file.synced);
}

Status FaultyDisk::truncate(std::string_view path, uint64_t size) {
  ASSIGN_OR_RETURN(NodePtr file, find_file(path));
  if (size > file->content.size()) {
    return fail(ErrorCode::out_of_range,
                fmt::format("cannot truncate '{}' to {} of {} bytes", path, size, file->content.size()));
  }
  resize(*file, size);
  sync(*file);
  return {};
}

void FaultyDisk::resize(Node& file, size_t size) {
  free_bytes_ += file.content.size() - size;
  file.content.resize(size);
}

void FaultyDisk::crash() {
  const uint64_t space = free_bytes_ + bytes_below(*root_);
  const uint64_t of_four = below(5);  // from none to all of what was not synced
  std::vector<bool> chosen;
  for (size_t i = 0; i < pending_.size(); ++i) chosen.push_back(below(4) < of_four);
  make_durable(std::move(chosen));
  pending_.clear();
  std::set<const Node*> seen;
  restart(*root_, seen);
  free_bytes_ = space - std::min(space, bytes_below(*root_));
  ++crashes_;
}

void FaultyDisk::restart(Node& node, std::set<const Node*>& seen) {
  if (!seen.insert(&node).second) return;
  if (!node.is_folder) return tear(node);
  node.names = node.durable_names;
  for (const auto& [name, child] : node.names) restart(*child, seen);
}

void FaultyDisk::tear(Node& file) {
  const size_t unsynced = file.content.size() - file.synced;
  const uint64_t fate = below(4);
  const size_t survive = fate == 0 ? 0 : fate == 1 ? unsynced : below(unsynced + 1);
  resize(file, file.synced + survive);
  if (survive > 0 && below(2) == 0) {
    const bool zeros = below(2) == 0;
    const size_t torn = 1 + below(survive);
    for (size_t i = file.content.size() - torn; i < file.content.size(); ++i) {
      file.content[i] = zeros ? '\0' : static_cast<char>(random_());
    }
  }
  sync(file);
}

}  // namespace clew::env
