#include "store/masked_unit.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "column/recode.h"
#include "column/table_unit.h"
#include "store/block/block.h"
#include "store/block/block_writer.h"
#include "store/block/memory_objects.h"
#include "store/spans_fixture.h"

namespace clew::store {
namespace {

std::vector<std::string> values_of(const Unit& unit, ColumnId column, RowRange rows) {
  std::vector<uint32_t> begins, codes;
  EXPECT_TRUE(unit.multi_codes(column, rows, begins, codes));
  std::vector<std::string> out;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    std::string& text = out.emplace_back();
    for (uint32_t at = begins.at(i); at < begins.at(i + 1); ++at) {
      auto value = unit.value(column, codes[at]);
      EXPECT_TRUE(value);
      if (value) text += text_of(*value) + ";";
      uint32_t code[] = {codes[at]};
      EXPECT_TRUE(unit.page_may_contain(column, (rows.begin + i) / unit.page_rows(), code));
    }
  }
  return out;
}

void expect_equal_columns(const Unit& seen, const Unit& wanted, RowRange rows) {
  for (ColumnId column = kNameColumn; column <= kTraceStateColumn; ++column) {
    EXPECT_EQ(values_of(seen, column, rows), values_of(wanted, column, rows)) << column;
  }
  auto attributes = seen.attributes();
  ASSERT_TRUE(attributes);
  for (const AttributeColumn& attribute : *attributes) {
    auto other = wanted.attribute(attribute.scope, attribute.name);
    ASSERT_TRUE(other);
    auto expected = *other ? values_of(wanted, **other, rows) : std::vector<std::string>(rows.size());
    EXPECT_EQ(values_of(seen, attribute.id, rows), expected) << attribute.name;
  }
}

void expect_equal_numbers(const Unit& seen, const Unit& wanted, RowRange rows) {
  std::vector<int64_t> a(rows.size()), b(rows.size());
  for (auto column : {NumberColumn::start_ns, NumberColumn::duration_ns, NumberColumn::kind, NumberColumn::status,
                      NumberColumn::parent_row, NumberColumn::receive_ns, NumberColumn::bits}) {
    ASSERT_TRUE(seen.numbers(column, rows, a.data()));
    ASSERT_TRUE(wanted.numbers(column, rows, b.data()));
    EXPECT_EQ(a, b) << static_cast<int>(column);
    for (uint32_t i = 0; i < rows.size(); ++i) {
      auto [least, greatest] = seen.page_number_range(column, (rows.begin + i) / seen.page_rows());
      EXPECT_TRUE(least <= a[i] && a[i] <= greatest);
    }
  }
  std::vector<uint32_t> a_begins, b_begins;
  for (auto column : {NestedNumber::event_since_start_ns, NestedNumber::link_trace_hi, NestedNumber::link_span}) {
    ASSERT_TRUE(seen.nested_numbers(column, rows, a_begins, a));
    ASSERT_TRUE(wanted.nested_numbers(column, rows, b_begins, b));
    EXPECT_EQ(a_begins, b_begins);
    EXPECT_EQ(a, b);
  }
  std::vector<uint64_t> a_ids(rows.size()), b_ids(rows.size());
  ASSERT_TRUE(seen.span_ids(rows, a_ids.data()) && wanted.span_ids(rows, b_ids.data()));
  EXPECT_EQ(a_ids, b_ids);
  ASSERT_TRUE(seen.parent_ids(rows, a_ids.data()) && wanted.parent_ids(rows, b_ids.data()));
  EXPECT_EQ(a_ids, b_ids);
  std::vector<uint32_t> a_traces(rows.size()), b_traces(rows.size());
  ASSERT_TRUE(seen.trace_numbers(rows, a_traces.data()) && wanted.trace_numbers(rows, b_traces.data()));
  EXPECT_EQ(a_traces, b_traces);
}

void expect_equal_traces(const Unit& seen, const Unit& wanted) {
  ASSERT_EQ(seen.traces(), wanted.traces());
  for (uint32_t row = 0; row <= seen.rows(); ++row) {
    EXPECT_EQ(seen.traces_before(row).value(), wanted.traces_before(row).value());
  }
  auto a = seen.summaries(), b = wanted.summaries();
  ASSERT_TRUE(a && b);
  ASSERT_EQ(a->size(), b->size());
  std::vector<uint32_t> a_rows, b_rows, every;
  for (uint32_t trace = 0; trace < a->size(); ++trace) {
    const TraceSummary &x = (*a)[trace], &y = (*b)[trace];
    EXPECT_EQ(std::tuple(x.id, x.start_ns, x.end_ns, x.spans, x.errors, x.root_row),
              std::tuple(y.id, y.start_ns, y.end_ns, y.spans, y.errors, y.root_row));
    auto found = seen.find_trace(x.id);
    ASSERT_TRUE(found);
    EXPECT_EQ(*found, std::optional(trace));
    EXPECT_EQ(seen.first_row(trace).value(), wanted.first_row(trace).value());
    for (uint32_t before = 0; before <= trace; ++before) {
      EXPECT_GE(seen.latest_start_ns(trace + 1).value(), (*a)[before].start_ns);
    }
    ASSERT_TRUE(seen.trace_rows(trace, a_rows) && wanted.trace_rows(trace, b_rows));
    EXPECT_EQ(a_rows, b_rows);
    every.insert(every.end(), a_rows.begin(), a_rows.end());
  }
  auto a_listed = seen.listed(), b_listed = wanted.listed();
  ASSERT_TRUE(a_listed && b_listed);
  EXPECT_TRUE(std::ranges::equal(*a_listed, *b_listed));
  SpanTexts a_texts, b_texts;
  for (auto [unit, texts] : {std::pair(&seen, &a_texts), std::pair(&wanted, &b_texts)}) {
    SpanTable copied;
    ASSERT_TRUE(unit->copy_rows(every, copied));
    copied.publish();
    collect(copied, *texts);
  }
  EXPECT_TRUE(same(a_texts, b_texts));
}

void expect_equal(const Unit& seen, const Unit& wanted, std::mt19937_64& random) {
  ASSERT_EQ(seen.rows(), wanted.rows());
  expect_equal_traces(seen, wanted);
  const uint32_t rows = seen.rows();
  std::vector<RowRange> ranges{{0, rows}, {rows, rows}, {0, std::min(rows, 1U)}};
  for (int i = 0; i < 10 && rows > 0; ++i) {
    auto begin = static_cast<uint32_t>(random() % rows);
    ranges.push_back({begin, begin + static_cast<uint32_t>(random() % (rows - begin + 1))});
  }
  for (RowRange range : ranges) {
    expect_equal_columns(seen, wanted, range);
    expect_equal_numbers(seen, wanted, range);
  }
}

// A unit and the same spans without some traces, as two units that must look alike.
class MaskedUnits : public testing::TestWithParam<uint64_t> {
 protected:
  void fill() {
    Sender sender(GetParam());
    Recoder recoder(sender.vocabulary(), table_->vocabulary);
    for (uint64_t i = 0; i < 5; ++i) {
      const SpanBatch& batch = sender.next(40, 1'700'000'000'000'000'000 + i);
      std::vector<uint32_t> rows(batch.rows.size());
      for (uint32_t row = 0; row < rows.size(); ++row) rows[row] = row;
      table_->append(batch, rows, recoder);
    }
    table_->publish();
    for (uint32_t trace = 0; trace < table_->trace_count(table_->rows()); ++trace) {
      all_.push_back(table_->trace_id(trace));
    }
    std::ranges::sort(all_);
  }
  // One trace, some side by side, every other, or all of them.
  std::vector<TraceId> choose() {
    std::vector<TraceId> out;
    uint64_t of = std::array<uint64_t, 4>{20, 3, 2, 1}[random_() % 4];
    for (TraceId id : all_) {
      if (random_() % of == 0) out.push_back(id);
    }
    if (out.empty()) out.push_back(all_[random_() % all_.size()]);
    return out;
  }
  std::vector<TraceId> without(const std::vector<TraceId>& ids) {
    std::vector<TraceId> out;
    std::ranges::set_difference(all_, ids, std::back_inserter(out));
    return out;
  }
  // Masked by two erasures, one after the other.
  std::shared_ptr<const Unit> mask(std::shared_ptr<const Unit> unit, std::vector<TraceId> ids) {
    std::vector<TraceId> first, absent{{1, 2}};
    for (TraceId id : ids) {
      if (random_() % 2 == 0) first.push_back(id);
    }
    auto none = mask_unit(*unit, 1, absent, nullptr, nullptr);
    EXPECT_TRUE(none && !*none);
    auto one = mask_unit(*unit, 2, first, nullptr, nullptr);
    EXPECT_TRUE(one);
    auto both = mask_unit(*unit, 3, ids, *one, nullptr);
    EXPECT_TRUE(both && *both);
    EXPECT_EQ((*both)->has(2), !first.empty());
    EXPECT_EQ((*both)->has(3), first.size() < ids.size());
    EXPECT_TRUE(std::ranges::equal((*both)->ids(), ids));
    auto out = masked(unit, *both);
    for (TraceId id : ids) {
      auto found = out->find_trace(id);
      EXPECT_TRUE(found && !*found) << "it is erased";
    }
    return out;
  }
  std::vector<uint32_t> rows_without(const std::vector<TraceId>& ids) {
    std::vector<uint32_t> out;
    for (uint32_t row = 0; row < table_->rows(); ++row) {
      if (!std::ranges::binary_search(ids, table_->row(row).trace)) out.push_back(row);
    }
    return out;
  }
  std::shared_ptr<const Unit> block(const std::vector<uint32_t>& rows, const std::vector<TraceId>& listed) {
    std::string key = "block" + std::to_string(blocks_++);
    auto bytes = write_block(*table_, rows, listed, BlockOptions{16, 64}, nullptr);
    EXPECT_TRUE(bytes);
    EXPECT_TRUE(objects_.put(key, *bytes));
    auto opened = Block::open(objects_, key);
    EXPECT_TRUE(opened);
    return (*opened)->unit(nullptr);
  }

