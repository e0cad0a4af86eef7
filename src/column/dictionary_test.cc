#include "column/dictionary.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "column/vocabulary.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ValueDictionary, TypesAndBitsTellValuesApart) {
  const ValueView values[] = {ValueView{},
                              ValueView::of_string("1"),
                              ValueView::of_bytes("1"),
                              ValueView::of_bool(true),
                              ValueView::of_int(1),
                              ValueView::of_real(1),
                              ValueView::of_real(0.0),
                              ValueView::of_real(-0.0),
                              ValueView::of_real(__builtin_nan("")),
                              ValueView::of_array("1"),
                              ValueView::of_kvlist("1"),
                              ValueView::of_string(""),
                              ValueView::of_bool(false),
                              ValueView::of_int(0)};
  ValueDictionary dictionary;
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < std::size(values); ++i) {
      EXPECT_EQ(dictionary.intern(values[i]), i);
      EXPECT_EQ(dictionary.at(i), values[i]);
      EXPECT_EQ(dictionary.find(values[i]), i);
    }
  }
  EXPECT_EQ(dictionary.size(), std::size(values));
  EXPECT_EQ(dictionary.find(ValueView::of_int(2)), kNoCode);
}

TEST(ValueDictionary, StepsFindAndEnterAsOneCallDoes) {
  ValueDictionary dictionary;
  std::vector<std::string> texts;
  for (size_t length = 0; length < 40; ++length) texts.push_back(std::string(length, 'x'));
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < texts.size(); ++i) {
      ValueView value = ValueView::of_string(texts[i]);
      uint64_t hash = ValueDictionary::hash_of(value);
      dictionary.prefetch_slot(hash);
      uint32_t likely = dictionary.prefetch_entry(hash);
      dictionary.prefetch_text(likely);
      ASSERT_EQ(dictionary.intern(value, hash, likely), i);
      ASSERT_EQ(dictionary.at(i), value);
    }
  }
}

TEST(ValueDictionary, EntriesNeverMove) {
  ValueDictionary dictionary;
  std::vector<std::string_view> views;
  for (uint32_t i = 0; i < 5000; ++i) {
    std::string text = fmt::format("text {}", i);
    ASSERT_EQ(dictionary.intern(ValueView::of_string(text)), i);
    views.push_back(dictionary.at(i).text);
  }
  for (uint32_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(dictionary.at(i).text.data(), views[i].data());
    ASSERT_EQ(views[i], fmt::format("text {}", i));
  }
}

TEST(ValueDictionary, PlainOnesHaveSeveralCodesForAValue) {
  ValueDictionary dictionary;
  auto text = [](const char* t) { return ValueView::of_string(t); };
  dictionary.intern(text("a"));
  dictionary.intern(text("b"));
  EXPECT_FALSE(dictionary.is_plain());
  EXPECT_EQ(dictionary.append(text("a")), 2);
  EXPECT_EQ(dictionary.append(text("c")), 3);
  EXPECT_EQ(dictionary.append(text("c")), 4);
  EXPECT_TRUE(dictionary.is_plain());
  auto codes_of = [&](const char* t) {
    std::vector<uint32_t> codes;
    dictionary.find(text(t), codes);
    return codes;
  };
  EXPECT_THAT(codes_of("a"), ElementsAre(0, 2));
  EXPECT_THAT(codes_of("b"), ElementsAre(1));
  EXPECT_THAT(codes_of("c"), ElementsAre(3, 4));
  EXPECT_THAT(codes_of("d"), IsEmpty());
  EXPECT_EQ(dictionary.intern(text("c")), 3) << "intern() still finds what is there";
}

TEST(ValueDictionary, PlaceFillsHolesOnce) {
  ValueDictionary dictionary;
  EXPECT_TRUE(dictionary.place(3, ValueView::of_string("three")));
  EXPECT_EQ(dictionary.size(), 4);
  EXPECT_EQ(dictionary.at(1), ValueView{});
  EXPECT_TRUE(dictionary.place(1, ValueView::of_int(1)));
  EXPECT_TRUE(dictionary.place(1, ValueView::of_int(1))) << "the same again";
  EXPECT_FALSE(dictionary.place(1, ValueView::of_int(2)));
  EXPECT_EQ(dictionary.find(ValueView::of_string("three")), 3);
  EXPECT_EQ(dictionary.find(ValueView::of_int(1)), 1);
}

