// Random spans as OTLP protobuf: every size that is computed beforehand must be what is written.
#include "otlp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

#include "otlp_tree_for_test.h"

namespace clew {
namespace detail {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class RandomSpans {
 public:
  explicit RandomSpans(unsigned seed) : random_(seed) {}

  size_t below(size_t limit) { return random_() % limit; }
  std::string_view text(size_t most = 300) {
    // Lengths around those where a varint grows.
    static const size_t kSizes[] = {0, 1, 20, 126, 127, 128, 129, 16383, 16384};
    const size_t size = below(4) == 0 ? kSizes[below(std::size(kSizes))] : below(most);
    return texts_.emplace_back(size, char('a' + below(26)));
  }
  Value value(int depth = 0) {
    switch (below(depth < 3 ? 8 : 6)) {
      case 0: return Value();
      case 1: return below(2) == 0;
      case 2: return int64_t(random_() << below(33));
      case 3: return double(random_()) / 7;
      case 4: return Bytes{text().data(), below(10)};
      case 5: return text();
      case 6: {
        auto& items = arrays_.emplace_back(below(5));
        for (Value& item : items) item = value(depth + 1);
        return List<const Value>{items.data(), items.size()};
      }
      default: {
        const List<KeyValue> made = pairs(depth + 1);
        return List<const KeyValue>{made.data, made.count};
      }
    }
  }
  List<KeyValue> pairs(int depth = 0) {
    auto& made = pairs_.emplace_back(below(6));
    for (KeyValue& pair : made) pair = {text(40), value(depth)};
    return {made.data(), made.size()};
  }
  SpanData span() {
    SpanData span;
    span.context.trace_id.bytes[3] = span.context.span_id.bytes[1] = uint8_t(1 + below(255));
    if (below(2) == 0) span.parent_id.bytes[0] = 1;
    span.kind = Kind(1 + below(5));
    span.status = Status(below(3));
    span.name = text();
    span.trace_state = text(10);
    span.status_message = span.status == Status::kError ? text(50) : std::string_view();
    span.start_unix_ns = random_();
    span.end_unix_ns = span.start_unix_ns + random_();
    span.attributes = pairs();
    span.dropped_attributes = uint32_t(below(3) * below(1000));
    span.dropped_links = uint32_t(below(2));
    auto& events = events_.emplace_back(below(4));
    for (Event& event : events) event = {text(), random_(), pairs(), uint32_t(below(2))};
    span.events = {events.data(), events.size()};
    auto& links = links_.emplace_back(below(4));
    for (Link& link : links) link = {span.context, text(20), pairs(), uint32_t(below(2))};
    span.links = {links.data(), links.size()};
    return span;
  }

