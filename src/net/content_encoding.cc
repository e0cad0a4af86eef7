#include "net/content_encoding.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/check.h"
#include "net/fields.h"
#include "net/inflate.h"

namespace clew::net {
namespace {

// More than one is already rare; each costs a pass over up to limit_bytes.
constexpr size_t kMaxChainedEncodings = 4;
constexpr size_t kShownNameBytes = 40;

Result<std::string> decode_one(std::string_view encoding, std::string body, size_t limit_bytes) {
  if (equals_without_case(encoding, "gzip") || equals_without_case(encoding, "x-gzip"))
    return gunzip(body, limit_bytes);
  if (equals_without_case(encoding, "deflate")) return inflate_deflate(body, limit_bytes);
  if (equals_without_case(encoding, "zstd")) return unzstd(body, limit_bytes);
  if (equals_without_case(encoding, "identity")) return body;
  return fail(ErrorCode::unimplemented,
              fmt::format("unknown encoding '{}'; gzip, deflate, zstd and identity are understood",
                          encoding.substr(0, kShownNameBytes)));
}

}  // namespace

Result<std::string> decode_body(std::string_view encoding, std::string body, size_t limit_bytes) {
  std::vector<std::string_view> chain;
  while (!encoding.empty()) {
    std::string_view one = encoding.substr(0, encoding.find(','));
    encoding.remove_prefix(std::min(encoding.size(), one.size() + 1));
    one = trim(one);
    if (one.empty()) continue;
    if (chain.size() == kMaxChainedEncodings) {
      return fail(ErrorCode::unimplemented, fmt::format("more than {} chained encodings", kMaxChainedEncodings));
    }
    chain.push_back(one);
  }
  if (body.size() > limit_bytes) {
    return fail(ErrorCode::resource_exhausted, fmt::format("the body exceeds the limit of {} bytes", limit_bytes));
  }
  for (auto one = chain.rbegin(); one != chain.rend(); ++one) {
    auto decoded = decode_one(*one, std::move(body), limit_bytes);
    if (!decoded) return decoded;
    body = std::move(*decoded);
  }
  return body;
}

std::string encode_body(std::string_view encoding, std::string_view body) {
  if (encoding == "gzip") return gzip(body);
  if (encoding == "zstd") return zstd(body);
  CHECK(encoding.empty());
  return std::string(body);
}

}  // namespace clew::net
