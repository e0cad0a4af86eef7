// Removes the files of blocks that left the list of units, because they expired or are replaced by another block, as
// soon as nobody reads them.
//
// While the log still has frames of what an expired block replaced, an empty meta stays in its place, else replay would
// bring its spans back (block_catalog.h). A replaced block needs none: its replacement names the same segments. What
// replaces a block that is still there waits for it. Whatever fails is tried again. Thread rule: any thread.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "env/object_store.h"
#include "store/block_catalog.h"
#include "store/log_writer.h"

namespace clew::store {

class BlockRemover {
 public:
  using BlockPointer = std::shared_ptr<const StoredBlock>;

  BlockRemover(env::ObjectStore& objects, LogWriter& log) : objects_(objects), log_(log) {}

  // Held by whoever takes blocks out of lists of units, from its look at the list to the exchange.
  std::mutex& taking_out() { return taking_out_; }

  // Blocks that were emptied before the start.
  void adopt(std::vector<BlockPointer> emptied);
  // Out of every list; there is nothing in its place.
  void expire(BlockPointer block);
  // Out of every list; a block whose meta names it is there.
  void replace(BlockPointer block);
  // Blocks of the tenant whose files are still there.
  std::vector<BlockPointer> leaving(std::string_view tenant);
  // Removes what can go now.
  void look();

  // --- blocks that could not be stored and may be there all the same ---
  // With the rows of those that it was to replace, which may go first. No erasure of its tenant is finished before it.
  void note_unfinished(std::string tenant, std::string id);
  // Before a block is made of others, under taking_out(): what is left of an earlier attempt names them too.
  Status remove_unfinished();
  bool has_unfinished(std::string_view tenant);

 private:
  struct Leaving {
    BlockPointer block;
    bool replaced;
  };
  struct Unfinished {
    std::string tenant, id;
  };
  bool remove(const Leaving& leaving);
  bool is_awaited(const StoredBlock& block) const;
  bool is_held(const StoredBlock& block) const;

  env::ObjectStore& objects_;
  LogWriter& log_;
  std::mutex taking_out_;
  std::mutex mutex_;
  std::vector<Leaving> leaving_;       // nobody's unit any more, but their files are there
  std::vector<BlockPointer> emptied_;  // only the meta is there
  std::vector<Unfinished> unfinished_;
};

}  // namespace clew::store
