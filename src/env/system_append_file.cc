#include "env/system_append_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace clew::env {
namespace {

class SystemAppendFile final : public AppendFile {
 public:
  SystemAppendFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~SystemAppendFile() override { ::close(descriptor_); }

  Status append(std::string_view bytes) override {
    TRY(check_usable());
    size_t written = 0;
    while (written < bytes.size()) {
      ssize_t count = ::write(descriptor_, bytes.data() + written, bytes.size() - written);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return give_up("append to");
      written += static_cast<size_t>(count);
    }
    size_ += bytes.size();
    return {};
  }

  Status sync() override {
    TRY(check_usable());
    while (::fdatasync(descriptor_) != 0) {
      if (errno != EINTR) return give_up("sync");
    }
    return {};
  }

  uint64_t size() const override { return size_; }

 private:
  Status check_usable() const {
    if (!failed_) return {};
    return fail(ErrorCode::failed_precondition,
                fmt::format("'{}' is not written to after a failed append or sync: write a new file", path_));
  }
  std::unexpected<Error> give_up(std::string_view action) {
    failed_ = true;
    return std::unexpected(system_error(errno, action, path_));
  }

  const int descriptor_;
  const std::string path_;
  uint64_t size_ = 0;
  bool failed_ = false;
};

ErrorCode code_of(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ErrorCode::resource_exhausted;
    case ENOENT: return ErrorCode::not_found;
    case EEXIST: return ErrorCode::already_exists;
    default: return ErrorCode::unavailable;
  }
}

}  // namespace

std::unique_ptr<AppendFile> append_to_descriptor(int descriptor, std::string path) {
  return std::make_unique<SystemAppendFile>(descriptor, std::move(path));
}

Error system_error(int error_number, std::string_view action, std::string_view path) {
  const char* reason = strerrordesc_np(error_number);
  return {code_of(error_number),
          fmt::format("cannot {} '{}': {}", action, path, reason ? reason : std::to_string(error_number))};
}

}  // namespace clew::env
