// Which blocks there are. A block is a folder, and exists when its meta.json does, which is written last:
//
//   tenants/<tenant>/blocks/<id>/data.parquet        docs/internals/block.md
//   tenants/<tenant>/blocks/<id>/displaced.parquet   traces whose clock is off (displaced_traces.h); mostly not there
//   tenants/<tenant>/blocks/<id>/meta.json           {"format":2, "replaces":["0-17"], "erased_until":7,
//                                                     "parts":[{"file":…, counts, times}], "crc":"…"}
//
// `crc` is the CRC-32C of all bytes before it, in eight hex digits; format 1 had none, and is read. `replaces` names
// the log segments (lane-number) whose rows the block holds, in all its parts together: replay ignores them. So both
// parts come into being by the one meta, and no stop of the machine doubles or loses a row. A block made of others
// (docs/internals/compaction.md) names all their segments, and them in "replaces_blocks": a block that any meta names
// is ignored. A block that expired while the log still has frames of what it replaces stays as a meta without parts. At
// start replaced blocks, folders without meta, and Parquet files that their meta does not name, are the rest of a stop
// and are removed. Thread rule: any thread.
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
#include "store/unit_mask.h"

namespace clew::store {

inline constexpr uint64_t kMetaFormat = 2;

// One file of a block, and one unit to queries. What queries need to know before they look into it.
struct BlockPart {
  std::string unit;  // the block's id, with "-displaced" behind it for that part
  std::string file;
  BlockSummary summary;
  std::shared_ptr<const Block> block;  // null when it cannot be opened
  std::string damage;                  // why
  MaskPointer mask;                    // of its rows that are erased; null: none

  // What readers see of it; null when that is nothing.
  std::shared_ptr<const Unit> unit_for(std::shared_ptr<ReadBudget> budget) const;

  // Also when the damage was met by a later read.
  bool is_damaged() const { return !block || block->is_damaged(); }
  std::string why_damaged() const { return block ? block->damage() : damage; }
};

struct StoredBlock {
  std::string tenant;
  std::string id;
  std::vector<SegmentName> replaces;
  std::vector<std::string> replaces_blocks;  // ids
  // The number of the last erasure whose rows are not in the parts; those before it neither (deletion.md).
  uint64_t erased_until = 0;
  std::vector<BlockPart> parts;
  // Why the meta cannot be read; of the parts it is only known then which there are, and their size.
  std::string damage;

  uint64_t bytes() const;
  uint64_t max_receive_ns() const;  // 0 without parts
  uint64_t min_receive_ns() const;
  bool has_mask() const;
  // Rows of it may be among those that an erasure of this number, of segments below that one, hides.
  bool is_before(uint64_t erasure, uint64_t segments_below) const;
};

// Object keys.
std::string key_of_part(const StoredBlock& block, const BlockPart& part);
std::string key_of_meta(const StoredBlock& block);
std::string folder_of_block(const StoredBlock& block);  // ends in a slash

struct Catalog {
  std::vector<std::shared_ptr<const StoredBlock>> blocks;  // with parts, or damaged
  std::vector<std::shared_ptr<const StoredBlock>> emptied;
  std::set<SegmentName> replaced;
};

// How often a reader beside the writer starts over before it gives up.
inline constexpr int kMaxCatalogReads = 100;

// Opens every block that no other replaces. Without `clean` a writer may be at work: what is answered was there all at
// one time; unavailable when the blocks change too fast for that. A part that cannot be opened is damaged, with an
// error in the log and in clew_store_damaged_blocks; its segments still count as replaced. A meta of a later version is
// failed_precondition. With `clean` the rests of stops are removed.
Result<Catalog> open_catalog(env::ObjectStore& objects, bool clean);

// A part that is to be written.
struct NewPart {
  bool displaced = false;
  std::string bytes;
  BlockSummary summary;
};
// Writes the data, checks that it opens, then writes the meta. After an error the block may exist all the same.
// Precondition: at most one part of each kind.
Result<std::shared_ptr<const StoredBlock>> store_block(env::ObjectStore& objects, const std::string& tenant,
                                                       const std::string& id, std::vector<SegmentName> replaces,
                                                       const std::vector<NewPart>& parts,
                                                       std::vector<std::string> replaces_blocks = {},
                                                       uint64_t erased_until = 0);
// The same block with this part damaged. Precondition: it is not yet.
std::shared_ptr<const StoredBlock> with_damage(const StoredBlock& block, size_t part, const Error& error);

// The block is shown no more: its damage does not count any longer.
void forget_damage(const StoredBlock& block);

// Replaces the meta by one without parts, and removes the data.
Status empty_block(env::ObjectStore& objects, const StoredBlock& block);
// Removes the meta, then the data. Precondition: nothing that the block replaces exists any more, or is to be seen
// again.
Status remove_block(env::ObjectStore& objects, const StoredBlock& block);
// Whatever store_block() left of it.
Status remove_unfinished_block(env::ObjectStore& objects, const std::string& tenant, const std::string& id);

}  // namespace clew::store
