// SHA-256 (FIPS 180-4) and HMAC (RFC 2104) with it.
#pragma once

#include <cstdint>
#include <string_view>

#include "clew/detail/export.h"

CLEW_BEGIN
namespace detail {

struct Sha256 {
  static constexpr unsigned kBytes = 32;

  Sha256() noexcept = default;
  void add(std::string_view text) noexcept;
  // Ends it: nothing is added afterwards.
  void finish(uint8_t* digest) noexcept;

 private:
  void block(const uint8_t* bytes) noexcept;

  uint32_t state_[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  uint8_t waiting_[64];
  uint64_t size_ = 0;
};

void hmac_sha256(std::string_view key, std::string_view text, uint8_t* digest) noexcept;

}  // namespace detail
CLEW_END
