#include "column/chunked_columns.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace clew {
namespace {

struct Mark {
  uint8_t kind, status, bits;
};
using Columns = ChunkedColumns<8, uint64_t, uint32_t, Mark>;

void append(Columns& columns, uint32_t count) {
  uint32_t next = columns.pending_size();
  for (uint32_t left = count; left > 0;) {
    Columns::Run run = columns.open(left);
    for (size_t i = 0; i < run.rows; ++i, ++next) {
      run.at<0>(i) = next * 1'000'000'000'000ULL;
      run.at<1>(i) = next * 3;
      run.at<2>(i) = {static_cast<uint8_t>(next), 1, 2};
    }
    left -= static_cast<uint32_t>(run.rows);
  }
}

TEST(ChunkedColumns, KeepCellsAndAddressesOverManyChunks) {
  Columns columns;
  std::vector<const uint64_t*> addresses;
  for (uint32_t count : {1U, 6U, 1U, 1U, 500U, 3U}) {
    uint32_t before = columns.pending_size();
    append(columns, count);
    for (uint32_t i = before; i < before + count; ++i) addresses.push_back(&columns.at<0>(i));
  }
  EXPECT_EQ(columns.size(), 0) << "nothing is published yet";
  columns.publish();
  ASSERT_EQ(columns.size(), 512);
  for (uint32_t i = 0; i < 512; ++i) {
    ASSERT_EQ(columns.at<0>(i), i * 1'000'000'000'000ULL);
    ASSERT_EQ(columns.at<1>(i), i * 3);
    ASSERT_EQ(columns.at<2>(i).kind, static_cast<uint8_t>(i));
    ASSERT_EQ(&columns.at<0>(i), addresses[i]);
    ASSERT_EQ(reinterpret_cast<uintptr_t>(addresses[i]) % alignof(uint64_t), 0);
  }
  EXPECT_EQ(columns.allocated_bytes(), 512 * (8 + 4 + 3));
}

TEST(ChunkedColumns, PiecesCoverARange) {
  Columns columns;
  append(columns, 300);
  columns.publish();
  for (uint32_t begin : {0U, 7U, 8U, 100U, 299U}) {
    for (uint32_t at = begin; at < 300;) {
      auto piece = columns.piece<1>(at, 300);
      ASSERT_FALSE(piece.empty());
      for (uint32_t cell : piece) ASSERT_EQ(cell, 3 * at++);
    }
  }
}

TEST(ChunkedColumns, AreReadWhileTheyGrow) {
  Columns columns;
  std::atomic<uint64_t> wrong{0};
  std::thread reader([&] {
    for (uint32_t seen = 0; seen < 100'000;) {
      uint32_t size = columns.size();
      for (; seen < size; ++seen) wrong += columns.at<1>(seen) != seen * 3;
    }
  });
  for (int i = 0; i < 1000; ++i) {
    append(columns, 100);
    columns.publish();
  }
  reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

}  // namespace
}  // namespace clew