  std::mt19937_64 random_{GetParam()};
  std::shared_ptr<SpanTable> table_ = std::make_shared<SpanTable>();
  std::vector<TraceId> all_;
  MemoryObjects objects_;
  int blocks_ = 0;
};

TEST_P(MaskedUnits, OfALiveSegmentAreAsIfTheSpansHadNotCome) {
  fill();
  for (int round = 0; round < 4; ++round) {
    const std::vector<TraceId> ids = choose();
    auto unit = std::make_shared<TableUnit>("live", table_, table_->rows(), all_);
    auto left = std::make_shared<SpanTable>();
    ASSERT_TRUE(unit->copy_rows(rows_without(ids), *left));
    left->publish();
    TableUnit wanted("wanted", left, left->rows(), without(ids));
    expect_equal(*mask(unit, ids), wanted, random_);
  }
}

TEST_P(MaskedUnits, OfABlockAreAsIfTheSpansHadNotCome) {
  fill();
  for (int round = 0; round < 4; ++round) {
    const std::vector<TraceId> ids = choose();
    auto wanted = block(rows_without(ids), without(ids));
    expect_equal(*mask(block(rows_without({}), all_), ids), *wanted, random_);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MaskedUnits, testing::Range<uint64_t>(1, 6));

}  // namespace
}  // namespace clew::store
