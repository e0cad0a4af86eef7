#include "server/port_holder.h"

#include <fmt/format.h>
#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <vector>

namespace clew::server {
namespace {

constexpr uint64_t kMostTableBytes = 16 << 20;
constexpr std::string_view kListening = "0A";

// The inodes of sockets that listen on the port, by a table of /proc/net: "sl local_address rem_address st … inode".
void collect_inodes(const std::string& table, uint16_t port, std::vector<std::string>& out) {
  std::string suffix = fmt::format(":{:04X}", port);
  std::istringstream lines(table);
  std::string line;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::vector<std::string> fields;
    std::string word;
    while (words >> word) fields.push_back(word);
    constexpr size_t kLocal = 1, kState = 3, kInode = 9;
    if (fields.size() > kInode && fields[kState] == kListening && fields[kLocal].ends_with(suffix)) {
      out.push_back("socket:[" + fields[kInode] + "]");
    }
  }
}

bool holds_one_of(const std::string& fd_folder, const std::vector<std::string>& sockets, env::Files& files) {
  auto descriptors = files.list(fd_folder);
  if (!descriptors) return false;
  for (const std::string& descriptor : *descriptors) {
    char target[PATH_MAX];
    ssize_t length = readlink((fd_folder + "/" + descriptor).c_str(), target, sizeof target);
    if (length <= 0) continue;
    if (std::ranges::find(sockets, std::string_view(target, static_cast<size_t>(length))) != sockets.end()) return true;
  }
  return false;
}

}  // namespace

std::string port_holder(uint16_t port, env::Files& files, const std::string& proc) {
  std::vector<std::string> sockets;
  for (const char* table : {"/net/tcp", "/net/tcp6"}) {
    if (auto text = files.read_all(proc + table, kMostTableBytes)) collect_inodes(*text, port, sockets);
  }
  auto entries = files.list(proc);
  if (sockets.empty() || !entries) return {};
  for (const std::string& pid : *entries) {
    if (pid.empty() || !std::ranges::all_of(pid, [](char c) { return c >= '0' && c <= '9'; })) continue;
    if (!holds_one_of(proc + "/" + pid + "/fd", sockets, files)) continue;
    std::string name = files.read_all(proc + "/" + pid + "/comm", 256).value_or("unknown\n");
    if (name.ends_with('\n')) name.pop_back();
    return fmt::format("{} (process {})", name, pid);
  }
  return {};
}

}  // namespace clew::server
