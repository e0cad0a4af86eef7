// What reading a block costs and keeps (docs/internals/block.md §7).
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/mix.h"
#include "column/span_builder.h"
#include "store/block/block.h"
#include "store/block/block_writer.h"
#include "store/block/memory_objects.h"
#include "store/block/read_everything.h"

namespace clew::store {
namespace {

constexpr uint32_t kTraceSpans = 5;
constexpr BlockOptions kOptions{256, 2048};

std::string uuid_of(uint64_t number) {
  uint64_t a = mix64(number, 1), b = mix64(number, 2);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", a >> 32, a >> 16 & 0xffff, a & 0xffff, b >> 48,
                     b & 0xffffffffffff);
}

std::string url_of(uint64_t number) {
  return fmt::format("https://example.org/{}", mix64(number) % 5000);
}

// Counts bytes read.
class CountingObjects final : public env::ObjectStore {
 public:
  Status put(const std::string& key, std::string_view bytes) override { return objects_.put(key, bytes); }
  Result<std::string> get(const std::string& key) override { return objects_.get(key); }
  Result<std::string> get_range(const std::string& key, uint64_t offset, size_t count) override {
    read_bytes += count;
    return objects_.get_range(key, offset, count);
  }
  Result<uint64_t> size(const std::string& key) override { return objects_.size(key); }
  Result<std::vector<std::string>> list(const std::string& prefix) override { return objects_.list(prefix); }
  Status settle() override { return {}; }
  Status remove(const std::string& key) override { return objects_.remove(key); }

  uint64_t read_bytes = 0;

 private:
  MemoryObjects objects_;
};

// 20 000 spans: a UUID each, one of 5 000 URLs, durations that grow with the row.
class BlockRead : public testing::Test {
 protected:
  static constexpr uint64_t kSpans = 20'000;

