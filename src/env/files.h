// All file I/O goes through here, so that tests can break it: what was not synced disappears, writes tear, disks fill.
//
// Paths are UTF-8 strings. Every error names the path and the system's reason. A full disk is resource_exhausted, a
// missing file not_found, a file that exists already_exists, anything else unavailable (EIO and its like).
//
// Durability: the content of a file is durable after sync(), its name (created, renamed or removed) after sync_folder()
// of the folder that holds the name; for a new folder, the one above it as well. Only truncate() is durable by itself.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace clew::env {

// One writer. What was appended is durable only after a sync() that answered OK. After a failed append or sync the file
// is never synced again (the kernel may have dropped the pages), both answer failed_precondition: write a new file.
class AppendFile {
 public:
  virtual ~AppendFile() = default;  // closes, without syncing
  virtual Status append(std::string_view bytes) = 0;
  virtual Status sync() = 0;          // fdatasync
  virtual uint64_t size() const = 0;  // of the appends that answered OK
};

struct ByteRange {
  uint64_t offset = 0;
  uint64_t count = 0;
};

// Any number of readers at once. Reads on while the file is appended to, renamed or removed.
class ReadFile {
 public:
  virtual ~ReadFile() = default;
  // Appends exactly `count` bytes from `offset` to out; fewer in the file is out_of_range. After an error out is as it
  // was. `count` may be nonsense from outside: no memory is taken for bytes that are not there.
  virtual Status read(uint64_t offset, size_t count, std::string& out) const = 0;
  virtual uint64_t size() const = 0;  // when it was opened
  // These will be read: a slow disk may fetch them all at once, before they are asked for one by one. Says nothing of
  // errors, and does not wait.
  virtual void announce([[maybe_unused]] std::span<const ByteRange> ranges) const {}
};

// Held as long as the object lives; the file stays, holding the owner's process id as text.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Any thread.
class Files {
 public:
  virtual ~Files() = default;

  // Creates the file; already_exists when it is there.
  virtual Result<std::unique_ptr<AppendFile>> create(const std::string& path) = 0;
  virtual Result<std::unique_ptr<ReadFile>> open(const std::string& path) = 0;
  // The whole file; resource_exhausted when it is longer than limit_bytes.
  virtual Result<std::string> read_all(const std::string& path, uint64_t limit_bytes) = 0;

  virtual Status make_folders(const std::string& path) = 0;                    // and those above it
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;  // names, sorted; not "." and ".."
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual Result<bool> is_folder(const std::string& path) = 0;                // missing is false
  virtual Status rename(const std::string& from, const std::string& to) = 0;  // replaces `to`
  virtual Status remove(const std::string& path) = 0;                         // a file; missing is OK
  virtual Status remove_folder(const std::string& path) = 0;                  // with all in it; missing is OK
  virtual Status sync_folder(const std::string& path) = 0;
  // Cuts the file to `size` bytes and syncs it; out_of_range when it has fewer. Precondition: nobody appends to it.
  virtual Status truncate(const std::string& path, uint64_t size) = 0;
  virtual Result<uint64_t> free_bytes(const std::string& path) = 0;

  // Exclusive between processes and within one; failed_precondition names the holder's process id.
  virtual Result<std::unique_ptr<FileLock>> lock(const std::string& path) = 0;

  // make_folders(), and the names of all that were missing are durable.
  Status make_durable_folders(const std::string& path);

  // Writes a whole file so that after a crash either the old or the new content is there: `path`.tmp, sync, rename,
  // sync of the folder. One thread at a time for a path.
  Status replace(const std::string& path, std::string_view bytes);
};

// The operating system's files; lives for ever.
Files& system_files();

// The folder that holds the name: "a/b" for "a/b/c", "." for "a", "/" for "/a".
std::string folder_of(std::string_view path);

}  // namespace clew::env
