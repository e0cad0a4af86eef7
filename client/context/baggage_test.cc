#include "clew/baggage.h"

#include <gtest/gtest.h>

#include "propagate/header_list_for_test.h"

namespace clew {
namespace {

std::string header_of(const Baggage& baggage) {
  std::string header(Baggage::kMaxBytes, '\0');
  header.resize(baggage.to_header(header.data()));
  return header;
}

TEST(BaggageTest, ReadsAndWrites) {
  const struct {
    std::string header, entries, written;
  } cases[] = {
      {"", "", ""},
      {"a=1", "a=1", "a=1"},
      {"a=1,b=2", "a=1,b=2", "a=1,b=2"},
      {" a = 1 , b=2;p;q=3 ", "a=1,b=2;p;q=3", "a=1,b=2;p;q=3"},
      {"a=", "a=", "a="},
      {"a=b=c", "a=b=c", "a=b=c"},
      {"a=%20%2C%3B%22%5c", "a= ,;\"\\", "a=%20%2C%3B%22%5C"},
      {"a=1%2B1+1", "a=1+1+1", "a=1%2B1%2B1"},
      {"a=%C3%A9", "a=\xc3\xa9", "a=%C3%A9"},
      {"a=\xc3\xa9", "a=\xc3\xa9", "a=%C3%A9"},
      {"a=%ff%41", "a=\xef\xbf\xbd\x41", "a=%EF%BF%BDA"},
      {"a=100%", "a=100%", "a=100%25"},
      {"a=%zz%4", "a=%zz%4", "a=%25zz%254"},
      {"a=1,a=2,b=3", "a=2,b=3", "a=2,b=3"},
      {"A=1,a=2", "A=1,a=2", "A=1,a=2"},
      {",,a=1,,", "a=1", "a=1"},
  };
  for (const auto& c : cases) {
    const Baggage baggage = Baggage::parse(c.header);
    EXPECT_EQ(text_of(baggage), c.entries) << c.header;
    EXPECT_EQ(header_of(baggage), c.written) << c.header;
    EXPECT_EQ(text_of(Baggage::parse(c.written)), c.entries) << c.written;
  }
}

TEST(BaggageTest, SkipsWhatCannotBeRead) {
  for (const char* bad : {"a", "=1", "a b=1", "a=1 2", "a=\"1\"", "a=1\\", "a\xc3\xa9=1", "a=1;\x01", "a(=1"}) {
    EXPECT_EQ(text_of(Baggage::parse(std::string("x=1,") + bad + ",y=2")), "x=1,y=2") << bad;
  }
}

TEST(BaggageTest, Changes) {
  const Baggage baggage = Baggage::parse("a=1,b=2;p");
  EXPECT_EQ(baggage.get("b"), "2");
  EXPECT_EQ(baggage.get("B").data(), nullptr);
  EXPECT_EQ(text_of(baggage.with("a", "x y", " q=1 ")), "b=2;p,a=x y;q=1");
  EXPECT_EQ(text_of(baggage.without("a")), "b=2;p");
  EXPECT_EQ(text_of(baggage.without("c")), "a=1,b=2;p");
  EXPECT_TRUE(Baggage::parse("a=1").without("a").empty());
  EXPECT_EQ(text_of(baggage.with("", "1")), text_of(baggage));
  EXPECT_EQ(text_of(baggage.with("a b", "1")), text_of(baggage));
  EXPECT_EQ(text_of(baggage.with("c", "1", "p,q")), text_of(baggage));
}

TEST(BaggageTest, HasAtMost64Entries) {
  std::string header;
  for (int i = 0; i < 70; ++i) header += "k" + std::to_string(i) + "=v,";
  const Baggage baggage = Baggage::parse(header);
  int count = 0;
  for (Baggage::Entry entry : baggage) {
    EXPECT_EQ(entry.key, "k" + std::to_string(count));
    ++count;
  }
  EXPECT_EQ(count, int(Baggage::kMaxEntries));
  EXPECT_EQ(baggage.with("new", "1").get("new").data(), nullptr);
  EXPECT_EQ(baggage.with("k3", "1").get("k3"), "1");
}

TEST(BaggageTest, HasAtMost8192BytesAsAHeader) {
  const std::string largest = "k=" + std::string(Baggage::kMaxBytes - 2, 'v');
  EXPECT_EQ(header_of(Baggage::parse(largest)), largest);
  EXPECT_TRUE(Baggage::parse(largest + "v").empty());
  EXPECT_EQ(text_of(Baggage::parse("a=1," + largest)), "a=1");
  // Characters that are encoded count three times.
  const Baggage wide = Baggage().with("k", std::string(2730, ' '));
  EXPECT_EQ(header_of(wide).size(), 2 + 3 * 2730u);
  EXPECT_EQ(wide.with("k", std::string(2731, ' ')).get("k").size(), 2730u);
  const std::string repaired = "k=" + std::string(8000, '\xff');
  EXPECT_TRUE(Baggage::parse(repaired).empty()) << "nine bytes for each";
  EXPECT_EQ(Baggage::parse("k=" + std::string(900, '\xff')).get("k").size(), 2700u);
}

}  // namespace
}  // namespace clew
