// The spans of a block against those it was made of, for tests: all at once, and a few at a time.
#pragma once

#include <random>

#include "store/block/block_fixture.h"

namespace clew::store {

// A few rows at a time, in any order, with nothing in a cache.
inline void expect_equal_rows_alone(const Sealed& sealed) {
  ReadCache none(0);
  auto block = Block::open(sealed.objects, "b", parquet::Checksums::verify, none);
  ASSERT_TRUE(block) << block.error().message;
  auto unit = (*block)->unit(nullptr);
  std::mt19937 random(3);
  for (uint32_t i = 0; i < unit->rows(); i += 1 + static_cast<uint32_t>(random() % 5)) {
    std::vector<uint32_t> rows{i};
    while (random() % 3 != 0) rows.push_back(std::min(rows.back() + 1, unit->rows() - 1));
    if (random() % 4 == 0) std::ranges::reverse(rows);
    SpanTable copied;
    Status status = unit->copy_rows(rows, copied);
    ASSERT_TRUE(status) << status.error().message;
    copied.publish();
    for (uint32_t at = 0; at < rows.size(); ++at) {
      ASSERT_EQ(describe(copied, at), describe(*sealed.table, sealed.order[rows[at]])) << "row " << rows[at];
    }
  }
}

inline void expect_equal_spans(const Sealed& sealed) {
  ASSERT_EQ(sealed.unit->rows(), sealed.order.size());
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < sealed.unit->rows(); ++i) rows.push_back(i);
  SpanTable copied;
  Status status = sealed.unit->copy_rows(rows, copied);
  ASSERT_TRUE(status) << status.error().message;
  copied.publish();
  ASSERT_EQ(copied.rows(), rows.size());
  for (uint32_t i : rows) {
    ASSERT_EQ(describe(copied, i), describe(*sealed.table, sealed.order[i])) << "row " << i;
  }
  expect_equal_rows_alone(sealed);
}

}  // namespace clew::store
