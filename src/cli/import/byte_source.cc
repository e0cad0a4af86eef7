#include "cli/import/byte_source.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cli/import/decompress.h"
#include "env/files.h"

namespace clew::cli {
namespace {

constexpr size_t kPieceBytes = 256 << 10;

class FileBytes final : public ByteSource {
 public:
  explicit FileBytes(std::unique_ptr<env::ReadFile> file) : file_(std::move(file)) {}
  Status read(size_t most, std::string& out) override {
    auto count = static_cast<size_t>(std::min<uint64_t>(most, file_->size() - at_));
    if (count == 0) return {};
    TRY(file_->read(at_, count, out));
    at_ += count;
    return {};
  }

 private:
  std::unique_ptr<env::ReadFile> file_;
  uint64_t at_ = 0;
};

class StdinBytes final : public ByteSource {
 public:
  Status read(size_t most, std::string& out) override {
    size_t before = out.size();
    out.resize(before + most);
    ssize_t count = 0;
    do {
      count = ::read(STDIN_FILENO, out.data() + before, most);
    } while (count < 0 && errno == EINTR);
    out.resize(before + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0) return fail(ErrorCode::unavailable, fmt::format("cannot read stdin: {}", std::strerror(errno)));
    return {};
  }
};

class MemoryBytes final : public ByteSource {
 public:
  explicit MemoryBytes(std::string bytes) : bytes_(std::move(bytes)) {}
  Status read(size_t most, std::string& out) override {
    std::string_view piece = std::string_view(bytes_).substr(at_, most);
    out += piece;
    at_ += piece.size();
    return {};
  }

 private:
  const std::string bytes_;
  size_t at_ = 0;
};

// Gives back what was looked at.
class WindowBytes final : public ByteSource {
 public:
  explicit WindowBytes(ByteWindow window) : window_(std::move(window)) {}
  Status read(size_t most, std::string& out) override {
    if (window_.view().empty()) TRY(window_.fill(1));
    std::string_view piece = window_.view().substr(0, most);
    out += piece;
    window_.consume(piece.size());
    return {};
  }

 private:
  ByteWindow window_;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> open_bytes(const std::string& path) {
  if (path == "-") return std::make_unique<StdinBytes>();
  ASSIGN_OR_RETURN(auto file, env::system_files().open(path));
  return std::make_unique<FileBytes>(std::move(file));
}

std::unique_ptr<ByteSource> bytes_of(std::string bytes) {
  return std::make_unique<MemoryBytes>(std::move(bytes));
}

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<ByteSource> source) {
  constexpr size_t kMagicBytes = 4;
  ByteWindow window(std::move(source));
  TRY(window.fill(kMagicBytes));
  bool gzip = window.view().starts_with("\x1f\x8b");
  bool zstd = window.view().starts_with("\x28\xb5\x2f\xfd");
  auto whole = std::make_unique<WindowBytes>(std::move(window));
  if (gzip) return gunzipped(std::move(whole));
  if (zstd) return unzstded(std::move(whole));
  return whole;
}

Status ByteWindow::fill(size_t wanted) {
  while (!ended_ && bytes_.size() - at_ < wanted) {
    if (at_ > 0) {
      bytes_.erase(0, at_);
      at_ = 0;
    }
    size_t before = bytes_.size();
    TRY(source_->read(std::max(kPieceBytes, wanted - before), bytes_));
    ended_ = bytes_.size() == before;
  }
  return {};
}

void ByteWindow::consume(size_t count) {
  at_ += count;
  if (at_ == bytes_.size()) {
    bytes_.clear();
    at_ = 0;
  }
}

}  // namespace clew::cli
