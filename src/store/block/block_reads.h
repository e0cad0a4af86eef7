// What one query reads of a block. Everything comes through the ReadCache; each part that the query looks at is charged
// to its budget once, by its stored bytes, whether it was in the cache or not, so that a query's cost does not depend
// on its neighbours.
//
// What is answered by plain pointer is held as long as this lives; pages are not.
// A leaf that is read page after page is fetched kReadAheadBytes at a time; a single page costs its own bytes only.
// Thread rule: any thread.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "column/budget.h"
#include "column/unit.h"
#include "store/block/block.h"
#include "store/block/cached_page.h"
#include "store/block/leaf_reader.h"
#include "store/block/packed_numbers.h"
#include "store/block/residual_index.h"
#include "store/block/text_numbers.h"
#include "store/block/value_filter.h"

namespace clew::store {

// Something of the cache that is one vector.
template <typename T>
struct CachedVector {
  std::vector<T> items;
  size_t bytes() const { return items.capacity() * sizeof(T); }
};

struct CachedPageSets {
  PerLeaf<PageSets> sets;
  size_t bytes() const;
};

// What is said of each trace, at a few bytes each.
struct PackedFacts {
  PackedNumbers start_ns, duration_ns, errors, roots;
  size_t bytes() const { return start_ns.bytes() + duration_ns.bytes() + errors.bytes() + roots.bytes(); }
};

// The codes of a column that satisfy a question, a bit each.
struct CachedCodes {
  std::string question;
  uint32_t entries = 0;
  std::vector<uint64_t> bits;  // none when no code does

  size_t bytes() const { return question.capacity() + bits.capacity() * sizeof(uint64_t) + sizeof *this; }
};

class BlockReads {
 public:
  static constexpr size_t kReadAheadBytes = size_t{256} << 10;
  static constexpr size_t kWholeChunkBytes = size_t{16} << 10;
  // From this part of a page's rows on the page is read whole, and kept.
  static constexpr uint32_t kFewRowsShare = 8;

  // The budget may be null.
  BlockReads(std::shared_ptr<const Block> block, std::shared_ptr<ReadBudget> budget);

  const BlockFile& file() const { return file_; }
  // For whoever finds that parts which are each readable do not fit together: the block is damaged from here on.
  std::unexpected<Error> damaged(std::string what) const;
  std::unexpected<Error> damaged(uint32_t leaf, std::string what) const;

  // Before some rows of a page are read of these leaves, with their values: what of it is not in the cache is
  // announced. Of trace ids that is the row group's.
  void announce(std::span<const uint32_t> leaves, uint32_t page);

  // --- columns; pages are counted over the whole block ---
  Result<std::shared_ptr<const CachedPage>> page(uint32_t leaf, uint32_t page);
  bool are_few(uint32_t page, uint32_t rows) const { return rows < file_.rows_of_page(page).size() / kFewRowsShare; }
  // These rows of the page alone, of a flat leaf. Few rows leave nothing in the cache: who copies a trace comes by
  // once.
  Result<LeafPage> rows(uint32_t leaf, uint32_t page, RowRange rows);
  Result<std::shared_ptr<const CachedMapPage>> map_page(ResidualPlace place, uint32_t page);
  Result<const ValueList*> dictionary(uint32_t leaf, uint32_t group);
  // Numbers of the texts of such a dictionary, or null for one that gets none.
  std::shared_ptr<const TextNumbers::Numbered> text_numbers(uint32_t leaf, uint32_t group, const ValueList& entries);
  Result<const ValueList*> plain_values(uint32_t leaf, uint32_t page);
  // The entry of a code of the leaf; its text lives as long as this.
  Result<ValueView> value(uint32_t leaf, uint32_t code);
  ValueView view(const ValueList& values, uint32_t at);
  // Appends the leaf's codes of the value.
  Status find(uint32_t leaf, ValueView value, std::vector<uint32_t>& codes);
  // Charges all entries of a leaf, as if they were read.
  Status charge_entries(uint32_t leaf);
  Status charge_residual(ResidualPlace place);
  // One question a column and hash of its text is known: a later one takes an earlier one's place.
  std::shared_ptr<const CachedCodes> known_codes(uint32_t column, std::string_view question);
  void keep_codes(uint32_t column, CachedCodes codes);
  Result<const PerLeaf<PageSets>*> page_sets();
  // Entries of residual attributes of spans, or of events, or of links.
  Result<const ResidualIndex*> residual(ResidualPlace place);

