// The chunked transfer coding (RFC 9112 section 7.1), decoded as it arrives straight into the body. Beast's own parser
// asserts on a final chunk that comes byte by byte, and copies once more.
//
// Extensions and trailer fields are read over; together they may take kMaxOverheadBytes between two pieces of body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::net {

class ChunkedDecoder {
 public:
  static constexpr size_t kMaxOverheadBytes = 8 << 10;

  // resource_exhausted when the body would exceed limit_bytes, found from the announced size of a chunk.
  explicit ChunkedDecoder(size_t limit_bytes) : limit_bytes_(limit_bytes) {}

  // Consumes bytes up to the end of the body at most, appends what is body, answers how many it consumed.
  Result<size_t> decode(std::string_view bytes, std::string& body);
  bool done() const { return state_ == State::done; }

 private:
  enum class State {
    size,
    extension,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer_start,
    trailer,
    trailer_lf,
    end_lf,
    done
  };

  Status take_frame_byte(char c);
  Status take_size_digit(char c);
  Status end_size_line();

  const size_t limit_bytes_;
  State state_ = State::size;
  uint64_t chunk_left_ = 0;
  size_t body_bytes_ = 0;
  size_t overhead_bytes_ = 0;
  int digits_ = 0;
};

}  // namespace clew::net
