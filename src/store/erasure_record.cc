#include "store/erasure_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/crc32c.h"

namespace clew::store {
namespace {

constexpr std::string_view kRoot = "tenants/";
constexpr std::string_view kFolder = "/erasures/";
constexpr std::string_view kEnding = ".ids";
constexpr size_t kIdBytes = 16;
constexpr size_t kChecked = 8;  // where the bytes begin that the checksum is of

// tenants/<tenant>/erasures/<number, 16 hex digits>.ids
struct ErasureKey {
  std::string tenant;
  uint64_t number = 0;
};
std::optional<ErasureKey> parse_key(std::string_view key) {
  if (!key.starts_with(kRoot) || !key.ends_with(kEnding)) return std::nullopt;
  key.remove_prefix(kRoot.size());
  key.remove_suffix(kEnding.size());
  size_t slash = key.find('/');
  if (slash == key.npos || !key.substr(slash).starts_with(kFolder)) return std::nullopt;
  ErasureKey out{std::string(key.substr(0, slash)), 0};
  std::string_view digits = key.substr(slash + kFolder.size());
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.number, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return out;
}

Error about(Error error, const std::string& key) {
  std::string advice = error.code == ErrorCode::corruption
                           ? "; without it erased traces would be shown again: restore it, or remove it to have that"
                           : "";
  error.message = fmt::format("the erasure {} cannot be read: {}{}", key, error.message, advice);
  return error;
}

}  // namespace

std::string encode_erasure(const ErasureRecord& record) {
  std::string out;
  out.reserve(kErasureHeadBytes + record.ids.size() * kIdBytes);
  ByteWriter writer(out);
  writer.fixed(kErasureMagic);
  writer.fixed(uint32_t{0});
  writer.fixed(kErasureFormat);
  writer.fixed(uint32_t{0});
  writer.fixed(record.number);
  writer.fixed(record.received_ns);
  writer.fixed(record.segments_below);
  writer.fixed(uint64_t{record.ids.size()});
  for (TraceId id : record.ids) writer.raw(id.bytes());
  writer.patch_u32(sizeof kErasureMagic, crc32c(std::string_view(out).substr(kChecked)));
  return out;
}

Result<ErasureRecord> decode_erasure(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto magic = reader.fixed<uint32_t>();
  const auto checksum = reader.fixed<uint32_t>();
  const auto format = reader.fixed<uint32_t>();
  (void)reader.fixed<uint32_t>();
  ErasureRecord out;
  out.number = reader.fixed<uint64_t>();
  out.received_ns = reader.fixed<uint64_t>();
  out.segments_below = reader.fixed<uint64_t>();
  const auto count = reader.fixed<uint64_t>();
  if (!reader.ok() || magic != kErasureMagic) return corrupt("it is no erasure");
  if (crc32c(bytes.substr(kChecked)) != checksum) return corrupt("its checksum is wrong");
  if (format > kErasureFormat) {
    return fail(ErrorCode::failed_precondition, "it was written by a later version of Clew: start that one");
  }
  if (count != reader.left() / kIdBytes || reader.left() % kIdBytes != 0) {
    return corrupt("it does not have as many ids as it says");
  }
  out.ids.reserve(count);
  while (!reader.at_end()) out.ids.push_back(TraceId::from_bytes(reader.take(kIdBytes).data()));
  if (std::ranges::adjacent_find(out.ids, std::ranges::greater_equal()) != out.ids.end()) {
    return corrupt("its ids do not ascend");
  }
  return out;
}

std::string key_of_erasure(std::string_view tenant, uint64_t number) {
  return fmt::format("{}{}{}{:016x}{}", kRoot, tenant, kFolder, number, kEnding);
}

Status read_erasures(env::ObjectStore& objects, ErasureRecords& out) {
  ASSIGN_OR_RETURN(auto keys, objects.list(std::string(kRoot)));
  for (const std::string& key : keys) {
    auto place = parse_key(key);
    if (!place) continue;
    auto& of_tenant = out[place->tenant];
    if (of_tenant.contains(place->number)) continue;
    auto bytes = objects.get(key);
    if (!bytes && bytes.error().code == ErrorCode::not_found) continue;
    if (!bytes) return std::unexpected(about(std::move(bytes.error()), key));
    auto record = decode_erasure(*bytes);
    if (!record) return std::unexpected(about(std::move(record.error()), key));
    if (record->number != place->number) {
      return std::unexpected(about({ErrorCode::corruption, "it has another number"}, key));
    }
    of_tenant.emplace(place->number, std::move(*record));
  }
  return {};
}

}  // namespace clew::store
