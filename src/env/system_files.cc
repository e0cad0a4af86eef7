#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <span>
#include <utility>

#include "env/files.h"
#include "env/system_append_file.h"

namespace clew::env {
namespace {

std::unexpected<Error> refuse(int error_number, std::string_view action, std::string_view path) {
  return std::unexpected(system_error(error_number, action, path));
}

class Descriptor {
 public:
  explicit Descriptor(int value) : value_(value) {}
  Descriptor(Descriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }
  int release() { return std::exchange(value_, -1); }

 private:
  int value_;
};

// Repeats a call that a signal interrupted.
template <typename Call>
auto uninterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

Result<Descriptor> open_descriptor(const std::string& path, int flags, std::string_view action) {
  int value = uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0644); });
  if (value < 0) return refuse(errno, action, path);
  return Descriptor(value);
}

Result<uint64_t> size_of(int descriptor, const std::string& path) {
  struct stat about{};
  if (::fstat(descriptor, &about) != 0) return refuse(errno, "read the size of", path);
  if (S_ISDIR(about.st_mode)) return refuse(EISDIR, "open", path);
  return static_cast<uint64_t>(about.st_size);
}

// Fills `out` from `offset`, or to the end of the file; answers how many bytes.
Result<size_t> read_at(int descriptor, const std::string& path, uint64_t offset, std::span<char> out) {
  size_t done = 0;
  while (done < out.size()) {
    ssize_t count = uninterrupted(
        [&] { return ::pread(descriptor, out.data() + done, out.size() - done, static_cast<off_t>(offset + done)); });
    if (count < 0) return refuse(errno, "read", path);
    if (count == 0) break;
    done += static_cast<size_t>(count);
  }
  return done;
}

class SystemReadFile final : public ReadFile {
 public:
  SystemReadFile(Descriptor descriptor, uint64_t size, std::string path)
      : descriptor_(std::move(descriptor)), size_(size), path_(std::move(path)) {}

  Status read(uint64_t offset, size_t count, std::string& out) const override {
    uint64_t size = size_;
    if (offset > size || count > size - offset) {
      ASSIGN_OR_RETURN(size, size_of(descriptor_.get(), path_));
      if (offset > size || count > size - offset) return too_short(offset, count, size);
    }
    const size_t before = out.size();
    Result<size_t> done = size_t{0};
    // Without the zeros that resize() would write first.
    out.resize_and_overwrite(before + count, [&](char* bytes, size_t) {
      done = read_at(descriptor_.get(), path_, offset, std::span(bytes + before, count));
      return done && *done == count ? before + count : before;
    });
    if (done && *done == count) return {};
    return done ? too_short(offset, count, offset + *done) : pass(std::move(done), fmt::format("at {}", offset));
  }
  uint64_t size() const override { return size_; }

  // Where the first is in the page cache, so are the others, most likely.
  void announce(std::span<const ByteRange> ranges) const override {
    if (ranges.empty() || is_cached(ranges.front().offset)) return;
    for (ByteRange range : ranges) {
      (void)::posix_fadvise(descriptor_.get(), static_cast<off_t>(range.offset), static_cast<off_t>(range.count),
                            POSIX_FADV_WILLNEED);
    }
  }

 private:
  bool is_cached(uint64_t offset) const {
    char byte = 0;
    const iovec into{&byte, 1};
    return ::preadv2(descriptor_.get(), &into, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
  }
  std::unexpected<Error> too_short(uint64_t offset, size_t count, uint64_t size) const {
    return fail(ErrorCode::out_of_range,
                fmt::format("'{}' has {} bytes; {} at {} were asked for", path_, size, count, offset));
  }

  const Descriptor descriptor_;
  const uint64_t size_;
  const std::string path_;
};

class SystemFileLock final : public FileLock {
 public:
  explicit SystemFileLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  // Unlocked by name: a process that was forked meanwhile may still hold the descriptor.
  ~SystemFileLock() override { ::flock(descriptor_.get(), LOCK_UN); }

 private:
  const Descriptor descriptor_;
};

std::string holder_of(int descriptor, const std::string& path) {
  char text[16];
  Result<size_t> length = read_at(descriptor, path, 0, text);
  int process = 0;
  if (!length || std::from_chars(text, text + *length, process).ec != std::errc()) return "another process";
  return fmt::format("process {}{}", process, process == ::getpid() ? " (this one)" : "");
}

class SystemFiles final : public Files {
 public:
  Result<std::unique_ptr<AppendFile>> create(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor file, open_descriptor(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND, "create"));
    return append_to_descriptor(file.release(), path);
  }

