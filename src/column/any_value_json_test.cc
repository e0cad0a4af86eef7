#include "column/any_value_json.h"

#include <gtest/gtest.h>

#include <limits>

#include "column/nested.h"

namespace clew {
namespace {

TEST(AnyValueJson, WritesEveryKindOfValue) {
  NestedBuilder array;
  array.add(ValueView::of_string("a"));
  array.add(ValueView::of_int(-1));
  NestedBuilder list;
  list.add("k", array.finish(ValueType::array));
  struct Case {
    ValueView value;
    const char* json;
  };
  for (const Case& c : {
           Case{{}, "{}"},
           Case{ValueView::of_string("a\n"), R"({"stringValue":"a\n"})"},
           Case{ValueView::of_bool(false), R"({"boolValue":false})"},
           Case{ValueView::of_int(-9'223'372'036'854'775'807), R"({"intValue":"-9223372036854775807"})"},
           Case{ValueView::of_real(0.1), R"({"doubleValue":0.1})"},
           Case{ValueView::of_real(std::numeric_limits<double>::quiet_NaN()), R"({"doubleValue":"NaN"})"},
           Case{ValueView::of_real(-std::numeric_limits<double>::infinity()), R"({"doubleValue":"-Infinity"})"},
           Case{ValueView::of_bytes(std::string_view("\x00\xff", 2)), R"({"bytesValue":"AP8="})"},
           Case{array.finish(ValueType::array), R"({"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"-1"}]}})"},
           Case{list.finish(ValueType::kvlist),
                R"({"kvlistValue":{"values":[{"key":"k","value":{"arrayValue":{"values":[{"stringValue":"a"},)"
                R"({"intValue":"-1"}]}}}]}})"},
       }) {
    std::string out;
    append_any_value(out, c.value);
    EXPECT_EQ(out, c.json);
  }
}

}  // namespace
}  // namespace clew
