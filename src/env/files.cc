#include "env/files.h"

namespace clew::env {
namespace {

Status write_whole(Files& files, const std::string& path, std::string_view bytes) {
  ASSIGN_OR_RETURN(auto file, files.create(path));
  TRY(file->append(bytes));
  return file->sync();
}

}  // namespace

Status Files::replace(const std::string& path, std::string_view bytes) {
  const std::string unfinished = path + ".tmp";
  TRY(remove(unfinished));
  Status written = write_whole(*this, unfinished, bytes);
  if (written) written = rename(unfinished, path);
  if (!written) {
    (void)remove(unfinished);  // the next replace() removes what cannot be removed now
    return written;
  }
  return sync_folder(folder_of(path));
}

Status Files::make_durable_folders(const std::string& path) {
  const std::string above = folder_of(path);
  std::string there = above;
  while (true) {
    ASSIGN_OR_RETURN(bool exists, this->exists(there));
    if (exists) break;
    there = folder_of(there);
  }
  TRY(make_folders(path));
  for (std::string folder = above; folder != there; folder = folder_of(folder)) TRY(sync_folder(folder));
  return sync_folder(there);
}

std::string folder_of(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  while (slash > 0 && path[slash - 1] == '/') --slash;
  return std::string(path.substr(0, slash == 0 ? 1 : slash));
}

}  // namespace clew::env
