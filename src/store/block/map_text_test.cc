#include "store/block/map_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "column/nested.h"
#include "store/block/block_schema.h"

namespace clew::store {
namespace {

TEST(MapText, RestoresWhatHasAnExactText) {
  const ValueView values[] = {
      ValueView::of_string(""),
      ValueView::of_string("a:int"),
      ValueView::of_int(std::numeric_limits<int64_t>::min()),
      ValueView::of_int(7),
      ValueView::of_bool(true),
      ValueView::of_bool(false),
      ValueView::of_bytes(std::string_view("\0\xff\x10", 3)),
      ValueView::of_real(0.1),
      ValueView::of_real(-0.0),
      ValueView::of_real(1),
      ValueView::of_real(5e-324),
      ValueView::of_real(std::numeric_limits<double>::max()),
      ValueView::of_real(-std::numeric_limits<double>::infinity()),
      ValueView{ValueType::real, 0x7ff8000000000000ULL, {}},
  };
  for (ValueView value : values) {
    ASSERT_TRUE(has_exact_text(value));
    std::string owned;
    std::string name = "key" + std::string(suffix_of(value.type));
    std::string text = map_text(value);
    MapEntry entry = read_map_entry(name, text, owned);
    EXPECT_FALSE(entry.malformed) << text;
    EXPECT_EQ(entry.key, "key");
    ASSERT_TRUE(entry.value);
    EXPECT_EQ(*entry.value, value) << text;
  }
  EXPECT_FALSE(has_exact_text({ValueType::real, 0xfff8000000000001ULL, {}}));
  EXPECT_FALSE(has_exact_text({}));
}

TEST(MapText, ShowsNestedValuesAsJson) {
  NestedBuilder inner, outer;
  inner.add("k\"", ValueView::of_real(1.5));
  outer.add(ValueView::of_string("a\n"));
  outer.add(ValueView::of_int(-7));
  outer.add(ValueView::of_bool(false));
  outer.add(ValueView{});
  outer.add(ValueView::of_bytes("\x0f"));
  outer.add(ValueView::of_real(std::nan("")));
  outer.add(inner.finish(ValueType::kvlist));
  EXPECT_EQ(map_text(outer.finish(ValueType::array)), R"(["a\n",-7,false,null,"0f","nan",{"k\"":1.5}])");
}

TEST(MapText, RefusesTextOfAnotherType) {
  const std::pair<const char*, const char*> cases[] = {
      {"k:int", ""},       {"k:int", "1x"},    {"k:int", "99999999999999999999"},
      {"k:double", "one"}, {"k:double", ""},   {"k:double", "nan(7)"},
      {"k:bool", "1"},     {"k:bytes", "abc"}, {"k:bytes", "zz"}};
  for (auto [name, text] : cases) {
    std::string owned;
    EXPECT_TRUE(read_map_entry(name, text, owned).malformed) << name << " " << text;
  }
}

TEST(BlockSchema, KnowsUuidsAndHexThatComeBackIdentical) {
  const std::string uuid = "0123abcd-4567-89ef-0123-456789abcdef";
  EXPECT_TRUE(is_uuid_text(uuid));
  std::string packed, back;
  append_packed_hex(packed, uuid);
  ASSERT_EQ(packed.size(), 16U);
  append_uuid_text(back, packed);
  EXPECT_EQ(back, uuid);
  for (const char* other : {"0123ABCD-4567-89ef-0123-456789abcdef", "0123abcd-4567-89ef-0123-456789abcde",
                            "0123abcd04567-89ef-0123-456789abcdef", "{123abcd-4567-89ef-0123-456789abcdef", ""}) {
    EXPECT_FALSE(is_uuid_text(other)) << other;
  }
  EXPECT_TRUE(is_hex_text("0123456789abcdef"));
  for (const char* other : {"0123456789abcde", "0123456789ABCDEF", "0123456789abcdeg1", "abcd", ""}) {
    EXPECT_FALSE(is_hex_text(other)) << other;
  }
}

TEST(BlockSchema, NamesColumnsByScopeKeyAndType) {
  EXPECT_EQ(attribute_column_name(Scope::span, "http.route", ColumnType::text), "span.http.route");
  EXPECT_EQ(attribute_column_name(Scope::resource, "process.pid", ColumnType::integer), "resource.process.pid:int");
  EXPECT_TRUE(ends_in_suffix("code:int"));
  EXPECT_FALSE(ends_in_suffix("code:integer"));
  EXPECT_EQ(fixed_leaves().size(), kFixedLeaves);
}

}  // namespace
}  // namespace clew::store
