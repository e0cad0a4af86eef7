#include "server/config.h"

#include <algorithm>

#include "server/machine.h"

namespace clew::server {
namespace {

constexpr uint64_t kMostMemoryByDefault = uint64_t{4} << 30;
constexpr uint32_t kMostLanes = 64;
constexpr uint32_t kMostIoThreadsByDefault = 16;
constexpr size_t kGrpcPrefixBytes = 5;

}  // namespace

store::StoreOptions Config::store_options() const {
  store::StoreOptions options = store;
  if (options.lanes == 0) options.lanes = std::min(kMostLanes, machine_cores());
  options.memory_limit_bytes =
      memory_limit_bytes != 0 ? memory_limit_bytes : std::min(kMostMemoryByDefault, machine_memory_bytes() / 4);
  return options;
}

net::ServerLimits Config::net_limits() const {
  net::ServerLimits out = net;
  out.body_bytes = limits.request_bytes + kGrpcPrefixBytes;
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
