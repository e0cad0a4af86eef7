#include "net/inflate.h"

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>

#include "base/check.h"

namespace clew::net {
namespace {

constexpr size_t kFirstOutputBytes = 64 << 10;
// A zstd context kept by a thread for its next body may hold this much; one that needed a large window is given up.
constexpr size_t kKeptContextBytes = 1 << 20;
constexpr int kZstdWindowLogMax = 27;
constexpr int kZstdLevel = 1;

std::string_view isal_reason(int code) {
  switch (code) {
    case ISAL_INVALID_BLOCK: return "invalid block";
    case ISAL_NEED_DICT: return "a preset dictionary is needed";
    case ISAL_INVALID_SYMBOL: return "invalid symbol";
    case ISAL_INVALID_LOOKBACK: return "invalid distance";
    case ISAL_INVALID_WRAPPER: return "invalid header";
    case ISAL_UNSUPPORTED_METHOD: return "the compression method is not deflate";
    case ISAL_INCORRECT_CHECKSUM: return "wrong checksum";
    default: return "malformed";
  }
}

inflate_state& thread_inflate_state() {
  static thread_local std::unique_ptr<inflate_state> state = std::make_unique<inflate_state>();
  return *state;
}

// One member: from its header to its checksum. Answers the bytes consumed.
Result<size_t> inflate_member(std::string_view body, uint32_t wrapper, size_t limit_bytes, BoundedOutput& out) {
  inflate_state& state = thread_inflate_state();
  isal_inflate_init(&state);
  state.crc_flag = wrapper;
  state.next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(body.data()));
  state.avail_in = static_cast<uint32_t>(body.size());
  while (state.block_state != ISAL_BLOCK_FINISH) {
    auto room = out.room();
    state.next_out = reinterpret_cast<uint8_t*>(room.to);
    state.avail_out = static_cast<uint32_t>(room.size);
    uint32_t in_before = state.avail_in;
    int code = isal_inflate(&state);
    if (code != ISAL_DECOMP_OK && code != ISAL_END_INPUT && code != ISAL_OUT_OVERFLOW) {
      return invalid(fmt::format("compressed body: {}", isal_reason(code)));
    }
    size_t written = room.size - state.avail_out;
    if (!out.advance(written)) return over_decoded_limit(limit_bytes);
    bool stuck = written == 0 && state.avail_in == in_before;
    if (state.block_state != ISAL_BLOCK_FINISH && state.avail_in == 0 && (stuck || state.avail_out > 0)) {
      return invalid("compressed body: ends too early");
    }
  }
  // ISA-L reads ahead by up to eight bytes.
  return body.size() - state.avail_in - static_cast<size_t>(state.read_in_length) / 8;
}

Status check_size(std::string_view body) {
  if (body.size() >> 31) return fail(ErrorCode::resource_exhausted, "compressed body: larger than 2 GiB");
  return {};
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

BoundedOutput::BoundedOutput(size_t limit_bytes, size_t expected_bytes) : limit_bytes_(limit_bytes) {
  bytes_.reserve(std::min(limit_bytes, std::max(expected_bytes, kFirstOutputBytes)));
}

BoundedOutput::Room BoundedOutput::room() {
  if (used_ >= limit_bytes_) return {&probe_, 1};
  if (used_ == bytes_.capacity()) {
    size_t wanted = std::max(used_ * 2, kFirstOutputBytes);
    // std::string at least doubles: the last step is as large as the limit allows, not larger.
    if (wanted > limit_bytes_ / 2) wanted = limit_bytes_;
    bytes_.resize_and_overwrite(used_, [&](char*, size_t) { return used_; });
    bytes_.reserve(wanted);
  }
  size_t end = std::min(bytes_.capacity(), limit_bytes_);
  // The characters beyond used_ are the decoder's to write; take() cuts the string to what it wrote.
  bytes_.resize_and_overwrite(end, [&](char*, size_t) { return end; });
  return {bytes_.data() + used_, end - used_};
}

bool BoundedOutput::advance(size_t bytes) {
  if (bytes > limit_bytes_ - used_) return false;
  used_ += bytes;
  return true;
}

std::string BoundedOutput::take() {
  bytes_.resize(used_);
  return std::move(bytes_);
}

std::unexpected<Error> over_decoded_limit(size_t limit_bytes) {
  return fail(ErrorCode::resource_exhausted,
              fmt::format("the decompressed body exceeds the limit of {} bytes", limit_bytes));
}

Result<std::string> gunzip(std::string_view body, size_t limit_bytes) {
  TRY(check_size(body));
  BoundedOutput out(limit_bytes, std::min(limit_bytes / 4, body.size()) * 4);
  do {
    ASSIGN_OR_RETURN(size_t used, inflate_member(body, ISAL_GZIP, limit_bytes, out));
    body.remove_prefix(used);
  } while (!body.empty());
  return out.take();
}

Result<std::string> inflate_deflate(std::string_view body, size_t limit_bytes) {
  TRY(check_size(body));
  auto byte = [&](size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(body[i])); };
  bool is_zlib = body.size() >= 2 && (byte(0) & 15) == 8 && (byte(0) * 256 + byte(1)) % 31 == 0;
  BoundedOutput out(limit_bytes, std::min(limit_bytes / 4, body.size()) * 4);
  ASSIGN_OR_RETURN(size_t used, inflate_member(body, is_zlib ? ISAL_ZLIB : ISAL_DEFLATE, limit_bytes, out));
  if (used != body.size()) return invalid("compressed body: something follows its end");
  return out.take();
}

Result<std::string> unzstd(std::string_view body, size_t limit_bytes) {
  static thread_local std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  if (!context) {
    context.reset(ZSTD_createDCtx());
    CHECK(context);
    CHECK(!ZSTD_isError(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax)));
  }
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_only);
  unsigned long long announced = ZSTD_getFrameContentSize(body.data(), body.size());
  bool known = announced != ZSTD_CONTENTSIZE_UNKNOWN && announced != ZSTD_CONTENTSIZE_ERROR;
  if (known && announced > limit_bytes) return over_decoded_limit(limit_bytes);
  BoundedOutput out(limit_bytes, known ? static_cast<size_t>(announced) : std::min(limit_bytes / 4, body.size()) * 4);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  Status outcome;
  size_t expected = 1;  // 0 exactly at the end of a frame
  while (expected != 0 || in.pos < in.size) {
    auto room = out.room();
    ZSTD_outBuffer to{room.to, room.size, 0};
    size_t in_before = in.pos;
    expected = ZSTD_decompressStream(context.get(), &to, &in);
    if (ZSTD_isError(expected)) {
      outcome = invalid(fmt::format("compressed body: {}", ZSTD_getErrorName(expected)));
    } else if (!out.advance(to.pos)) {
      outcome = over_decoded_limit(limit_bytes);
    } else if (expected != 0 && in.pos == in.size && to.pos < to.size && in.pos == in_before && to.pos == 0) {
      outcome = invalid("compressed body: ends too early");
    }
    if (!outcome) break;
  }
  if (ZSTD_sizeof_DCtx(context.get()) > kKeptContextBytes) context.reset();
  TRY(outcome);
  return out.take();
}