  Result<std::unique_ptr<ReadFile>> open(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor file, open_descriptor(path, O_RDONLY, "open"));
    ASSIGN_OR_RETURN(uint64_t size, size_of(file.get(), path));
    return std::make_unique<SystemReadFile>(std::move(file), size, path);
  }

  // Reads to the end whatever the size says: it grows, or is 0 (files of the kernel).
  Result<std::string> read_all(const std::string& path, uint64_t limit_bytes) override {
    ASSIGN_OR_RETURN(Descriptor file, open_descriptor(path, O_RDONLY, "open"));
    ASSIGN_OR_RETURN(uint64_t piece, size_of(file.get(), path));
    std::string out;
    while (true) {
      if (piece > limit_bytes || out.size() > limit_bytes) {
        return fail(ErrorCode::resource_exhausted,
                    fmt::format("'{}' is longer than the limit of {} bytes", path, limit_bytes));
      }
      const size_t before = out.size();
      out.resize(before + piece + 1);
      ASSIGN_OR_RETURN(size_t done, read_at(file.get(), path, before, std::span(out).subspan(before)));
      out.resize(before + done);
      if (done < piece + 1) return out;
      piece = std::min<uint64_t>(4096, limit_bytes);
    }
  }

  Status make_folders(const std::string& path) override {
    std::error_code error;
    std::filesystem::create_directories(path, error);
    if (error) return refuse(error.value(), "make the folder", path);
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    DIR* folder = ::opendir(path.c_str());
    if (!folder) return refuse(errno, "list", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(folder)) {
      std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
    }
    const int error = errno;
    ::closedir(folder);
    if (error != 0) return refuse(error, "list", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  Result<bool> exists(const std::string& path) override {
    ASSIGN_OR_RETURN(mode_t mode, mode_of(path));
    return mode != 0;
  }

  Result<bool> is_folder(const std::string& path) override {
    ASSIGN_OR_RETURN(mode_t mode, mode_of(path));
    return S_ISDIR(mode);
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    return refuse(errno, fmt::format("rename '{}' to", from), to);
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return refuse(errno, "remove", path);
  }

  Status remove_folder(const std::string& path) override {
    ASSIGN_OR_RETURN(mode_t mode, mode_of(path));
    if (mode == 0) return {};
    if (!S_ISDIR(mode)) return refuse(ENOTDIR, "remove the folder", path);
    std::error_code error;
    std::filesystem::remove_all(path, error);
    if (error) return refuse(error.value(), "remove the folder", path);
    return {};
  }

  Status sync_folder(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor folder, open_descriptor(path, O_RDONLY | O_DIRECTORY, "open the folder"));
    if (uninterrupted([&] { return ::fsync(folder.get()); }) != 0) return refuse(errno, "sync the folder", path);
    return {};
  }

  Status truncate(const std::string& path, uint64_t size) override {
    ASSIGN_OR_RETURN(Descriptor file, open_descriptor(path, O_WRONLY, "truncate"));
    ASSIGN_OR_RETURN(uint64_t before, size_of(file.get(), path));
    if (size > before) {
      return fail(ErrorCode::out_of_range, fmt::format("cannot truncate '{}' to {} of {} bytes", path, size, before));
    }
    if (uninterrupted([&] { return ::ftruncate(file.get(), static_cast<off_t>(size)); }) != 0) {
      return refuse(errno, "truncate", path);
    }
    if (uninterrupted([&] { return ::fsync(file.get()); }) != 0) return refuse(errno, "sync", path);
    return {};
  }

  Result<uint64_t> free_bytes(const std::string& path) override {
    struct statvfs about{};
    if (uninterrupted([&] { return ::statvfs(path.c_str(), &about); }) != 0) {
      return refuse(errno, "read the free space of", path);
    }
    return uint64_t{about.f_bavail} * about.f_frsize;
  }

  Result<std::unique_ptr<FileLock>> lock(const std::string& path) override {
    ASSIGN_OR_RETURN(Descriptor file, open_descriptor(path, O_RDWR | O_CREAT, "lock"));
    if (uninterrupted([&] { return ::flock(file.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno != EWOULDBLOCK) return refuse(errno, "lock", path);
      return fail(ErrorCode::failed_precondition,
                  fmt::format("'{}' is locked by {}: end it first", path, holder_of(file.get(), path)));
    }
    const std::string process = fmt::format("{}\n", ::getpid());
    if (::ftruncate(file.get(), 0) != 0 || ::pwrite(file.get(), process.data(), process.size(), 0) < 0) {
      return refuse(errno, "write the process id to", path);
    }
    return std::make_unique<SystemFileLock>(std::move(file));
  }

 private:
  // 0 when nothing is there.
  static Result<mode_t> mode_of(const std::string& path) {
    struct stat about{};
    if (::stat(path.c_str(), &about) == 0) return about.st_mode;
    if (errno == ENOENT || errno == ENOTDIR) return mode_t{0};
    return refuse(errno, "look at", path);
  }
};

}  // namespace

Files& system_files() {
  static SystemFiles* const instance = new SystemFiles;  // never destroyed: threads may write while the process ends
  return *instance;
}

}  // namespace clew::env
