#include "column/span_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <numeric>
#include <set>
#include <thread>

#include "column/nested_records.h"
#include "column/table_for_test.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

void add_rich_span(SpanBatch& batch) {
  const AttributeView resource[] = {{"service.name", ValueView::of_string("shop")}};
  SpanBuilder span(batch);
  span.row().trace = {7, 8};
  span.row().span = 9;
  span.row().parent = 10;
  span.row().start_ns = 100;
  span.row().end_ns = 90;
  span.row().receive_ns = 5;
  span.row().kind = SpanKind::consumer;
  span.row().status = StatusCode::error;
  span.row().bits = kTextRepaired;
  span.row().resource = add_resource(*batch.vocabulary, resource, "url", 3, "\x02xy");
  span.row().scope = add_scope(*batch.vocabulary, "scope", "1.0", resource);
  span.name("rich");
  span.trace_state("k=v");
  span.status_message("broken");
  span.envelope().flags = 257;
  span.envelope().weight = 2.5;
  span.attribute("a", ValueView::of_int(1));
  span.attribute("b", ValueView::of_string("two"));
  span.begin_event(-5, "early", 4);
  span.attribute("e", ValueView::of_bool(true));
  span.begin_event(6, "late");
  span.begin_link({1, 2}, {3}, "state", 1, 2);
  span.attribute("l", ValueView::of_real(0.5));
  span.finish();
}

// A row as text, by values rather than codes.
std::string describe(const SpanTable& table, uint32_t i) {
  const Vocabulary& v = table.vocabulary;
  SpanRow row = table.row(i);
  Envelope e = Envelope::from(v.envelopes.at(row.envelope));
  std::string out =
      row.trace.hex() + " " + SpanId{row.span}.hex() + " " + SpanId{row.parent}.hex() + " " +
      std::to_string(row.start_ns) + ".." + std::to_string(row.end_ns) + " " + std::to_string(row.receive_ns) + " " +
      std::string(v.names.at(row.name).text) + " " + std::to_string(row.bits) + " " + std::string(name_of(row.kind)) +
      " " + std::string(name_of(row.status)) + " " + std::string(v.text_at(e.trace_state)) + " " +
      std::string(v.text_at(e.status_message)) + " " + std::to_string(e.flags) + " " + std::to_string(e.weight);
  auto value = [&](uint32_t key, uint32_t code) {
    ValueView view = v.values(key).at(code);
    out += " " + std::string(v.key_at(key).name) + "=" + std::string(view.text) + std::to_string(view.scalar);
  };
  auto shaped = [&](uint32_t shape, std::span<const uint32_t> values) {
    auto keys = v.shapes.at(shape);
    for (size_t k = 0; k < keys.size(); ++k) value(keys[k], values[k]);
  };
  auto resource = v.resources.at(row.resource);
  out += " | " + std::string(v.text_at(resource[kSchemaUrlWord])) + std::to_string(resource[kDroppedWord]) +
         std::string(v.text_at(resource[kEntityRefsWord]));
  for (size_t w = kResourcePairs; w < resource.size(); w += 2) value(resource[w], resource[w + 1]);
  auto scope = v.scopes.at(row.scope);
  out +=
      " | " + std::string(v.text_at(scope[kScopeNameWord])) + std::string(v.text_at(scope[kScopeVersionWord])) + " |";
  shaped(row.shape, table.words(i));
  if (row.bits & kHasNested) {
    EXPECT_TRUE(walk_nested(
        table.words(i).subspan(v.shapes.at(row.shape).size()), v.shapes,
        [&](const EventRecord& event) {
          out += " event " + std::to_string(event.since_start_ns) + std::string(v.event_names.at(event.name).text) +
                 std::to_string(event.dropped_attributes);
          shaped(event.shape, event.values);
        },
        [&](const LinkRecord& link) {
          out += " link " + link.trace.hex() + link.span.hex() + std::string(v.text_at(link.trace_state)) +
                 std::to_string(link.flags) + std::to_string(link.dropped_attributes);
          shaped(link.shape, link.values);
        }));
  }
  return out;
}