std::string gzip(std::string_view body) {
  auto stream = std::make_unique<isal_zstream>();
  auto level_buffer = std::make_unique<uint8_t[]>(ISAL_DEF_LVL1_DEFAULT);
  isal_deflate_init(stream.get());
  stream->gzip_flag = IGZIP_GZIP;
  stream->level = 1;
  stream->level_buf = level_buffer.get();
  stream->level_buf_size = ISAL_DEF_LVL1_DEFAULT;
  stream->end_of_stream = 1;
  stream->next_in = reinterpret_cast<uint8_t*>(const_cast<char*>(body.data()));
  stream->avail_in = static_cast<uint32_t>(body.size());
  std::string out(std::max(body.size() / 4, size_t{1} << 10), '\0');
  size_t used = 0;
  while (stream->internal_state.state != ZSTATE_END) {
    if (used == out.size()) out.resize(out.size() * 2);
    stream->next_out = reinterpret_cast<uint8_t*>(out.data() + used);
    stream->avail_out = static_cast<uint32_t>(out.size() - used);
    CHECK(isal_deflate(stream.get()) == COMP_OK);
    used = out.size() - stream->avail_out;
  }
  out.resize(used);
  return out;
}

std::string zstd(std::string_view body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  size_t size = ZSTD_compress(out.data(), out.size(), body.data(), body.size(), kZstdLevel);
  CHECK(!ZSTD_isError(size));
  out.resize(size);
  return out;
}

}  // namespace clew::net
