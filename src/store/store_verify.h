// Everything that is stored of a tenant, read and checked (StoreAdmin::verify): its blocks, and the whole log, whose
// files hold frames of all tenants.
//
// Blocks are read past the process's read cache, one after the other. Thread rule: any thread; `ended` may be set by
// another one, and ends it with `cancelled`.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "column/store_admin.h"
#include "env/files.h"
#include "env/object_store.h"
#include "store/block/block_check.h"
#include "store/block_catalog.h"

namespace clew::store {

class StoreVerifier {
 public:
  // All outlive it.
  StoreVerifier(env::Files& files, env::ObjectStore& objects, std::string folder, const std::atomic<bool>& ended)
      : files_(files), objects_(objects), folder_(std::move(folder)), ended_(ended) {}

  // `blocks` are the tenant's. Errors: cancelled; what listing the log answers.
  Result<VerifyReport> verify(const std::vector<std::shared_ptr<const StoredBlock>>& blocks);

 private:
  Status verify_block(const StoredBlock& block, VerifyReport& report);
  Status verify_log(VerifyReport& report);
  Status check_ended() const;

  env::Files& files_;
  env::ObjectStore& objects_;
  const std::string folder_;
  const std::atomic<bool>& ended_;
};

// What check_block() finds of one part, and whether its meta says the same: a sentence each.
Result<BlockCheck> check_part(env::ObjectStore& objects, const StoredBlock& block, const BlockPart& part);

}  // namespace clew::store
