#include "store/parquet/compression.h"

#include <zstd.h>

#include "base/check.h"

namespace clew::parquet {
namespace {
constexpr int kLevel = 1;
}

struct Compressor::Context {
  ZSTD_CCtx* zstd = ZSTD_createCCtx();
  ~Context() { ZSTD_freeCCtx(zstd); }
};

Compressor::Compressor() : context_(std::make_unique<Context>()) {
  CHECK(context_->zstd != nullptr);
}
Compressor::~Compressor() = default;

std::string_view Compressor::compress(std::string_view raw) {
  const size_t bound = ZSTD_compressBound(raw.size());
  if (out_.size < bound) out_ = {std::make_unique_for_overwrite<char[]>(bound), bound};
  size_t size = ZSTD_compressCCtx(context_->zstd, out_.data.get(), out_.size, raw.data(), raw.size(), kLevel);
  CHECK(!ZSTD_isError(size));
  return out_.view().substr(0, size);
}

namespace {

// Its tables are larger than what malloc keeps, and pages are many: made once a thread.
ZSTD_DCtx* decompression_context() {
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  thread_local std::unique_ptr<ZSTD_DCtx, Free> context(ZSTD_createDCtx());
  CHECK(context != nullptr);
  return context.get();
}

}  // namespace

Result<Buffer> decompress_zstd(std::string_view stored, size_t raw_bytes) {
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != raw_bytes) {
    return corrupt("a compressed page has another length than its header says");
  }
  Buffer out{std::unique_ptr<char[]>(new char[raw_bytes]), raw_bytes};
  size_t size = ZSTD_decompressDCtx(decompression_context(), out.data.get(), raw_bytes, stored.data(), stored.size());
  if (ZSTD_isError(size) || size != raw_bytes) return corrupt("a compressed page is damaged");
  return out;
}

}  // namespace clew::parquet