  void SetUp() override { write(kOptions); }
  void write(const BlockOptions& options) {
    SpanTable table;
    SpanBatch batch;
    batch.vocabulary = &table.vocabulary;
    SpanBuilder builder(batch);
    uint32_t resource = add_resource(table.vocabulary, {});
    uint32_t scope = add_scope(table.vocabulary, "", "");
    for (uint64_t i = 0; i < kSpans; ++i) {
      builder.row().trace = id_of(i / kTraceSpans);
      builder.row().span = mix64(i, 9);
      builder.row().start_ns = 1000 + i * 100;
      builder.row().end_ns = builder.row().start_ns + i;
      builder.row().kind = i < kSpans / 2 ? SpanKind::server : SpanKind::client;
      builder.row().resource = resource;
      builder.row().scope = scope;
      std::string uuid = uuid_of(i), url = url_of(i);
      builder.attribute("request.id", ValueView::of_string(uuid));
      builder.attribute("url", ValueView::of_string(url));
      if (i == 77) builder.attribute("rare", ValueView::of_string("only here"));
      builder.finish();
      const SpanRow& row = batch.rows.back();
      table.append(row, std::span<const uint32_t>(batch.words).subspan(row.words, row.word_count));
      batch.clear();
    }
    table.publish();
    auto bytes = write_block(table, table.rows(), {}, options, nullptr);
    ASSERT_TRUE(bytes) << bytes.error().message;
    ASSERT_TRUE(objects_.put(kKey, *bytes));
    reopen();
  }
  static TraceId id_of(uint64_t trace) { return {mix64(trace, 3), mix64(trace, 4)}; }
  void reopen() {
    block_.reset();
    auto opened = Block::open(objects_, kKey, parquet::Checksums::verify, cache_);
    ASSERT_TRUE(opened) << opened.error().message;
    block_ = *opened;
    objects_.read_bytes = 0;
  }
  std::vector<uint32_t> find(const Unit& unit, std::string_view key, std::string_view text) {
    auto column = unit.attribute(Scope::span, key);
    std::vector<uint32_t> codes;
    EXPECT_TRUE(column && *column);
    if (!column || !*column) return codes;
    Status status = unit.find(**column, ValueView::of_string(text), codes);
    EXPECT_TRUE(status) << status.error().message;
    for (uint32_t code : codes) EXPECT_EQ(unit.value(**column, code)->text, text);
    return codes;
  }
  static constexpr const char* kKey = "tenants/t/blocks/0123-a/data.parquet";
  CountingObjects objects_;
  ReadCache cache_;
  std::shared_ptr<const Block> block_;
};

TEST_F(BlockRead, AUnitIsCalledByItsId) {
  EXPECT_EQ(block_->unit(nullptr)->name(), "0123-a");
  std::string bytes = *objects_.get(kKey);
  for (auto [key, name] : std::initializer_list<std::pair<const char*, const char*>>{
           {"a/b/displaced.parquet", "b-displaced"}, {"b/data.parquet", "b"}, {"alone", "alone"}}) {
    ASSERT_TRUE(objects_.put(key, bytes));
    auto block = Block::open(objects_, key, parquet::Checksums::verify, cache_);
    ASSERT_TRUE(block);
    EXPECT_EQ((*block)->unit(nullptr)->name(), name);
  }
}

TEST_F(BlockRead, PagesKnowTheRangesOfTheirNumbers) {
  auto unit = block_->unit(nullptr);
  for (auto column : {NumberColumn::start_ns, NumberColumn::duration_ns, NumberColumn::kind, NumberColumn::status,
                      NumberColumn::receive_ns, NumberColumn::bits, NumberColumn::parent_row}) {
    for (uint32_t page = 0; page * unit->page_rows() < unit->rows(); ++page) {
      RowRange rows{page * unit->page_rows(), std::min(unit->rows(), (page + 1) * unit->page_rows())};
      std::vector<int64_t> numbers(rows.size());
      ASSERT_TRUE(unit->numbers(column, rows, numbers.data()));
      auto [least, greatest] = std::ranges::minmax(numbers);
      auto range = unit->page_number_range(column, page);
      if (column == NumberColumn::parent_row) {
        EXPECT_LE(range.first, least);
        EXPECT_GE(range.second, greatest);
      } else {
        EXPECT_EQ(range, std::pair(least, greatest)) << static_cast<int>(column) << " page " << page;
      }
    }
  }
}

TEST_F(BlockRead, AValueIsFoundWithoutReadingTheColumn) {
  auto unit = block_->unit(nullptr);
  EXPECT_EQ(find(*unit, "request.id", uuid_of(4711)).size(), 1U);
  // The filters of ten row groups at 10 bits a value, a page, and one or two in vain of 80.
  EXPECT_LT(objects_.read_bytes, kSpans * 10 / 8 + 8 * 256 * 16);
  objects_.read_bytes = 0;
  EXPECT_TRUE(find(*unit, "request.id", "no-uuid").empty());
  EXPECT_EQ(objects_.read_bytes, 0U);
}

TEST_F(BlockRead, EveryValueIsFoundAndNoOther) {
  auto unit = block_->unit(nullptr);
  for (uint64_t i = 0; i < kSpans; i += 97) EXPECT_EQ(find(*unit, "request.id", uuid_of(i)).size(), 1U) << i;
  for (uint64_t i = kSpans; i < kSpans + 200; ++i) EXPECT_TRUE(find(*unit, "request.id", uuid_of(i)).empty()) << i;
  for (uint64_t i = 0; i < kSpans; i += 97) EXPECT_FALSE(find(*unit, "url", url_of(i)).empty()) << i;
  EXPECT_TRUE(find(*unit, "url", "https://example.org/5000").empty());
  EXPECT_EQ(find(*unit, "rare", "only here").size(), 1U);
}

TEST_F(BlockRead, AResidualValueThatIsNowhereIsToldWithoutLookingAtTheMaps) {
  auto unit = block_->unit(nullptr);
  EXPECT_TRUE(find(*unit, "rare", "elsewhere").empty());
  EXPECT_LT(objects_.read_bytes, 1000U);
}

TEST_F(BlockRead, ATraceIsFoundWithFewBytes) {
  auto unit = block_->unit(nullptr);
  for (uint64_t trace = 0; trace < 100; ++trace) ASSERT_EQ(*unit->find_trace({trace, 1}), std::nullopt);
  EXPECT_EQ(objects_.read_bytes, 0U);
  ASSERT_NE(*unit->find_trace(id_of(123)), std::nullopt);
  // The runs of 4 000 traces, and some bytes.
  EXPECT_LT(objects_.read_bytes, 1000U);
}

TEST_F(BlockRead, EveryTraceIsFound) {
  auto unit = block_->unit(nullptr);
  for (uint64_t trace = 0; trace < kSpans / kTraceSpans; ++trace) {
    auto found = unit->find_trace(id_of(trace));
    ASSERT_TRUE(found && *found) << trace;
    EXPECT_EQ((*unit->summaries())[**found].id, id_of(trace));
  }
}

TEST_F(BlockRead, ADamagedIdIsNoticedWhenItIsSought) {
  std::string bytes = *objects_.get(kKey);
  const std::string id = id_of(40).bytes();
  size_t at = bytes.find(id);
  ASSERT_NE(at, bytes.npos);
  bytes[at + 3] = static_cast<char>(bytes[at + 3] ^ 4);
  ASSERT_TRUE(objects_.put(kKey, bytes));
  cache_.set_limit_bytes(0);
  reopen();
  auto found = block_->unit(nullptr)->find_trace(id_of(40));
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::corruption);
}