TEST(ValueDictionary, APlacedEntryThatWasHashedIsFoundOnce) {
  ValueDictionary dictionary;
  dictionary.intern(ValueView::of_string(""));
  dictionary.place(0, ValueView::of_string(""));
  dictionary.place(1, ValueView::of_string("x"));
  std::vector<uint32_t> codes;
  dictionary.find(ValueView::of_string(""), codes);
  EXPECT_THAT(codes, ElementsAre(0));
}

TEST(TupleDictionary, InternsWholeLists) {
  TupleDictionary tuples;
  const std::vector<uint32_t> lists[] = {{}, {1}, {1, 2}, {2, 1}, std::vector<uint32_t>(5000, 7)};
  for (int round = 0; round < 2; ++round) {
    for (uint32_t i = 0; i < std::size(lists); ++i) {
      EXPECT_EQ(tuples.intern(lists[i]), i);
      EXPECT_THAT(tuples.at(i), testing::ElementsAreArray(lists[i]));
      EXPECT_EQ(tuples.find(lists[i]), i);
    }
  }
  EXPECT_EQ(tuples.find(std::vector<uint32_t>{9}), kNoCode);
  EXPECT_TRUE(tuples.place(7, std::vector<uint32_t>{4, 4}));
  EXPECT_THAT(tuples.at(6), IsEmpty());
  EXPECT_TRUE(tuples.place(6, std::vector<uint32_t>{5}));
  EXPECT_FALSE(tuples.place(6, std::vector<uint32_t>{6}));
}

TEST(Vocabulary, KeysAreNamesInScopes) {
  Vocabulary vocabulary;
  uint32_t span = vocabulary.intern_key({Scope::span, "k"});
  uint32_t resource = vocabulary.intern_key({Scope::resource, "k"});
  std::string long_name(3000, 'n');
  uint32_t longer = vocabulary.intern_key({Scope::event, long_name});
  EXPECT_NE(span, resource);
  EXPECT_EQ(vocabulary.intern_key({Scope::span, "k"}), span);
  EXPECT_EQ(vocabulary.key_at(resource), (KeyView{Scope::resource, "k"}));
  EXPECT_EQ(vocabulary.key_at(longer), (KeyView{Scope::event, long_name}));
  EXPECT_EQ(vocabulary.find_key({Scope::event, long_name}), longer);
  EXPECT_EQ(vocabulary.find_key({Scope::link, "k"}), kNoCode);
  vocabulary.values(span).intern(ValueView::of_int(1));
  EXPECT_EQ(vocabulary.values(resource).size(), 0);
}

// One writer interns, readers look up and read whatever is there.
TEST(Vocabulary, IsReadWhileItGrows) {
  Vocabulary vocabulary;
  constexpr uint32_t kValues = 20'000;
  constexpr uint32_t kKeys = 40;
  std::atomic<bool> done{false};
  std::atomic<uint32_t> wrong{0};
  std::vector<std::thread> readers;
  for (int r = 0; r < 2; ++r) {
    readers.emplace_back([&] {
      while (!done.load()) {
        for (uint32_t k = 0; k < kKeys; ++k) {
          uint32_t key = vocabulary.find_key({Scope::span, fmt::format("key {}", k)});
          if (key == kNoCode) break;
          const ValueDictionary& values = vocabulary.values(key);
          uint32_t size = values.size();
          if (size == 0) continue;
          std::string last = fmt::format("value {} of {}", size - 1, k);
          if (values.at(size - 1).text != last) wrong.fetch_add(1);
          // The table may lag behind the entries, but what is found is right.
          uint32_t found = values.find(ValueView::of_string(last));
          if (found != kNoCode && values.at(found).text != last) wrong.fetch_add(1);
        }
      }
    });
  }
  for (uint32_t i = 0; i < kValues; ++i) {
    uint32_t k = i % kKeys;
    uint32_t key = vocabulary.intern_key({Scope::span, fmt::format("key {}", k)});
    vocabulary.values(key).intern(ValueView::of_string(fmt::format("value {} of {}", i / kKeys, k)));
  }
  done.store(true);
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0);
  EXPECT_EQ(vocabulary.key_count(), kKeys);
}

}  // namespace
}  // namespace clew
