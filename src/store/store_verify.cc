#include "store/store_verify.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "store/block/read_cache.h"
#include "store/erasure_record.h"
#include "store/log_check.h"
#include "store/log_frame.h"
#include "store/readable_objects.h"

namespace clew::store {
namespace {

constexpr size_t kCacheBytes = size_t{32} << 20;
constexpr std::string_view kWhatToDo = "`clew store repair` saves what can still be read";

// What a meta says of a part, as the block's own index has it.
bool agrees(const BlockSummary& said, const Block& block) {
  const BlockCounts& counts = block.counts();
  return said.rows == counts.rows && said.traces == counts.traces && said.bytes == block.bytes() &&
         said.min_start_ns == counts.min_start_ns && said.max_end_ns == counts.max_end_ns &&
         said.min_receive_ns == counts.min_receive_ns && said.max_receive_ns == counts.max_receive_ns;
}

}  // namespace

Result<BlockCheck> check_part(env::ObjectStore& objects, const StoredBlock& block, const BlockPart& part) {
  ReadCache cache(kCacheBytes);
  auto opened = Block::open(objects, key_of_part(block, part), parquet::Checksums::verify, cache);
  if (!opened && opened.error().code == ErrorCode::cancelled) return std::unexpected(opened.error());
  BlockCheck out;
  if (!opened) {
    out.add(std::move(opened.error().message));
    return out;
  }
  ASSIGN_OR_RETURN(out, check_block(*opened));
  // Of a meta that cannot be read nothing is known that could differ.
  if (block.damage.empty() && !agrees(part.summary, **opened)) {
    out.add(fmt::format("block {}: meta.json has other counts or times than {}", block.id, part.file));
  }
  return out;
}

Status StoreVerifier::check_ended() const {
  if (ended_.load(std::memory_order_acquire)) return fail(ErrorCode::cancelled, "the store is closing");
  return {};
}

Result<VerifyReport> StoreVerifier::verify(const std::vector<std::shared_ptr<const StoredBlock>>& blocks) {
  VerifyReport report;
  for (const auto& block : blocks) {
    TRY(check_ended());
    TRY(verify_block(*block, report));
  }
  ErasureRecords records;
  if (Status read = read_erasures(objects_, records); !read) {
    report.problems.push_back(std::move(read.error().message));
  }
  TRY(verify_log(report));
  return report;
}

Status StoreVerifier::verify_block(const StoredBlock& block, VerifyReport& report) {
  ReadableObjects objects(objects_, ended_);
  ++report.blocks;
  BlockCheck found;
  if (!block.damage.empty()) found.add(fmt::format("block {}: {}", block.id, block.damage));
  for (const BlockPart& part : block.parts) {
    report.rows += part.summary.rows;
    report.bytes += part.summary.bytes;
    ASSIGN_OR_RETURN(BlockCheck checked, check_part(objects, block, part));
    for (std::string& problem : checked.problems) found.add(std::move(problem));
    found.more_problems += checked.more_problems;
  }
  if (found.intact()) return {};
  // Beside a writer in another process: merged or expired since it was listed.
  auto meta = objects.size(key_of_meta(block));
  if (!meta && meta.error().code == ErrorCode::not_found) return {};
  for (std::string& problem : found.problems) report.problems.push_back(fmt::format("{}; {}", problem, kWhatToDo));
  if (found.more_problems > 0) {
    report.problems.push_back(
        fmt::format("block {}: {} more problems are not listed; {}", block.id, found.more_problems, kWhatToDo));
  }
  return {};
}

Status StoreVerifier::verify_log(VerifyReport& report) {
  const std::string log_folder = folder_ + "/log";
  ASSIGN_OR_RETURN(const bool exists, files_.exists(log_folder));
  if (!exists) return {};
  ASSIGN_OR_RETURN(const auto names, files_.list(log_folder));
  LogCheck check(report.problems);
  for (const std::string& name : names) {
    TRY(check_ended());
    uint64_t number = 0;
    auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || std::string_view(end) != ".log") continue;
    const std::string path = log_folder + "/" + name;
    auto bytes = files_.read_all(path, kMaxLogFileBytes);
    if (!bytes && bytes.error().code == ErrorCode::not_found) continue;  // all it fed is sealed meanwhile
    ++report.log_files;
    if (bytes) {
      check.add_file(number, path, *bytes);
    } else {
      report.problems.push_back(
          fmt::format("{}; its spans are lost at the next start unless it can be read then", bytes.error().message));
    }
  }
  return {};
}

}  // namespace clew::store