TEST_F(BlockRead, DamageAnywhereIsNoticedOrHarmless) {
  const std::string whole = *objects_.get(kKey);
  cache_.set_limit_bytes(0);
  int noticed = 0;
  auto judge = [&](const auto& answer, const auto& expected) {
    if (answer) {
      EXPECT_EQ(*answer, expected);
      return;
    }
    ++noticed;
    EXPECT_EQ(answer.error().code, ErrorCode::corruption) << answer.error().message;
  };
  auto codes_of = [](const Unit& unit, std::string_view key, std::string_view text) -> Result<size_t> {
    ASSIGN_OR_RETURN(auto column, unit.attribute(Scope::span, key));
    std::vector<uint32_t> codes;
    TRY(unit.find(*column, ValueView::of_string(text), codes));
    return codes.size();
  };
  auto unit = block_->unit(nullptr);
  const size_t urls = *codes_of(*unit, "url", url_of(4711));
  const auto trace = *unit->find_trace(id_of(123));
  for (size_t at = 0; at < whole.size(); at += 2999) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1 << at % 8);
    ASSERT_TRUE(objects_.put(kKey, damaged));
    auto opened = Block::open(objects_, kKey, parquet::Checksums::verify, cache_);
    if (!opened) {
      ++noticed;
      continue;
    }
    unit = (*opened)->unit(nullptr);
    judge(codes_of(*unit, "request.id", uuid_of(4711)), size_t{1});
    judge(codes_of(*unit, "url", url_of(4711)), urls);
    judge(unit->find_trace(id_of(123)), trace);
    auto summaries = unit->summaries();
    judge(summaries ? Result<TraceId>((*summaries)[*trace].id) : std::unexpected(summaries.error()), id_of(123));
  }
  EXPECT_GT(noticed, 5);
}

TEST_F(BlockRead, WhatStaysInMemoryIsLessThanAByteASpan) {
  write({});
  auto unit = block_->unit(nullptr);
  SpanTable copied;
  ASSERT_TRUE(read_everything(*unit, copied));
  EXPECT_LT(block_->resident_bytes(), kSpans * 3 / 2);  // of which 20 KB are the columns of any block
  EXPECT_LE(block_->file().trace_lookup().bytes(), kSpans / 2);
}

TEST_F(BlockRead, AQueryPaysTheSameWhetherItsPartsWereKeptOrNot) {
  uint64_t first = 0;
  for (int round = 0; round < 3; ++round) {
    if (round == 2) cache_.set_limit_bytes(0);
    auto budget = std::make_shared<ReadBudget>();
    auto unit = block_->unit(budget);
    SpanTable copied;
    ASSERT_TRUE(read_everything(*unit, copied));
    if (round == 0) first = budget->inspected_bytes;
    EXPECT_EQ(budget->inspected_bytes, first) << round;
  }
  EXPECT_GT(first, block_->bytes() / 2);
}

// One trace pays for its pages and leaves none of them behind: others' would have to go.
TEST_F(BlockRead, CopyingATraceLeavesNoPagesInTheCache) {
  write({8192, 65536});
  auto copy = [&] {
    auto budget = std::make_shared<ReadBudget>();
    auto unit = block_->unit(budget);
    std::vector<uint32_t> rows;
    auto trace = unit->find_trace(id_of(100));
    EXPECT_TRUE(trace && *trace && unit->trace_rows(**trace, rows));
    SpanTable copied;
    EXPECT_TRUE(unit->copy_rows(rows, copied));
    EXPECT_EQ(copied.rows() + 0U, 0U);  // not published
    return budget->inspected_bytes.load();
  };
  const uint64_t paid = copy();
  const size_t kept = cache_.bytes();
  auto everything = block_->unit(nullptr);
  SpanTable all;
  ASSERT_TRUE(read_everything(*everything, all));
  EXPECT_LT(kept, cache_.bytes() / 2);
  const size_t with_pages = cache_.bytes();
  // The same from pages that are there.
  EXPECT_EQ(copy(), paid);
  EXPECT_EQ(cache_.bytes(), with_pages);
}

