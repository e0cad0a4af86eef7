// The first byte chooses the encoding, the rest is the body. Whatever comes, the result obeys the limit; what we
// compress ourselves comes back.
#include <cstdint>

#include "base/check.h"
#include "net/content_encoding.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr const char* kEncodings[] = {"gzip", "deflate", "zstd", "gzip, zstd", "zstd,deflate", "identity"};
  constexpr size_t kLimitBytes = 100'000;
  if (size == 0) return 0;
  std::string body(reinterpret_cast<const char*>(data + 1), size - 1);
  auto decoded = clew::net::decode_body(kEncodings[data[0] % std::size(kEncodings)], body, kLimitBytes);
  if (decoded) CHECK(decoded->size() <= kLimitBytes);
  for (const char* encoding : {"gzip", "zstd"}) {
    auto back = clew::net::decode_body(encoding, clew::net::encode_body(encoding, body), body.size() + kLimitBytes);
    CHECK(back && *back == body);
  }
  return 0;
}
