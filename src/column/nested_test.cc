#include "column/nested.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace clew {
namespace {

TEST(Nested, TheExampleOfTheFormat) {
  NestedBuilder builder;
  builder.add(ValueView::of_string("a"));
  builder.add(ValueView::of_int(7));
  EXPECT_EQ(builder.finish(ValueType::array).text, std::string_view("\x02\x01\x01\x61\x03\x0e", 6));
}

TEST(Nested, ReadsBackWhatWasBuilt) {
  NestedBuilder inner;
  inner.add("k", ValueView::of_real(-0.0));
  inner.add("k", ValueView::of_bytes("\xff"));
  NestedBuilder outer;
  const ValueView values[] = {ValueView{},
                              ValueView::of_string(""),
                              ValueView::of_bool(true),
                              ValueView::of_int(INT64_MIN),
                              inner.finish(ValueType::kvlist),
                              ValueView::of_array(std::string_view("\0", 1))};
  for (const ValueView& value : values) outer.add(value);
  NestedReader reader(outer.finish(ValueType::array));
  EXPECT_EQ(reader.count(), std::size(values));
  for (const ValueView& value : values) {
    ASSERT_TRUE(reader.next());
    EXPECT_EQ(reader.value(), value);
    EXPECT_EQ(reader.key(), "");
  }
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.ok());

  NestedReader pairs(inner.finish(ValueType::kvlist));
  ASSERT_TRUE(pairs.next());
  EXPECT_EQ(pairs.key(), "k");
  EXPECT_EQ(pairs.value(), ValueView::of_real(-0.0));
  ASSERT_TRUE(pairs.next());
  EXPECT_EQ(pairs.value(), ValueView::of_bytes("\xff"));
  EXPECT_FALSE(pairs.next());
}

TEST(Nested, DamageEndsTheWalk) {
  NestedBuilder builder;
  builder.add("key", ValueView::of_string("value"));
  builder.add("key", ValueView::of_int(5));
  std::string whole(builder.finish(ValueType::kvlist).text);
  for (size_t length = 0; length < whole.size(); ++length) {
    NestedReader reader(ValueView::of_kvlist(std::string_view(whole).substr(0, length)));
    size_t count = 0;
    while (reader.next()) ++count;
    EXPECT_LT(count, 2);
    EXPECT_FALSE(reader.ok()) << length;
  }
  NestedReader unknown_type(ValueView::of_array(std::string_view("\x01\x63", 2)));
  EXPECT_FALSE(unknown_type.next());
  EXPECT_FALSE(unknown_type.ok());
}

}  // namespace
}  // namespace clew
