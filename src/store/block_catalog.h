// Which blocks there are. A block exists when its meta.json does, which is written last:
//
//   tenants/<tenant>/blocks/<id>/data.parquet     docs/internals/block.md
//   tenants/<tenant>/blocks/<id>/meta.json        {"format":1, "replaces":["0-17"], counts and times}
//
// `replaces` names the log segments (lane-number) whose rows the block holds: replay ignores them. A folder without
// meta is the rest of a crash and is removed at start. Thread rule: any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "env/object_store.h"
#include "store/block/block.h"
#include "store/block/block_writer.h"
#include "store/segment.h"

namespace clew::store {

// What queries need to know of a block before they look into it.
struct StoredBlock {
  std::string tenant;
  std::string id;
  std::vector<SegmentName> replaces;
  BlockSummary summary;
  std::shared_ptr<const Block> block;
};

struct Catalog {
  std::vector<std::shared_ptr<const StoredBlock>> blocks;
  std::set<SegmentName> replaced;
};

// Opens every block. One that cannot be opened is left out, with an error in the log and in
// clew_store_damaged_blocks; its segments still count as replaced. With `clean` folders without meta are removed.
Result<Catalog> open_catalog(env::ObjectStore& objects, bool clean);

// Writes data, checks that it opens, then writes the meta.
Result<std::shared_ptr<const StoredBlock>> store_block(env::ObjectStore& objects, const std::string& tenant,
                                                       const std::string& id, std::vector<SegmentName> replaces,
                                                       const BlockSummary& summary, std::string_view bytes);

}  // namespace clew::store
