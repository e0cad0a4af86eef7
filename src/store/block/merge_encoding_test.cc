// Whether a merged column is dictionary or plain, and a large dictionary's order.
#include <gtest/gtest.h>

#include <functional>
#include <numeric>

#include "base/hex.h"
#include "base/mix.h"
#include "column/span_builder.h"
#include "column/span_table.h"
#include "store/block/block_check.h"
#include "store/block/block_merger.h"
#include "store/block/leaf_reader.h"
#include "store/block/memory_objects.h"
#include "store/block/merge_stage.h"

namespace clew::store {
namespace {

constexpr uint32_t kMany = 2 * CodeStage::kFirstJudged;
constexpr uint32_t kSorted = 4096;

// A row of one span for each name, which is an attribute of the span's event too.
std::shared_ptr<SpanTable> named_spans(const std::vector<std::string>& names) {
  auto table = std::make_shared<SpanTable>();
  SpanBatch batch;
  batch.vocabulary = &table->vocabulary;
  SpanBuilder builder(batch);
  const uint32_t resource = add_resource(table->vocabulary, {});
  const uint32_t scope = add_scope(table->vocabulary, "", "");
  for (uint32_t i = 0; i < names.size(); ++i) {
    SpanRow& row = builder.row();
    row.trace = {1, i + 1};
    row.span = i + 1;
    row.start_ns = row.end_ns = row.receive_ns = i + 1;
    row.name = table->vocabulary.names.intern(ValueView::of_string(names[i]));
    row.resource = resource;
    row.scope = scope;
    builder.begin_event(0, "log", 0);
    builder.attribute("message", ValueView::of_string(names[i]));
    builder.finish();
    const SpanRow& built = batch.rows.back();
    table->append(built, std::span<const uint32_t>(batch.words).subspan(built.words, built.word_count));
    batch.clear();
  }
  table->publish();
  return table;
}

struct NameCase {
  const char* what;
  uint32_t rows, rows_a_block;
  std::function<std::string(uint32_t)> name_of;
  ChunkEncoding from, to;
  uint32_t entries;
};

std::string numbered(uint32_t number) {
  return "operation number " + std::to_string(number);
}

std::string random_hex(uint64_t seed) {
  const uint64_t number = mix64(seed);
  std::string out;
  append_hex(out, {reinterpret_cast<const char*>(&number), sizeof number});
  return out;
}

// One of 40 long texts, each with a number of its own in it.
std::string statement(uint32_t number) {
  const uint64_t kind = mix64(number) % 40;
  std::string out = "SELECT ";
  for (uint64_t i = 0; i < 12; ++i) out += random_hex(kind * 100 + i) + ", ";
  return out + "WHERE id = " + std::to_string(number);
}

const NameCase kCases[] = {
    {"few, each once a block", 1200, 120, [](uint32_t i) { return numbered(i % 120); }, ChunkEncoding::plain,
     ChunkEncoding::dictionary, 120},
    {"one", 1200, 120, [](uint32_t) { return numbered(7); }, ChunkEncoding::dictionary, ChunkEncoding::dictionary, 1},
    {"all distinct", kMany, 8192, [](uint32_t i) { return random_hex(i); }, ChunkEncoding::plain, ChunkEncoding::plain,
     kMany},
    {"some twice", kMany, 8192, [](uint32_t i) { return random_hex(i % (kMany / 8 * 7)); }, ChunkEncoding::plain,
     ChunkEncoding::plain, kMany},
    {"a few thousand of many", kMany, 4096, [](uint32_t i) { return numbered(i * 7919 % 5003); }, ChunkEncoding::plain,
     ChunkEncoding::dictionary, 5003},
    {"all distinct, and long ones begin alike", kMany / 4, 2048, statement, ChunkEncoding::plain,
     ChunkEncoding::dictionary, kMany / 4},
};

// All values of a leaf that every row has one of.
void expect_values(const BlockFile& file, uint32_t leaf, const std::vector<std::string>& values) {
  const auto& chunk = file.chunk(leaf, 0);
  auto dictionary = read_dictionary(file, leaf, 0);
  ASSERT_TRUE(dictionary);
  const auto& entries = (*dictionary)->entries;
  if (chunk.encoding == ChunkEncoding::dictionary && chunk.entries >= kSorted) {
    for (uint32_t i = 1; i < chunk.entries; ++i) ASSERT_LT(entries[i - 1].text, entries[i].text);
  }
  size_t at = 0;
  for (uint32_t page = 0; page < file.pages(); ++page) {
    const uint64_t begin = chunk.page_offsets[page];
    auto bytes = file.read(begin, chunk.page_offsets[page + 1] - begin);
    ASSERT_TRUE(bytes);
    auto decoded = read_leaf_page(file, leaf, 0, page, *bytes);
    ASSERT_TRUE(decoded) << decoded.error().message;
    for (uint32_t code : decoded->codes) ASSERT_EQ(entries[code].text, values[at++]);
  }
  EXPECT_EQ(at, values.size());
}

class MergeEncoding : public testing::TestWithParam<NameCase> {};

// What small blocks say of a value does not decide, nor is anything foretold that would turn out wrong.
TEST_P(MergeEncoding, IsChosenAnew) {
  const NameCase& test = GetParam();
  std::vector<std::string> names;
  for (uint32_t i = 0; i < test.rows; ++i) names.push_back(test.name_of(i));
  const auto table = named_spans(names);
  MemoryObjects objects;
  std::vector<std::shared_ptr<const Block>> inputs;
  for (uint32_t begin = 0; begin < test.rows; begin += test.rows_a_block) {
    std::vector<uint32_t> rows(std::min(test.rows - begin, test.rows_a_block));
    std::iota(rows.begin(), rows.end(), begin);
    auto written = write_block(*table, rows, {}, {}, nullptr);
    ASSERT_TRUE(written);
    const std::string key = std::to_string(begin);
    ASSERT_TRUE(objects.put(key, *written));
    inputs.push_back(*Block::open(objects, key));
    EXPECT_EQ(inputs.back()->file().chunk(kNameLeaf, 0).encoding, test.from);
  }
  auto bytes = merge_blocks(inputs, {}, nullptr);
  ASSERT_TRUE(bytes) << bytes.error().message;
  ASSERT_TRUE(objects.put("merged", *bytes));
  auto merged = *Block::open(objects, "merged");
  EXPECT_EQ(merged->file().chunk(kNameLeaf, 0).encoding, test.to);
  EXPECT_EQ(merged->file().chunk(kNameLeaf, 0).entries, test.entries);
  expect_values(merged->file(), kNameLeaf, names);
  expect_values(merged->file(), kEventValueLeaf, names);
  auto checked = check_block(merged);
  ASSERT_TRUE(checked);
  EXPECT_EQ(checked->problems, std::vector<std::string>{});
}

INSTANTIATE_TEST_SUITE_P(Table, MergeEncoding, testing::ValuesIn(kCases),
                         [](const auto& info) { return std::to_string(info.index); });

}  // namespace
}  // namespace clew::store