// What a query found out of a column is there for the next, at the same price.
TEST_F(BlockRead, AnsweredQuestionsAreKept) {
  const Unit::KnownCodes asked[] = {{5000, {}}, {5000, {0, 63, 64, 4999}}, {5000, {7}}};
  auto first = block_->unit(nullptr);
  const ColumnId column = **first->attribute(Scope::span, "url");
  EXPECT_EQ(*first->known_codes(column, "=~0"), nullptr);
  for (size_t i = 0; i < std::size(asked); ++i) first->keep_codes(column, "=~" + std::to_string(i), asked[i]);
  for (size_t i = 0; i < std::size(asked); ++i) {
    auto budget = std::make_shared<ReadBudget>();
    auto known = block_->unit(budget)->known_codes(column, "=~" + std::to_string(i));
    ASSERT_TRUE(known && *known) << i;
    EXPECT_EQ((*known)->entries, asked[i].entries);
    EXPECT_EQ((*known)->codes, asked[i].codes);
    auto reading = std::make_shared<ReadBudget>();
    ASSERT_TRUE(block_->unit(reading)->entries(column));
    EXPECT_EQ(budget->inspected_bytes, reading->inspected_bytes);
  }
  const ColumnId other = **first->attribute(Scope::span, "request.id");
  EXPECT_EQ(*first->known_codes(other, "=~1"), nullptr);
  EXPECT_EQ(*first->known_codes(column, "!~1"), nullptr);
  first->keep_codes(column, "=~1", asked[2]);
  EXPECT_EQ((*first->known_codes(column, "=~1"))->codes, asked[2].codes);
  EXPECT_FALSE(block_->unit(std::make_shared<ReadBudget>(10))->known_codes(column, "=~1"));
  cache_.set_limit_bytes(0);
  EXPECT_EQ(*first->known_codes(column, "=~1"), nullptr);
}

// Of a dictionary, not of values that are hardly there twice; another block's equal texts have them too.
TEST_F(BlockRead, TextsHaveNumbersOverAllBlocks) {
  auto unit = block_->unit(nullptr);
  auto other_block = Block::open(objects_, kKey, parquet::Checksums::verify, cache_);
  auto other = (*other_block)->unit(nullptr);
  const ColumnId url = **unit->attribute(Scope::span, "url"), uuid = **unit->attribute(Scope::span, "request.id");
  const uint32_t entries = *unit->entries(url);
  EXPECT_EQ(*other->entries(url), entries);
  std::vector<uint32_t> numbers(entries), others(entries / 2);
  auto numbering = unit->text_numbers_from(url, 0, numbers);
  auto of_other = other->text_numbers_from(url, entries / 3, others);
  ASSERT_TRUE(numbering && of_other);
  EXPECT_NE(*numbering, 0U);
  EXPECT_EQ(*numbering, *of_other);
  std::map<std::string_view, uint32_t> by_text;
  for (uint32_t code = 0; code < entries; ++code) {
    ASSERT_NE(numbers[code], kNoCode);
    EXPECT_EQ(by_text.emplace(unit->entry(url, code).text, numbers[code]).first->second, numbers[code]);
  }
  EXPECT_THAT(others,
              testing::ElementsAreArray(numbers.begin() + entries / 3, numbers.begin() + entries / 3 + entries / 2));
  ASSERT_TRUE(unit->entries(uuid));
  EXPECT_EQ(*unit->text_numbers_from(uuid, 0, others), 0U);
  EXPECT_THAT(others, testing::Each(kNoCode));
}

TEST_F(BlockRead, ABudgetEndsTheReadingOfADictionary) {
  for (const char* key : {"request.id", "url"}) {
    auto unit = block_->unit(std::make_shared<ReadBudget>(100));
    auto column = unit->attribute(Scope::span, key);
    auto entries = unit->entries(**column);
    ASSERT_FALSE(entries);
    EXPECT_EQ(entries.error().code, ErrorCode::resource_exhausted);
    std::vector<uint32_t> codes;
    EXPECT_FALSE(unit->find(**column, ValueView::of_string(uuid_of(1)), codes) && *key == 'r');
  }
}

TEST_F(BlockRead, EntriesOutliveTheirEviction) {
  cache_.set_limit_bytes(200'000);
  auto unit = block_->unit(nullptr);
  auto column = **unit->attribute(Scope::span, "request.id");
  auto entries = unit->entries(column);
  ASSERT_TRUE(entries);
  EXPECT_EQ(*entries, kSpans);
  EXPECT_LE(cache_.bytes(), 200'000U);
  std::set<std::string> seen;
  for (uint32_t code = 0; code < *entries; ++code) seen.emplace(unit->entry(column, code).text);
  EXPECT_EQ(seen.size(), kSpans);
  EXPECT_TRUE(seen.contains(uuid_of(19'999)));
}

}  // namespace
}  // namespace clew::store
