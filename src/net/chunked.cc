#include "net/chunked.h"

#include <fmt/format.h>

#include "base/hex.h"

namespace clew::net {

Result<size_t> ChunkedDecoder::decode(std::string_view bytes, std::string& body) {
  size_t at = 0;
  while (at < bytes.size() && state_ != State::done) {
    if (state_ == State::data) {
      size_t count = static_cast<size_t>(std::min<uint64_t>(chunk_left_, bytes.size() - at));
      body.append(bytes, at, count);
      at += count;
      chunk_left_ -= count;
      overhead_bytes_ = 0;
      if (chunk_left_ == 0) state_ = State::data_cr;
      continue;
    }
    if (++overhead_bytes_ > kMaxOverheadBytes) return invalid("chunked body: extensions or trailers too long");
    TRY(take_frame_byte(bytes[at++]));
  }
  return at;
}

Status ChunkedDecoder::take_frame_byte(char c) {
  switch (state_) {
    case State::size: return take_size_digit(c);
    case State::extension:
      if (c == '\n') return invalid("chunked body: bare line feed in a chunk's size line");
      if (c == '\r') state_ = State::size_lf;
      return {};
    case State::size_lf:
      if (c != '\n') return invalid("chunked body: a chunk's size line does not end in CR LF");
      return end_size_line();
    case State::data_cr:
      if (c != '\r') return invalid("chunked body: a chunk is longer than its size");
      state_ = State::data_lf;
      return {};
    case State::data_lf:
      if (c != '\n') return invalid("chunked body: a chunk does not end in CR LF");
      state_ = State::size;
      return {};
    case State::trailer_start: state_ = c == '\r' ? State::end_lf : State::trailer; return {};
    case State::trailer:
      if (c == '\r') state_ = State::trailer_lf;
      return {};
    case State::trailer_lf:
      if (c != '\n') return invalid("chunked body: a trailer field does not end in CR LF");
      state_ = State::trailer_start;
      return {};
    case State::end_lf:
      if (c != '\n') return invalid("chunked body: does not end in CR LF");
      state_ = State::done;
      return {};
    case State::data:
    case State::done: break;
  }
  return {};
}

Status ChunkedDecoder::take_size_digit(char c) {
  if (int digit = hex_digit(c); digit >= 0) {
    if (chunk_left_ >> 56) return invalid("chunked body: a chunk's size has too many digits");
    chunk_left_ = chunk_left_ * 16 + static_cast<uint64_t>(digit);
    ++digits_;
    return {};
  }
  if (digits_ == 0) return invalid("chunked body: a chunk's size is not a hexadecimal number");
  if (c == '\r') {
    state_ = State::size_lf;
  } else if (c == ';' || c == ' ' || c == '\t') {
    state_ = State::extension;
  } else {
    return invalid("chunked body: a chunk's size is not a hexadecimal number");
  }
  return {};
}

Status ChunkedDecoder::end_size_line() {
  digits_ = 0;
  if (chunk_left_ > limit_bytes_ - body_bytes_) {
    return fail(ErrorCode::resource_exhausted, fmt::format("the body exceeds the limit of {} bytes", limit_bytes_));
  }
  body_bytes_ += static_cast<size_t>(chunk_left_);
  state_ = chunk_left_ == 0 ? State::trailer_start : State::data;
  return {};
}

}  // namespace clew::net
