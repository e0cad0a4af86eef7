#include "cli/import/decompress.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>

namespace clew::cli {
namespace {

constexpr size_t kInputBytes = 64 << 10;

std::unexpected<Error> truncated(std::string_view format) {
  return corrupt(fmt::format("the {} data ends too early", format));
}

class GzipBytes final : public ByteSource {
 public:
  explicit GzipBytes(std::unique_ptr<ByteSource> source) : window_(std::move(source)) { begin_member(); }

  Status read(size_t most, std::string& out) override {
    size_t before = out.size();
    out.resize(before + most);
    size_t produced = 0;
    while (produced == 0) {
      if (state_.block_state == ISAL_BLOCK_FINISH) {
        TRY(window_.fill(1));
        if (window_.view().empty()) break;
        begin_member();
      }
      // ISA-L forgets the flags of a member's header that comes in pieces.
      TRY(window_.fill(state_.block_state == ISAL_BLOCK_NEW_HDR ? kInputBytes : 1));
      std::string_view in = window_.view().substr(0, kInputBytes);
      state_.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(in.data()));
      state_.avail_in = static_cast<uint32_t>(in.size());
      state_.next_out = reinterpret_cast<uint8_t*>(out.data() + before);
      state_.avail_out = static_cast<uint32_t>(most);
      int code = ::isal_inflate(&state_);
      if (code != ISAL_DECOMP_OK) return corrupt(fmt::format("the gzip data is damaged (ISA-L says {})", code));
      produced = most - state_.avail_out;
      size_t used = in.size() - state_.avail_in;
      window_.consume(used);
      bool stuck = produced == 0 && used == 0 && state_.block_state != ISAL_BLOCK_FINISH;
      if (stuck && window_.at_end()) return truncated("gzip");
    }
    out.resize(before + produced);
    return {};
  }

 private:
  void begin_member() {
    ::isal_inflate_init(&state_);
    state_.crc_flag = ISAL_GZIP;
  }

  ByteWindow window_;
  inflate_state state_;
};

class ZstdBytes final : public ByteSource {
 public:
  explicit ZstdBytes(std::unique_ptr<ByteSource> source) : window_(std::move(source)), stream_(::ZSTD_createDStream()) {
    constexpr int kWindowLog = 27;
    ::ZSTD_DCtx_setParameter(stream_.get(), ZSTD_d_windowLogMax, kWindowLog);
  }

  Status read(size_t most, std::string& out) override {
    size_t before = out.size();
    out.resize(before + most);
    ZSTD_outBuffer to{out.data() + before, most, 0};
    while (to.pos == 0) {
      TRY(window_.fill(1));
      std::string_view in = window_.view().substr(0, kInputBytes);
      // Zero: the last frame is complete, and what follows, if anything, is another one.
      if (in.empty() && expected_ == 0) break;
      ZSTD_inBuffer from{in.data(), in.size(), 0};
      expected_ = ::ZSTD_decompressStream(stream_.get(), &to, &from);
      if (::ZSTD_isError(expected_))
        return corrupt(fmt::format("the zstd data is damaged: {}", ::ZSTD_getErrorName(expected_)));
      window_.consume(from.pos);
      if (to.pos == 0 && from.pos == 0 && in.empty()) return truncated("zstd");
    }
    out.resize(before + to.pos);
    return {};
  }

 private:
  struct Free {
    void operator()(ZSTD_DStream* stream) const { ::ZSTD_freeDStream(stream); }
  };
  ByteWindow window_;
  std::unique_ptr<ZSTD_DStream, Free> stream_;
  size_t expected_ = 0;
};

}  // namespace

std::unique_ptr<ByteSource> gunzipped(std::unique_ptr<ByteSource> source) {
  return std::make_unique<GzipBytes>(std::move(source));
}

std::unique_ptr<ByteSource> unzstded(std::unique_ptr<ByteSource> source) {
  return std::make_unique<ZstdBytes>(std::move(source));
}

}  // namespace clew::cli
