#include "clew/trace_state.h"

#include <gtest/gtest.h>

#include <string>

namespace clew {
namespace {

std::string parsed(std::string_view header) {
  return std::string(TraceState::parse(header).header());
}

std::string members(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += (i ? ",k" : "k") + std::to_string(i) + "=v";
  return text;
}

TEST(TraceStateTest, KeepsWhatIsValid) {
  const struct {
    std::string header, kept;
  } cases[] = {
      {"", ""},
      {"foo=1", "foo=1"},
      {"foo=1,bar=2", "foo=1,bar=2"},
      {"foo=1 \t , \t bar=2, \t baz=3", "foo=1,bar=2,baz=3"},
      {"\t foo=1 \t", "foo=1"},
      {" ", ""},
      {",", ""},
      {",,foo=1,,", "foo=1"},
      {"foo=1,", "foo=1"},
      {"foo=1, ,bar=2", "foo=1,bar=2"},
      {"foo= 1", "foo= 1"},
      {"foo=a b", "foo=a b"},
      {"0foo=1", "0foo=1"},
      {"foo@@bar=1", "foo@@bar=1"},
      {"foo@bar@baz=1", "foo@bar@baz=1"},
      {"a-z0-9_-*/=1", "a-z0-9_-*/=1"},
      {std::string(256, 'k') + "=1", std::string(256, 'k') + "=1"},
      {"k=" + std::string(256, 'v'), "k=" + std::string(256, 'v')},
      {members(32), members(32)},
      {members(32) + ",", members(32)},
  };
  for (const auto& c : cases) EXPECT_EQ(parsed(c.header), c.kept) << c.header;
}

TEST(TraceStateTest, OneBadMemberEmptiesIt) {
  const std::string cases[] = {
      "foo",
      "=1",
      "foo=",
      "foo= ",
      "foo =1",
      "FOO=1",
      "foo.bar=1",
      "@foo=1",
      "_foo=1",
      "foo=1=2",
      "foo=1\x7f",
      "foo=\xc3\xa9",
      "foo=a\tb",
      "foo=1,foo=1",
      "foo=1,bar=2,foo=3",
      std::string(257, 'k') + "=1",
      "k=" + std::string(257, 'v'),
      members(33),
  };
  for (const std::string& header : cases) {
    EXPECT_EQ(parsed(header), "") << header;
    EXPECT_EQ(parsed("good=1," + header), "") << header;
  }
}

TEST(TraceStateTest, EveryCharacterOfAValue) {
  for (int c = 1; c < 256; ++c) {
    const std::string header = "k=a" + std::string(1, char(c)) + "b";
    const bool allowed = c >= 0x20 && c < 0x7f && c != '=' && c != ',';
    EXPECT_EQ(parsed(header), allowed ? header : "") << c;
  }
}

TEST(TraceStateTest, Gets) {
  const TraceState state = TraceState::parse("foo=1,foobar=2,bar=3");
  EXPECT_EQ(state.get("foo"), "1");
  EXPECT_EQ(state.get("foobar"), "2");
  EXPECT_EQ(state.get("bar"), "3");
  for (const char* none : {"fo", "oo", "ba", "", "1", "foo=1", "bar=3"}) {
    EXPECT_EQ(state.get(none).data(), nullptr) << none;
  }
}

TEST(TraceStateTest, Changes) {
  const TraceState state = TraceState::parse("a=1,b=2,c=3");
  EXPECT_EQ(state.with("b", "9").header(), "b=9,a=1,c=3");
  EXPECT_EQ(state.with("z", "9").header(), "z=9,a=1,b=2,c=3");
  EXPECT_EQ(TraceState().with("z", "9").header(), "z=9");
  EXPECT_EQ(state.without("b").header(), "a=1,c=3");
  EXPECT_EQ(state.without("x").header(), "a=1,b=2,c=3");
  EXPECT_TRUE(TraceState::parse("a=1").without("a").empty());
  EXPECT_EQ(state.header(), "a=1,b=2,c=3");
}

TEST(TraceStateTest, RefusesToAddWhatIsNotValid) {
  const TraceState state = TraceState::parse("a=1");
  for (const char* key : {"", "A", "@a", "a b", "a=b", "a,b"}) EXPECT_EQ(state.with(key, "1").header(), "a=1") << key;
  for (const char* value : {"", "a,b", "a=b", "a ", "\n"}) EXPECT_EQ(state.with("k", value).header(), "a=1") << value;
  EXPECT_EQ(state.with("k", std::string(257, 'v')).header(), "a=1");
  EXPECT_EQ(state.with(std::string(257, 'k'), "v").header(), "a=1");
}

TEST(TraceStateTest, MembersFromTheRightGoWhenThereAreTooMany) {
  const TraceState full = TraceState::parse(members(TraceState::kMaxMembers));
  const TraceState more = full.with("new", "1");
  EXPECT_EQ(more.header(), "new=1," + members(31));
  EXPECT_EQ(full.with("k31", "1").header(), "k31=1," + members(31)) << "one that was there takes no more room";
}

TEST(TraceStateTest, TheLargestThereIs) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    const std::string number = std::to_string(100 + i);
    text += (i ? "," : "") + number + std::string(253, 'k') + "=" + std::string(256, 'v');
  }
  EXPECT_EQ(parsed(text), text);
  EXPECT_EQ(parsed(" " + text), text);
}

}  // namespace
}  // namespace clew