TEST(SpanTable, KeepsEverythingOfASpanThroughRecoding) {
  OwnedBatch owned;
  add_rich_span(owned.batch);
  SpanTable first;
  append_batch(owned.batch, first);
  // A table whose vocabulary has other codes for the same things.
  SpanTable second;
  for (const char* text : {"x", "two", "scope", "broken"}) second.vocabulary.text(text);
  second.vocabulary.values(second.vocabulary.intern_key({Scope::span, "b"})).intern(ValueView::of_int(0));
  second.vocabulary.names.intern(ValueView::of_string("other"));
  second.vocabulary.shapes.intern(std::vector<uint32_t>{0});
  Recoder recoder(first.vocabulary, second.vocabulary);
  std::vector<uint32_t> words{1, 2, 3};
  SpanRow row = recoder.row(first.row(0), first.words(0), words);
  EXPECT_EQ(row.words, 3) << "behind what was there";
  second.append(row, std::span(words).subspan(3));
  second.publish();

  std::string expected =
      "00000000000000070000000000000008 0000000000000009 000000000000000a 100..90 5 rich 7 consumer error k=v broken "
      "257 "
      "2.500000 | url3\x02xy service.name=shop0 | scope1.0 | a=1 b=two0 event -5early4 e=1 event 6late0 link "
      "000000000000000100000000000000020000000000000003state12 l=4602678819172646912";
  EXPECT_EQ(describe(first, 0), expected);
  EXPECT_EQ(describe(second, 0), expected);
}

TEST(SpanTable, RowsAreSeenWhenPublished) {
  SpanTable table;
  OwnedBatch owned;
  add_rich_span(owned.batch);
  append_batch(owned.batch, table);
  const SpanRow& row = owned.batch.rows[0];
  Recoder recoder(owned.vocabulary, table.vocabulary);
  std::vector<uint32_t> words;
  table.append(recoder.row(row, owned.batch.words, words), words);
  EXPECT_EQ(table.rows(), 1);
  EXPECT_EQ(table.pending_rows(), 2);
  table.publish();
  EXPECT_EQ(table.rows(), 2);
}

TEST(SpanTable, ChainsTheRowsOfATrace) {
  auto table = table_of({{.trace = 1, .span = 1},
                         {.trace = 2, .span = 2},
                         {.trace = 1, .span = 3},
                         {.trace = 3, .span = 4},
                         {.trace = 1, .span = 5}});
  EXPECT_EQ(table->trace_count(5), 3);
  EXPECT_EQ(table->trace_count(3), 2);
  EXPECT_EQ(table->trace_count(0), 0);
  uint32_t trace = table->find_trace({0, 1}, 5);
  ASSERT_EQ(trace, 0);
  std::vector<uint32_t> rows;
  table->trace_rows(trace, 5, rows);
  EXPECT_THAT(rows, ElementsAre(4, 2, 0));
  rows.clear();
  table->trace_rows(trace, 3, rows);
  EXPECT_THAT(rows, ElementsAre(2, 0)) << "as one saw it who knows three rows";
  EXPECT_EQ(table->find_trace({0, 3}, 3), kNoTrace);
  EXPECT_EQ(table->find_trace({0, 3}, 4), 2);
  EXPECT_EQ(table->find_trace({9, 9}, 5), kNoTrace);
  EXPECT_EQ(table->trace_of(3), 2);
  EXPECT_EQ(table->trace_id(2), (TraceId{0, 3}));
}

TEST(SpanTable, ReceiveTimesAreKeptByRuns) {
  std::vector<SimpleSpan> spans;
  for (uint64_t i = 0; i < 1000; ++i) spans.push_back({.trace = i + 1, .receive_ns = 100 + i / 7 % 20});
  auto table = table_of(spans);
  for (uint32_t i = 0; i < 1000; ++i) ASSERT_EQ(table->receive_ns(i), spans[i].receive_ns);
}

