#include "server/config.h"

#include <algorithm>

#include "env/process_memory.h"
#include "server/machine.h"

namespace clew::server {
namespace {

constexpr uint64_t kMostMemoryByDefault = uint64_t{4} << 30;
// Of memory.limit, what request bodies and what the decoders' dictionaries may take: an eighth each.
constexpr uint64_t kEdgeShare = 8;
constexpr uint32_t kMostLanes = 64;
constexpr uint32_t kMostIoThreadsByDefault = 16;
constexpr size_t kGrpcPrefixBytes = 5;

}  // namespace

store::StoreOptions Config::store_options() const {
  store::StoreOptions options = store;
  if (options.lanes == 0) options.lanes = std::min(kMostLanes, machine_cores());
  options.memory_limit_bytes = memory_limit();
  options.process_memory_bytes = env::anonymous_bytes;
  return options;
}

uint64_t Config::memory_limit() const {
  return memory_limit_bytes != 0 ? memory_limit_bytes : std::min(kMostMemoryByDefault, machine_memory_bytes() / 4);
}

receive::DecoderLimits Config::decoder_limits() const {
  receive::DecoderLimits out;
  out.all_decoders_bytes = std::min(out.all_decoders_bytes, memory_limit() / kEdgeShare);
  return out;
}

net::ServerLimits Config::net_limits() const {
  net::ServerLimits out = net;
  out.body_bytes = limits.request_bytes + kGrpcPrefixBytes;
  // One request of the largest size fits always.
  out.buffered_bytes = std::min(out.buffered_bytes, std::max(out.body_bytes, memory_limit() / kEdgeShare));
  // The rest is for the store's files.
  out.connections = std::min(out.connections, static_cast<size_t>(machine_open_files() / 4 * 3));
  return out;
}

int Config::io_threads() const {
  return static_cast<int>(net_threads != 0 ? net_threads : std::min(kMostIoThreadsByDefault, machine_cores()));
}

api::ApiOptions Config::query_options() const {
  api::ApiOptions options = query;
  if (options.threads == 0) options.threads = machine_cores();
  options.tenancy = tenancy;
  return options;
}

}  // namespace clew::server