 private:
  std::mt19937_64 random_;
  std::deque<std::string> texts_;
  std::deque<std::vector<Value>> arrays_;
  std::deque<std::vector<KeyValue>> pairs_;
  std::deque<std::vector<Event>> events_;
  std::deque<std::vector<Link>> links_;
};

void expect_value(const ProtoTree& tree, const Value& value);

template <typename Pairs>
void expect_pairs(const std::vector<ProtoTree>& trees, const Pairs& pairs) {
  ASSERT_EQ(trees.size(), pairs.size());
  for (size_t i = 0; i < trees.size(); ++i) {
    ASSERT_TRUE(trees[i].ok());
    EXPECT_EQ(trees[i].one(1), pairs[i].key);
    expect_value(trees[i].message(2), pairs[i].value);
  }
}

void expect_value(const ProtoTree& tree, const Value& value) {
  ASSERT_TRUE(tree.ok());
  switch (value.type()) {
    case Value::Type::kNone: break;
    case Value::Type::kString: EXPECT_THAT(tree.all(1), ElementsAre(value.text())); break;
    case Value::Type::kBool: EXPECT_EQ(tree.one(2), value.boolean() ? "1" : "0"); break;
    case Value::Type::kInt: EXPECT_EQ(tree.one(3), std::to_string(uint64_t(value.integer()))); break;
    case Value::Type::kDouble: EXPECT_THAT(tree.all(4), SizeIs(1)); break;
    case Value::Type::kBytes: EXPECT_THAT(tree.all(7), ElementsAre(value.text())); break;
    case Value::Type::kArray: {
      const auto items = tree.message(5).messages(1);
      ASSERT_EQ(items.size(), value.items().size());
      for (size_t i = 0; i < items.size(); ++i) expect_value(items[i], value.items()[i]);
      break;
    }
    case Value::Type::kMap: expect_pairs(tree.message(6).messages(1), value.pairs()); break;
  }
}

void expect_span(const ProtoTree& tree, const SpanData& span) {
  ASSERT_TRUE(tree.ok());
  EXPECT_EQ(tree.one(3), span.trace_state);
  EXPECT_THAT(tree.all(4), SizeIs(span.parent_id.valid() ? 1 : 0));
  EXPECT_EQ(tree.one(5), span.name);
  EXPECT_EQ(tree.one(6), std::to_string(int(span.kind)));
  EXPECT_EQ(tree.one(7), std::to_string(span.start_unix_ns));
  EXPECT_EQ(tree.one(8), std::to_string(span.end_unix_ns));
  expect_pairs(tree.messages(9), span.attributes);
  EXPECT_EQ(tree.one(10), span.dropped_attributes == 0 ? "" : std::to_string(span.dropped_attributes));
  const auto events = tree.messages(11), links = tree.messages(13);
  ASSERT_EQ(events.size(), span.events.size());
  for (size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].one(2), span.events[i].name);
    expect_pairs(events[i].messages(3), span.events[i].attributes);
  }
  ASSERT_EQ(links.size(), span.links.size());
  for (size_t i = 0; i < links.size(); ++i) {
    EXPECT_EQ(links[i].one(3), span.links[i].trace_state);
    expect_pairs(links[i].messages(4), span.links[i].attributes);
  }
  EXPECT_EQ(tree.message(15).one(2), span.status_message);
  EXPECT_EQ(tree.message(15).one(3), span.status == Status::kUnset ? "" : std::to_string(int(span.status)));
}

TEST(Otlp, RandomSpansComeBack) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    RandomSpans random(seed);
    std::vector<SpanData> spans;
    const List<KeyValue> about = random.pairs();
    const ScopeInfo infos[] = {{"a", "1", "", {}}, {random.text(), "", random.text(), {about.data, about.count}}};
    OtlpScope scopes[] = {{&infos[0], ""}, {&infos[1], ""}, {&infos[0], ""}};
    for (int i = 0; i < 6; ++i) {
      spans.push_back(random.span());
      append_otlp_span(scopes[i / 3].spans, spans.back());
    }
    const Resource resource{random.text(), {about.data, about.count}};
    std::string request = "before";
    append_otlp_request(request, resource, scopes, 3);
    const ProtoTree tree(request.substr(6));
    ASSERT_TRUE(tree.ok()) << seed;
    const ProtoTree outer = tree.message(1);
    expect_pairs(outer.message(1).messages(1), resource.attributes);
    EXPECT_EQ(outer.one(3), resource.schema_url);
    const auto inner = outer.messages(2);
    ASSERT_THAT(inner, SizeIs(2));  // the third has no spans
    for (size_t s = 0; s < 2; ++s) {
      EXPECT_EQ(inner[s].message(1).one(1), infos[s].name);
      EXPECT_EQ(inner[s].one(3), infos[s].schema_url);
      expect_pairs(inner[s].message(1).messages(3), infos[s].attributes);
      const auto found = inner[s].messages(2);
      ASSERT_THAT(found, SizeIs(3));
      for (size_t i = 0; i < 3; ++i) expect_span(found[i], spans[3 * s + i]);
    }
  }
}

TEST(Otlp, PartialSuccessOfAnything) {
  EXPECT_EQ(partial_success("").rejected_spans, 0u);
  const std::string known(
      "\x1a\x01x\x21"
      "12345678\x0a\x06\x08\x96\x01\x12\x01y",
      20);
  EXPECT_EQ(partial_success(known).rejected_spans, 150u);
  EXPECT_EQ(partial_success(known).message, "y");
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 30, 0);
    for (char& byte : bytes) byte = char(random() % 4 == 0 ? 0x0a : random());
    partial_success(bytes);  // whatever it says
    partial_success(known.substr(0, random() % known.size()));
  }
}

}  // namespace
}  // namespace detail
}  // namespace clew