// The writer appends traces of growing length; a reader must find each row below rows() whole, with its dictionary
// entries, and reach it from its trace.
TEST(SpanTable, IsReadWhileItGrows) {
  OwnedBatch owned;
  SpanBuilder builder(owned.batch);
  constexpr uint32_t kRows = 20'000;
  uint32_t resource = add_resource(owned.vocabulary, {});
  uint32_t scope = add_scope(owned.vocabulary, "", "");
  for (uint32_t i = 0; i < kRows; ++i) {
    builder.row().trace = {0, i / 10 * 7 % 1000 + 1};
    builder.row().span = i + 1;
    builder.row().start_ns = i;
    builder.row().resource = resource;
    builder.row().scope = scope;
    builder.name("name " + std::to_string(i % 300));
    for (uint32_t a = 0; a < i % 5; ++a) builder.attribute("k" + std::to_string(a), ValueView::of_int(i));
    builder.finish();
  }
  SpanTable table;
  std::atomic<uint32_t> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      std::vector<uint32_t> rows;
      for (uint32_t known = 0; known < kRows;) {
        known = table.rows();
        if (known == 0) continue;
        uint32_t i = known - 1;
        SpanRow row = table.row(i);
        bool fine = row.span == i + 1 && row.start_ns == i &&
                    table.vocabulary.names.at(row.name).text == "name " + std::to_string(i % 300);
        auto keys = table.vocabulary.shapes.at(row.shape);
        fine = fine && keys.size() == i % 5 && table.words(i).size() == keys.size();
        for (size_t a = 0; fine && a < keys.size(); ++a) {
          fine = table.vocabulary.values(keys[a]).at(table.words(i)[a]) == ValueView::of_int(i);
        }
        uint32_t trace = table.find_trace(row.trace, known);
        rows.clear();
        if (trace != kNoTrace) table.trace_rows(trace, known, rows);
        if (!fine || rows.empty() || rows[0] != i) wrong.fetch_add(1);
        if (table.allocated_bytes() == 0) wrong.fetch_add(1);
      }
    });
  }
  Recoder recoder(owned.vocabulary, table.vocabulary);
  std::vector<uint32_t> words;
  for (uint32_t i = 0; i < kRows; ++i) {
    const SpanRow& row = owned.batch.rows[i];
    words.clear();
    SpanRow coded = recoder.row(row, std::span(owned.batch.words).subspan(row.words, row.word_count), words);
    table.append(coded, words);
    if (i % 3 == 0) table.publish();
  }
  table.publish();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
}

TEST(SpanTable, RowsThatDifferInOnePartOfTheirOriginAreToldApart) {
  Vocabulary vocabulary;
  SpanBatch batch;
  batch.vocabulary = &vocabulary;
  std::vector<std::array<uint32_t, 3>> expected;
  for (uint32_t i = 0; i < 200; ++i) {
    std::array<uint32_t, 3> parts{i % 3, i / 3 % 3, i / 9 % 3};
    const AttributeView service[] = {{"service.name", ValueView::of_int(parts[0])}};
    SpanBuilder span(batch);
    span.row().trace = {1, i + 1};
    span.row().resource = add_resource(vocabulary, service);
    span.row().scope = add_scope(vocabulary, std::to_string(parts[1]), "");
    span.envelope().flags = parts[2];
    span.finish();
    expected.push_back(parts);
  }
  SpanTable table;
  table.append(batch);
  table.publish();
  std::set<uint32_t> codes;
  for (uint32_t i = 0; i < 200; ++i) {
    codes.insert(table.origin_code(i));
    auto resource = table.vocabulary.resources.at(table.resource(i));
    auto scope = table.vocabulary.scopes.at(table.scope(i));
    ASSERT_EQ(table.vocabulary.values(resource[kResourcePairs]).at(resource[kResourcePairs + 1]),
              ValueView::of_int(expected[i][0]));
    ASSERT_EQ(table.vocabulary.text_at(scope[kScopeNameWord]), std::to_string(expected[i][1]));
    ASSERT_EQ(Envelope::from(table.vocabulary.envelopes.at(table.envelope(i))).flags, expected[i][2]);
  }
  EXPECT_THAT(codes, SizeIs(3 * 3 * 3));
}

