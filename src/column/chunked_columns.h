// The columns of one table, growing together by chunks that never move: one writer appends, any number of readers read
// what was published.
//
//   chunk k holds kFirst << k rows; in it each column is one array:
//   | column 0 × rows | column 1 × rows | … |          row i lives in chunk floor(log2(i / kFirst + 1))
//
// So a new row is one store per column, whatever the number of columns, and a scan of one column reads long runs.
//
// Invariants: a cell below size() never changes its address; a chunk's pointer is stored (release) before any size that
// includes its rows. Columns stand in falling order of their width, so that all are aligned.
// Thread rule: open(), publish() by one thread at a time. A reader may touch rows below a size() it has loaded
// (acquire), or below any count published to it by other means that happen after publish().
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

#include "column/chunk_place.h"

namespace clew {

template <size_t kFirst, typename... Cells>
class ChunkedColumns {
  static_assert(kFirst >= 8);
  static_assert((std::is_trivial_v<Cells> && ...));
  static constexpr size_t kColumns = sizeof...(Cells);

 public:
  template <size_t kColumn>
  using Cell = std::tuple_element_t<kColumn, std::tuple<Cells...>>;
  static constexpr size_t kRowBytes = (sizeof(Cells) + ...);

  // Cells of new rows side by side in one chunk, to be filled by the writer.
  struct Run {
    size_t rows = 0;
    std::tuple<Cells*...> columns;
    template <size_t kColumn>
    Cell<kColumn>& at(size_t row) const {
      return std::get<kColumn>(columns)[row];
    }
  };

  ChunkedColumns() = default;
  ChunkedColumns(const ChunkedColumns&) = delete;
  ChunkedColumns& operator=(const ChunkedColumns&) = delete;
  ~ChunkedColumns() {
    for (auto& chunk : chunks_) delete[] chunk.load(std::memory_order_relaxed);
  }

  // Published rows.
  uint32_t size() const { return published_.load(std::memory_order_acquire); }
  // The writer's own count, published or not.
  uint32_t pending_size() const { return end_; }

  template <size_t kColumn>
  const Cell<kColumn>& at(uint32_t row) const {
    Place place = Place::of(row);
    return column<kColumn>(chunk(place.chunk), place.chunk)[place.offset];
  }

  // The longest contiguous piece of [begin, end) of a column; precondition: begin < end <= a size known to the caller.
  template <size_t kColumn>
  std::span<const Cell<kColumn>> piece(uint32_t begin, uint32_t end) const {
    Place place = Place::of(begin);
    size_t length = std::min<size_t>(end - begin, (kFirst << place.chunk) - place.offset);
    return {column<kColumn>(chunk(place.chunk), place.chunk) + place.offset, length};
  }

  // Appends at least one and at most `wanted` rows, whose cells the caller sets before publish().
  Run open(size_t wanted) {
    Place place = Place::of(end_);
    auto number = static_cast<size_t>(place.chunk);
    size_t length = kFirst << number;
    if (place.offset == 0) {
      // Not initialised: untouched pages of a large chunk cost no memory.
      chunks_[number].store(new std::byte[length * kRowBytes], std::memory_order_release);
    }
    Run run;
    run.rows = std::min(wanted, length - place.offset);
    std::byte* base = chunks_[number].load(std::memory_order_relaxed);
    set_columns(run, base, place, std::make_index_sequence<kColumns>{});
    end_ += static_cast<uint32_t>(run.rows);
    return run;
  }
  void publish() { published_.store(end_, std::memory_order_release); }

  // Of the rows in use: the untouched pages at the end of a large chunk are not resident.
  size_t allocated_bytes() const { return size_t{end_} * kRowBytes; }

 private:
  static constexpr std::array<size_t, kColumns> kWidths{sizeof(Cells)...};
  static_assert(std::is_sorted(kWidths.rbegin(), kWidths.rend()), "columns stand in falling order of their width");

  using Place = ChunkPlace<kFirst>;
  std::byte* chunk(int number) const { return chunks_[static_cast<size_t>(number)].load(std::memory_order_acquire); }

  static constexpr size_t bytes_before(size_t column) {
    size_t bytes = 0;
    for (size_t i = 0; i < column; ++i) bytes += kWidths[i];
    return bytes;
  }
  template <size_t kColumn>
  static Cell<kColumn>* column(std::byte* base, int chunk) {
    return reinterpret_cast<Cell<kColumn>*>(base + bytes_before(kColumn) * (kFirst << chunk));
  }
  template <size_t... kIndex>
  static void set_columns(Run& run, std::byte* base, Place place, std::index_sequence<kIndex...>) {
    ((std::get<kIndex>(run.columns) = column<kIndex>(base, place.chunk) + place.offset), ...);
  }

  std::array<std::atomic<std::byte*>, Place::kChunks> chunks_{};
  uint32_t end_ = 0;
  std::atomic<uint32_t> published_{0};
};

}  // namespace clew
