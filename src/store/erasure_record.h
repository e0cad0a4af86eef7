// A request for erasure as it is stored: docs/internals/deletion.md is the format, this its transcription.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "env/object_store.h"
#include "model/ids.h"

namespace clew::store {

inline constexpr uint32_t kErasureMagic = 0x31454c43;  // "CLE1"
inline constexpr uint32_t kErasureFormat = 1;
inline constexpr size_t kErasureHeadBytes = 48;

struct ErasureRecord {
  uint64_t number = 0;          // of the tenant's records
  uint64_t received_ns = 0;     // this server's clock
  uint64_t segments_below = 0;  // segments with a lesser number were received before the request, all others after
  std::vector<TraceId> ids;     // ascending, each once
};

std::string encode_erasure(const ErasureRecord& record);
// corruption; failed_precondition for a record of a later version.
Result<ErasureRecord> decode_erasure(std::string_view bytes);

std::string key_of_erasure(std::string_view tenant, uint64_t number);

// By tenant and number.
using ErasureRecords = std::map<std::string, std::map<uint64_t, ErasureRecord>>;
// All that there are, added to `out`. Beside a writer one may go between the listing and its reading: it is left out.
// Any other record that cannot be read is an error that names it.
Status read_erasures(env::ObjectStore& objects, ErasureRecords& out);

}  // namespace clew::store
