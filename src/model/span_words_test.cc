#include "model/span_words.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace clew {
namespace {

using testing::ElementsAre;

template <typename Word>
std::vector<std::string> names(int count) {
  std::vector<std::string> out;
  for (int i = 0; i < count; ++i) out.emplace_back(name_of(static_cast<Word>(i)));
  return out;
}

TEST(SpanWords, NamesByOtlpsNumbers) {
  EXPECT_THAT(names<SpanKind>(6), ElementsAre("unspecified", "internal", "server", "client", "producer", "consumer"));
  EXPECT_THAT(names<StatusCode>(3), ElementsAre("unset", "ok", "error"));
  EXPECT_THAT(names<Scope>(kScopes), ElementsAre("span", "resource", "event", "link", "instrumentation"));
}

TEST(SpanWords, NumbersBeyondTheSet) {
  EXPECT_EQ(name_of(static_cast<SpanKind>(200)), "unspecified");
  EXPECT_EQ(name_of(static_cast<StatusCode>(3)), "unset");
}

}  // namespace
}  // namespace clew
