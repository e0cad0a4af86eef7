#include "redact/sha256.h"

#include <cstring>

CLEW_BEGIN
namespace detail {
namespace {

constexpr uint32_t kRound[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

uint32_t rotated(uint32_t x, int by) noexcept {
  return x >> by | x << (32 - by);
}

}  // namespace

void Sha256::block(const uint8_t* bytes) noexcept {
  uint32_t words[64], s[8];
  for (int i = 0; i < 16; ++i) {
    words[i] = uint32_t(bytes[4 * i]) << 24 | uint32_t(bytes[4 * i + 1]) << 16 | uint32_t(bytes[4 * i + 2]) << 8 |
               uint32_t(bytes[4 * i + 3]);
  }
  for (int i = 16; i < 64; ++i) {
    const uint32_t a = words[i - 15], b = words[i - 2];
    words[i] = words[i - 16] + words[i - 7] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) +
               (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
  }
  std::memcpy(s, state_, sizeof s);
  for (int i = 0; i < 64; ++i) {
    const uint32_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]), majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
    const uint32_t one =
        s[7] + (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) + choice + kRound[i] + words[i];
    const uint32_t two = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22)) + majority;
    std::memmove(s + 1, s, 7 * sizeof *s);
    s[4] += one;
    s[0] = one + two;
  }
  for (int i = 0; i < 8; ++i) state_[i] += s[i];
}

void Sha256::add(std::string_view text) noexcept {
  for (char c : text) {
    waiting_[size_++ % 64] = uint8_t(c);
    if (size_ % 64 == 0) block(waiting_);
  }
}

void Sha256::finish(uint8_t* digest) noexcept {
  const uint64_t bits = 8 * size_;
  add(std::string_view("\x80", 1));
  while (size_ % 64 != 56) add(std::string_view("\0", 1));
  for (int shift = 56; shift >= 0; shift -= 8) {
    const char byte = char(bits >> shift);
    add({&byte, 1});
  }
  for (unsigned i = 0; i < kBytes; ++i) digest[i] = uint8_t(state_[i / 4] >> (24 - 8 * (i % 4)));
}

void hmac_sha256(std::string_view key, std::string_view text, uint8_t* digest) noexcept {
  char inner[64] = {}, outer[64];
  if (key.size() > sizeof inner) {
    Sha256 hash;
    hash.add(key);
    hash.finish(reinterpret_cast<uint8_t*>(inner));
  } else if (!key.empty()) {
    std::memcpy(inner, key.data(), key.size());
  }
  for (size_t i = 0; i < sizeof inner; ++i) {
    outer[i] = char(inner[i] ^ 0x5c);
    inner[i] = char(inner[i] ^ 0x36);
  }
  Sha256 first, second;
  first.add({inner, sizeof inner});
  first.add(text);
  first.finish(digest);
  second.add({outer, sizeof outer});
  second.add({reinterpret_cast<const char*>(digest), Sha256::kBytes});
  second.finish(digest);
}

}  // namespace detail
CLEW_END
