// Any bytes: parse, check, print; what parsed must print as text that parses to an equal tree with the same verdict.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "traceql/print.h"
#include "traceql/query.h"

namespace {

using namespace clew::traceql;

// Canonical text may be longer, and nested deeper, than what it stands for.
constexpr ParseLimits kWide{.text_bytes = size_t{4} << 20, .nesting = 2000, .tree_height = 4000};

Verdict verdict_of(const Query& query, Support support) {
  auto refused = check(query, support);
  if (!refused) return Verdict::valid;
  CHECK(!render(*refused, query.text).empty());
  return refused->kind;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  auto query = parse(text);
  if (!query) {
    CHECK(query.error().kind == Verdict::parse_error);
    CHECK(query.error().where.end <= text.size());
    CHECK(!render(query.error(), text).empty());
    return 0;
  }
  std::string canonical = print(*query);
  auto again = parse(canonical, kWide);
  CHECK(again.has_value());
  CHECK(print(*again) == canonical);
  CHECK(print(*again, Parentheses::everywhere) == print(*query, Parentheses::everywhere));
  for (Support support : {Support{}, Support::tempo()})
    CHECK(verdict_of(*query, support) == verdict_of(*again, support));
  return 0;
}