  // --- traces ---
  // The first row of each trace, and the number of rows.
  Result<const std::vector<uint32_t>*> runs();
  Result<const std::vector<TraceSummary>*> summaries();
  Result<TraceSummary> summary(uint32_t trace);
  Result<TraceTimes> trace_times(uint32_t trace);
  Result<const std::vector<TraceId>*> listed();
  // Kept as the few traces of a page that do: span ids themselves would fill the cache.
  Result<bool> shares_span_ids(uint32_t trace);
  Result<TraceId> trace_id(uint32_t trace);
  Result<std::optional<uint32_t>> find_trace(TraceId id);

 private:
  // Some pages of one leaf, side by side.
  struct Window {
    uint32_t begin = 0;  // pages over the whole block
    uint32_t end = 0;
    uint64_t offset = 0;
    std::shared_ptr<const std::string> bytes;
  };
  // One part of the block: its place in the cache and in `held_`.
  struct Part {
    CachedKind kind;
    uint32_t leaf = 0;
    uint32_t part = 0;

    friend bool operator==(const Part&, const Part&) = default;
    template <typename H>
    friend H AbslHashValue(H h, const Part& part) {
      return H::combine(std::move(h), static_cast<uint32_t>(part.kind), part.leaf, part.part);
    }
  };
  Status charge(Part part, uint64_t stored_bytes);
  // What was found damaged is not read again to say so again.
  Status check_known(Part part);
  Error remember(Part part, Error error);
  // Of what does not go through the cache: damage is the block's.
  Error noted(Error error) const;
  Status charge_page(uint32_t leaf, uint32_t page);
  ReadCache::Key key(Part part) const { return {block_->number(), part.kind, part.leaf, part.part}; }
  template <typename T, typename Make>
  Result<const T*> hold(Part part, uint64_t stored_bytes, Make&& make);
  uint64_t section_bytes(SectionId id) const;
  uint64_t residual_bytes(ResidualPlace place) const;

  Result<Window> window(uint32_t leaf, uint32_t page);
  Result<LeafPage> read_page(uint32_t leaf, uint32_t page);
  Status find_plain(uint32_t leaf, uint32_t group, std::string_view stored, std::vector<uint32_t>& codes);
  Result<const ValueFilter*> filter(uint32_t leaf, uint32_t group, uint32_t pages);
  // The traces of a row group in row order.
  Result<const std::vector<TraceId>*> trace_ids(uint32_t group);
  Result<std::unique_ptr<CachedVector<TraceSummary>>> read_summaries();
  Result<std::unique_ptr<PackedFacts>> read_facts();
  Result<const PackedFacts*> facts();
  // Of the traces that begin on the page, those of which two spans have the same id.
  Result<const std::vector<uint32_t>*> shared_ids(uint32_t page);
  Result<std::unique_ptr<CachedVector<uint32_t>>> read_shared_ids(RowRange traces);
  // Where a trace's id is: the row group, and the number among its traces.
  struct IdPlace {
    uint32_t group;
    uint32_t at;
  };
  Result<IdPlace> id_place(uint32_t trace);
  Result<TraceId> peek_trace_id(IdPlace place);
  Result<TraceId> verified_trace_id(IdPlace place);
  Result<std::optional<uint32_t>> find_trace_slowly(TraceId id, std::span<const uint32_t> positions);

  const std::shared_ptr<const Block> block_;
  const BlockFile& file_;
  const std::shared_ptr<ReadBudget> budget_;
  std::mutex mutex_;
  absl::flat_hash_map<Part, std::shared_ptr<const void>> held_;
  absl::flat_hash_set<Part> charged_;
  absl::flat_hash_map<Part, Error> damaged_;
  absl::flat_hash_map<uint32_t, Window> windows_;
  // Of held_, what is asked for trace by trace.
  std::atomic<const std::vector<uint32_t>*> runs_{nullptr};
  std::atomic<const PackedFacts*> facts_{nullptr};
  std::vector<std::atomic<const std::vector<TraceId>*>> trace_ids_;  // by row group
  std::mutex texts_mutex_;
  Arena texts_;
};

template <typename T, typename Make>
Result<const T*> BlockReads::hold(Part part, uint64_t stored_bytes, Make&& make) {
  {
    std::lock_guard lock(mutex_);
    if (auto held = held_.find(part); held != held_.end()) return static_cast<const T*>(held->second.get());
  }
  TRY(check_known(part));
  TRY(charge(part, stored_bytes));
  auto value = block_->get<T>(key(part), make);
  if (!value) return std::unexpected(remember(part, std::move(value.error())));
  std::lock_guard lock(mutex_);
  return static_cast<const T*>(held_.emplace(part, std::move(*value)).first->second.get());
}

}  // namespace clew::store