TEST(SpanTable, RowsHaveAnyNumberOfWords) {
  OwnedBatch owned;
  const uint32_t counts[] = {0, 254, 255, 256, 1, 3000, 0};
  for (uint32_t count : counts) {
    SpanBuilder span(owned.batch);
    span.row().resource = add_resource(owned.vocabulary, {});
    span.row().scope = add_scope(owned.vocabulary, "", "");
    span.name("span");
    for (uint32_t k = 0; k < count; ++k) span.attribute("key" + std::to_string(k), ValueView::of_int(k));
    span.finish();
  }
  SpanTable table;
  append_batch(owned.batch, table);
  for (uint32_t i = 0; i < std::size(counts); ++i) {
    auto words = table.words(i);
    ASSERT_THAT(words, SizeIs(counts[i]));
    EXPECT_EQ(table.row(i).word_count, counts[i]);
    auto keys = table.vocabulary.shapes.at(table.shape(i));
    for (uint32_t k = 0; k < counts[i]; ++k) {
      ASSERT_EQ(table.vocabulary.values(keys[k]).at(words[k]), ValueView::of_int(k));
    }
  }
}

TEST(SpanTable, ABatchIsAppendedAsItsRowsOneByOne) {
  OwnedBatch owned;
  for (int i = 0; i < 40; ++i) {
    add_rich_span(owned.batch);
    SpanBuilder span(owned.batch);
    span.row().trace = {1, static_cast<uint64_t>(i % 7)};
    span.row().span = static_cast<uint64_t>(i + 1);
    span.row().resource = add_resource(owned.vocabulary, {});
    span.row().scope = add_scope(owned.vocabulary, "", "");
    span.name("span");
    // Many values at a time, old and new ones, of all lengths around those that are kept in place.
    for (int k = 0; k < 20; ++k) {
      span.attribute("key" + std::to_string(k), ValueView::of_string(std::string(static_cast<size_t>(i % 11), 'x')));
      span.attribute("n" + std::to_string(k), ValueView::of_int(i * k));
    }
    span.finish();
  }
  SpanTable one_by_one;
  append_batch(owned.batch, one_by_one);
  SpanTable together;
  Recoder recoder(owned.vocabulary, together.vocabulary);
  std::vector<uint32_t> all(owned.batch.rows.size());
  for (uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  together.append(owned.batch, std::span(all).first(3), recoder);
  together.append(owned.batch, std::span(all).subspan(3), recoder);
  together.publish();
  ASSERT_EQ(together.rows(), one_by_one.rows());
  for (uint32_t i = 0; i < together.rows(); ++i) ASSERT_EQ(describe(together, i), describe(one_by_one, i));
  std::vector<uint32_t> rows;
  uint32_t trace = together.find_trace({1, 3}, together.rows());
  ASSERT_NE(trace, kNoTrace);
  together.trace_rows(trace, together.rows(), rows);
  EXPECT_THAT(rows, SizeIs(6));

  SpanTable some;
  Recoder to_some(owned.vocabulary, some.vocabulary);
  const uint32_t chosen[] = {1, 0, 79};
  some.append(owned.batch, chosen, to_some);
  some.publish();
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(describe(some, i), describe(one_by_one, chosen[i]));
}

// Rows like the batch's only one, whose only attribute has these values, which are the batch's own or of a plain
// dictionary.
void add_uncoded_values(OwnedBatch& owned, uint32_t rows, bool own,
                        const std::function<std::string(uint32_t)>& value_of) {
  ValueDictionary& values = owned.vocabulary.values(owned.vocabulary.find_key({Scope::span, "id"}));
  for (uint32_t i = 0; i < rows; ++i) {
    SpanRow row = owned.batch.rows[0];
    row.words = static_cast<uint32_t>(owned.batch.words.size());
    if (own) {
      owned.batch.words.push_back(kOwnValue | i);
      owned.batch.own_values.push_back(ValueView::of_string(owned.batch.kept.emplace_back(value_of(i))));
    } else {
      owned.batch.words.push_back(values.append(ValueView::of_string(value_of(i))));
    }
    owned.batch.rows.push_back(row);
  }
}

TEST(Recoder, ValuesOfABatchsOwnGoWhereTheirEqualsAre) {
  OwnedBatch owned;
  const int64_t numbers[] = {7, 8, 7, 9, 8};
  for (int64_t number : numbers) {
    SpanBuilder span(owned.batch);
    span.row().resource = add_resource(owned.vocabulary, {});
    span.row().scope = add_scope(owned.vocabulary, "", "");
    span.name("span");
    span.attribute("n", ValueView::of_int(number));
    span.begin_event(5, "event");
    span.attribute("n", ValueView::of_int(-number));
    span.attribute("steady", ValueView::of_bool(true));
    span.finish();
  }
  SpanTable coded;
  coded.append(owned.batch);
  coded.publish();
  // The same with every second span's numbers as own values: words are value, events, time, time, name, shape, dropped,
  // event's values, links.
  for (size_t i = 1; i < owned.batch.rows.size(); i += 2) {
    uint32_t* words = owned.batch.words.data() + owned.batch.rows[i].words;
    for (auto [at, number] : {std::pair{0, numbers[i]}, std::pair{7, -numbers[i]}}) {
      words[at] = kOwnValue | static_cast<uint32_t>(owned.batch.own_values.size());
      owned.batch.own_values.push_back(ValueView::of_int(number));
    }
  }
  SpanTable table;
  table.append(owned.batch);
  table.publish();
  ASSERT_EQ(table.rows(), coded.rows());
  for (uint32_t i = 0; i < table.rows(); ++i) EXPECT_EQ(describe(table, i), describe(coded, i));
  EXPECT_EQ(table.words(0)[0], table.words(2)[0]);
  EXPECT_EQ(table.words(1)[0], table.words(4)[0]);
  EXPECT_EQ(table.vocabulary.values(table.vocabulary.find_key({Scope::span, "n"})).size(), 3);
}

TEST(Recoder, GivesUpLookingOnlyForValuesThatDoNotComeBack) {
  constexpr uint32_t kRows = 40'000;
  for (auto [repeats, own] :
       {std::pair{false, false}, std::pair{true, false}, std::pair{false, true}, std::pair{true, true}}) {
    OwnedBatch owned;
    SpanBuilder span(owned.batch);
    span.row().resource = add_resource(owned.vocabulary, {});
    span.row().scope = add_scope(owned.vocabulary, "", "");
    span.name("span");
    span.attribute("id", ValueView::of_string("first"));
    span.finish();
    uint32_t times = repeats ? 2 : 1;
    auto value_of = [times](uint32_t i) { return "a value as long as an id " + std::to_string(i / times); };
    add_uncoded_values(owned, kRows, own, value_of);
    SpanTable table;
    Recoder recoder(owned.vocabulary, table.vocabulary);
    for (uint32_t first = 0; first < kRows; first += 500) {
      std::vector<uint32_t> some(500);
      std::iota(some.begin(), some.end(), first + 1);
      table.append(owned.batch, some, recoder);
    }
    table.publish();
    const ValueDictionary& values = table.vocabulary.values(table.vocabulary.find_key({Scope::span, "id"}));
    EXPECT_EQ(values.is_plain(), !repeats);
    EXPECT_EQ(values.size(), repeats ? kRows / 2 : kRows);
    for (uint32_t i : {0U, 1U, kRows / 2, kRows - 1}) {
      EXPECT_EQ(values.at(table.words(i)[0]).text, value_of(i));
      std::vector<uint32_t> codes;
      values.find(ValueView::of_string(value_of(i)), codes);
      EXPECT_THAT(codes, ElementsAre(table.words(i)[0]));
    }
  }
}

}  // namespace
}  // namespace clew
