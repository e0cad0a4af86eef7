#include "column/code_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <deque>
#include <thread>
#include <vector>

#include "base/mix.h"

namespace clew {
namespace {

TEST(CodeTable, FindsEverythingInsertedAndNothingElse) {
  CodeTable table;
  auto hash_of = [](uint32_t code) { return mix64(code); };
  for (uint32_t code = 0; code < 10'000; ++code) {
    ASSERT_EQ(table.find(hash_of(code), [&](uint32_t c) { return c == code; }), CodeTable::kNone);
    table.insert(hash_of(code), code);
  }
  for (uint32_t code = 0; code < 10'000; ++code) {
    ASSERT_EQ(table.find(hash_of(code), [&](uint32_t c) { return c == code; }), code);
  }
  EXPECT_EQ(table.find(hash_of(10'001), [](uint32_t) { return false; }), CodeTable::kNone);
  EXPECT_GE(table.allocated_bytes(), 10'000 * 8);
}

TEST(CodeTable, EqualHashesAreToldApart) {
  CodeTable table;
  for (uint32_t code = 0; code < 200; ++code) table.insert(0, code);
  for (uint32_t code = 0; code < 200; ++code) {
    ASSERT_EQ(table.find(0, [&](uint32_t c) { return c == code; }), code);
  }
}

TEST(CodeTable, KeepsAnOutgrownTableOnlyWhileItIsProbed) {
  CodeTable table;
  uint32_t next = 0;
  auto fill = [&](uint32_t count) {
    for (; next < count; ++next) table.insert(mix64(next), next);
  };
  auto slots = [&] { return table.allocated_bytes() / sizeof(uint64_t); };
  fill(12);
  EXPECT_EQ(slots(), 16);
  fill(13);
  EXPECT_EQ(slots(), 32);
  // Grows three times under a probe, which then goes on in the table where it began.
  uint32_t found = table.find(mix64(5), [&](uint32_t code) {
    fill(97);
    EXPECT_EQ(slots(), 32 + 64 + 128 + 256);
    return code == 5;
  });
  EXPECT_EQ(found, 5);
  fill(193);
  EXPECT_EQ(slots(), 512) << "all that were outgrown go together";
  for (uint32_t code = 0; code < next; ++code) {
    ASSERT_EQ(table.find_as_writer(mix64(code), [&](uint32_t c) { return c == code; }), code);
  }
}

TEST(CodeTable, IsProbedWhileItGrows) {
  CodeTable table;
  constexpr uint32_t kCodes = 100'000;
  auto hash_of = [](uint32_t code) { return mix64(code); };
  std::atomic<uint32_t> inserted{0};
  std::atomic<uint32_t> lost{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      for (uint32_t i = 0; inserted.load(std::memory_order_acquire) < kCodes; ++i) {
        uint32_t known = inserted.load(std::memory_order_acquire);
        if (known == 0) continue;
        auto code = static_cast<uint32_t>(mix64(i) % known);
        if (table.find(hash_of(code), [&](uint32_t c) { return c == code; }) != code) lost.fetch_add(1);
      }
    });
  }
  for (uint32_t code = 0; code < kCodes; ++code) {
    table.insert(hash_of(code), code);
    inserted.store(code + 1, std::memory_order_release);
  }
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(lost.load(), 0);
}

}  // namespace
}  // namespace clew
