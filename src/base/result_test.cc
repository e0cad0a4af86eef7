#include "base/result.h"

#include <gmock/gmock.h>

#include <map>
#include <memory>
#include <set>

namespace clew {
namespace {

Result<int> half(int n) {
  if (n % 2 != 0) return invalid("odd");
  return n / 2;
}

Result<int> quarter(int n) {
  ASSIGN_OR_RETURN(int once, half(n));
  ASSIGN_OR_RETURN(int twice, half(once));
  return twice;
}

Status all_even(const std::map<int, int>& numbers, int& seen) {
  for (const auto& [a, b] : numbers) {
    TRY(half(a));
    if (true) TRY(half(b));
    ++seen;
  }
  return {};
}

TEST(Result, ValuesPassAndErrorsReturnAtOnce) {
  EXPECT_EQ(quarter(12).value(), 3);
  for (int n : {3, 6}) {
    Result<int> result = quarter(n);
    ASSERT_FALSE(result) << n;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_argument);
    EXPECT_EQ(result.error().message, "odd");
  }
  int seen = 0;
  EXPECT_TRUE(all_even({{2, 4}, {6, 8}}, seen));
  EXPECT_EQ(seen, 2);
  EXPECT_FALSE(all_even({{2, 4}, {6, 7}, {8, 8}}, seen));
  EXPECT_EQ(seen, 3);
}

Result<std::unique_ptr<int>> boxed(int n) {
  ASSIGN_OR_RETURN(auto value, half(n));
  return std::make_unique<int>(value);
}

Status commas() {
  TRY(Result<std::pair<int, int>>({1, 2}));
  ASSIGN_OR_RETURN(auto both, Result<std::pair<int, int>>({1, 2}));
  return both.second == 2 ? Status() : fail(ErrorCode::internal, "lost");
}

Status move_only(int n, int& out) {
  ASSIGN_OR_RETURN(std::unique_ptr<int> box, boxed(n));
  out = *box;
  return {};
}

TEST(Result, MoveOnlyValuesAndCommasInTheExpression) {
  int out = 0;
  ASSERT_TRUE(move_only(8, out));
  EXPECT_EQ(out, 4);
  EXPECT_FALSE(move_only(7, out));
  EXPECT_TRUE(commas());
}

TEST(Result, ContextIsPrependedOnTheWayUp) {
  auto up = [](Result<int> result) -> Status { return pass(std::move(result), "block 7"); };
  Status status = up(corrupt("bad length"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::corruption);
  EXPECT_EQ(std::move(status.error()).context("opening").message, "opening: block 7: bad length");
}

TEST(Result, EveryCodeHasANameOfItsOwn) {
  std::set<std::string_view> names;
  int codes = 0;
  for (int code : {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 100}) {
    names.insert(name_of(static_cast<ErrorCode>(code)));
    ++codes;
  }
  EXPECT_EQ(static_cast<int>(names.size()), codes);
  EXPECT_EQ(name_of(ErrorCode::resource_exhausted), "resource exhausted");
  EXPECT_EQ(name_of(static_cast<ErrorCode>(99)), "unknown");
}

}  // namespace
}  // namespace clew
