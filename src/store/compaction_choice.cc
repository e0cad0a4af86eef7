#include "store/compaction_choice.h"

#include <algorithm>
#include <bit>
#include <span>
#include <tuple>

#include "store/block/block.h"
#include "store/block/block_merger.h"

namespace clew::store {
namespace {

using BlockPointer = std::shared_ptr<const StoredBlock>;

// The result; the largest column, of which stored bytes are unpacked several times over; summaries and runs; codes of a
// column and the order of rows.
constexpr uint64_t kFifthsPerStoredByte = 6;
constexpr uint64_t kBytesPerLargestByte = 26;
constexpr uint64_t kBytesPerTrace = 192;
constexpr uint64_t kBytesPerRow = 40;

// Stored bytes of the largest column that has dictionaries, or values like those.
uint64_t largest_column(const BlockFile& file) {
  uint64_t largest = 0;
  for (uint32_t leaf = 0; leaf < file.leaves().size(); ++leaf) {
    if (file.leaves()[leaf].kind == LeafKind::fixed8) continue;
    uint64_t bytes = 0;
    for (uint32_t group = 0; group < file.groups(); ++group) {
      const auto& chunk = file.chunk(leaf, group);
      if (chunk.encoding == ChunkEncoding::numbers) continue;
      bytes += chunk.dictionary_bytes + chunk.page_offsets.back() - chunk.page_offsets.front();
    }
    largest = std::max(largest, bytes);
  }
  return largest;
}

uint64_t rows_of(const StoredBlock& block) {
  uint64_t rows = 0;
  for (const BlockPart& part : block.parts) rows += part.summary.rows;
  return rows;
}

uint64_t memory_of(const StoredBlock& block) {
  uint64_t bytes = 0;
  for (const BlockPart& part : block.parts) {
    const BlockSummary& s = part.summary;
    bytes += s.bytes * kFifthsPerStoredByte / 5 + s.traces * kBytesPerTrace + s.rows * kBytesPerRow;
    if (part.block) bytes += largest_column(part.block->file()) * kBytesPerLargestByte;
  }
  return bytes;
}

// log4, rounded down.
int class_of(const StoredBlock& block) {
  return static_cast<int>(std::bit_width(rows_of(block)) - 1) / 2;
}

// As many of the run's first blocks as the limits allow; too few, or too unlike, are none.
std::span<const BlockPointer> fitting(std::span<const BlockPointer> run, const CompactionLimits& limits) {
  uint64_t rows = 0, memory = 0, largest = 0;
  size_t count = 0;
  for (; count < run.size() && count < kMaxMergeInputs; ++count) {
    uint64_t more = rows_of(*run[count]), more_memory = memory_of(*run[count]);
    if (rows + more > limits.rows || memory + more_memory > limits.memory_bytes) break;
    rows += more;
    memory += more_memory;
    largest = std::max(largest, more);
  }
  bool worthwhile = count >= kLeastCompactionInputs && largest <= rows / 2;
  return run.first(worthwhile ? count : 0);
}

}  // namespace

bool is_whole(const StoredBlock& block) {
  return block.damage.empty() && !block.parts.empty() && !block.replaces.empty() &&
         std::ranges::all_of(block.parts, [](const BlockPart& part) { return !part.is_damaged(); });
}

uint64_t compaction_memory_bytes(const std::vector<BlockPointer>& inputs) {
  uint64_t bytes = 0;
  for (const BlockPointer& block : inputs) bytes += memory_of(*block);
  return bytes;
}

std::vector<BlockPointer> choose_compaction(std::vector<BlockPointer> blocks, const CompactionLimits& limits,
                                            const std::function<bool(const StoredBlock&)>& may) {
  std::erase_if(blocks, [&](const BlockPointer& block) {
    return !is_whole(*block) || block->max_receive_ns() < limits.least_receive_ns || !may(*block);
  });
  auto window = [&](const BlockPointer& block) { return block->max_receive_ns() / limits.window_ns; };
  std::ranges::sort(blocks, {}, [&](const BlockPointer& block) {
    return std::tuple(window(block), block->min_receive_ns(), std::string_view(block->id));
  });
  int greatest = 0;
  for (const BlockPointer& block : blocks) greatest = std::max(greatest, class_of(*block));
  for (int size_class = 0; size_class <= greatest; ++size_class) {
    for (size_t begin = 0; begin < blocks.size(); ++begin) {
      size_t end = begin;
      while (end < blocks.size() && window(blocks[end]) == window(blocks[begin]) &&
             class_of(*blocks[end]) <= size_class) {
        ++end;
      }
      // Further on in the run there may be likes where its beginning has none.
      auto chosen = fitting(std::span(blocks).subspan(begin, end - begin), limits);
      if (!chosen.empty()) return {chosen.begin(), chosen.end()};
    }
  }
  return {};
}

}  // namespace clew::store
