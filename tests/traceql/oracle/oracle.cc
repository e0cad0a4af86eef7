// The engine against the definition (plain_engine.h): random data in random pieces, random queries; both must agree.
// CLEW_ORACLE_SEED and CLEW_ORACLE_ROUNDS choose others and more.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "column/snapshot.h"
#include "plain_engine.h"
#include "plain_value.h"
#include "random_cases.h"
#include "traceql/attribute_values.h"
#include "traceql/print.h"

namespace clew::traceql::oracle {
namespace {

uint64_t setting(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// How the spans are kept.
struct Layout {
  uint64_t forms = 0;  // bit by part: sealed
  uint32_t page_rows = 4;
};

Snapshot stored(const std::vector<PlainSpan>& spans, const Layout& layout) {
  size_t parts = 0;
  for (const PlainSpan& span : spans) parts = std::max(parts, span.part + 1);
  std::vector<std::shared_ptr<const Unit>> units;
  for (size_t part = parts; part-- > 0;) {
    units.push_back(unit_of(spans, part, layout.forms >> part & 1 ? Form::sealed : Form::live, layout.page_rows));
  }
  return {std::move(units), std::make_shared<ReadBudget>()};
}

struct Outcome {
  std::string difference;  // empty: they agree
  bool answered = false;   // with some trace
};

Outcome compare_answers(const std::vector<PlainSpan>& spans, const Snapshot& snapshot, const Query& query,
                        const SearchOptions& options) {
  PlainAnswer expected = plain_search(spans, query, options);
  auto found = search(snapshot, query, options);
  Outcome out;
  if (!found) {
    bool own = found.error().code == ErrorCode::invalid_argument && expected.fails;
    if (!own) out.difference = "the engine fails: " + found.error().message;
    return out;
  }
  // What fails somewhere need not be looked at by an engine that has its answer.
  if (expected.fails) return out;
  std::string texts[2];
  for (const std::string& trace : expected.traces) texts[0] += trace;
  for (const FoundTrace& trace : found->traces) texts[1] += text_of(trace);
  if (texts[0] != texts[1]) out.difference = fmt::format("expected:\n{}found:\n{}", texts[0], texts[1]);
  out.answered = !expected.traces.empty();
  return out;
}

bool differs(const std::vector<PlainSpan>& spans, const Layout& layout, const std::string& text,
             const SearchOptions& options) {
  auto query = parse(text);
  if (!query || check(*query)) return false;
  return !compare_answers(spans, stored(spans, layout), *query, options).difference.empty();
}

// Smaller queries inside a query.
void pieces_of(const FieldExpression& condition, std::vector<std::string>& out) {
  out.push_back("{ " + print(condition) + " }");
  const auto* junction = std::get_if<Junction>(&condition.node);
  if (junction == nullptr) return;
  for (const FieldExpression& operand : junction->operands) pieces_of(operand, out);
}

void pieces_of(const SpansetExpression& expression, std::vector<std::string>& out) {
  out.push_back(print(expression));
  if (const auto* binary = std::get_if<SpansetBinary>(&expression.node)) {
    pieces_of(*binary->left, out);
    pieces_of(*binary->right, out);
    for (const char* left : {"{ }", "{ true }"}) {
      out.push_back(fmt::format("{} {} ({})", left, symbol_of(binary->op), print(*binary->right)));
      out.push_back(fmt::format("({}) {} {}", print(*binary->left), symbol_of(binary->op), left));
    }
  } else if (const auto& condition = std::get<SpansetFilter>(expression.node).condition) {
    pieces_of(*condition, out);
  }
}

void pieces_of(const PipelineExpression& expression, std::vector<std::string>& out) {
  if (const auto* binary = std::get_if<PipelineBinary>(&expression.node)) {
    pieces_of(*binary->left, out);
    pieces_of(*binary->right, out);
    return;
  }
  for (const PipelineElement& element : std::get<Pipeline>(expression.node).elements) {
    if (const auto* spansets = std::get_if<SpansetExpression>(&element.node)) pieces_of(*spansets, out);
  }
}

// Leaves out what the difference does not need.
std::string smallest(std::vector<PlainSpan> spans, const Layout& layout, std::string text,
                     const SearchOptions& options) {
  for (bool smaller = true; smaller;) {
    smaller = false;
    std::vector<std::string> pieces;
    pieces_of(std::get<PipelineExpression>(parse(text)->body), pieces);
    for (const std::string& piece : pieces) {
      if (piece.size() >= text.size() || !differs(spans, layout, piece, options)) continue;
      text = piece;
      smaller = true;
      break;
    }
    for (size_t i = spans.size(); i-- > 0 && spans.size() > 1;) {
      std::vector<PlainSpan> fewer = spans;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      if (!differs(fewer, layout, text, options)) continue;
      spans = std::move(fewer);
      smaller = true;
    }
    for (size_t i = 0; i < spans.size(); ++i) {
      for (auto member : {&PlainSpan::attributes, &PlainSpan::resource, &PlainSpan::library_attributes}) {
        if ((spans[i].*member).empty()) continue;
        std::vector<PlainSpan> plainer = spans;
        (plainer[i].*member).clear();
        if (differs(plainer, layout, text, options)) spans = std::move(plainer);
      }
    }
  }
  auto query = parse(text);
  return fmt::format("query {}\nlimit {}, {} of a spanset, range {} {}, sealed parts {:#b}, pages of {}\n{}{}", text,
                     options.limit, options.spans_per_spanset, options.start_ns, options.end_ns, layout.forms,
                     layout.page_rows, text_of(spans),
                     compare_answers(spans, stored(spans, layout), *query, options).difference);
}

SearchOptions random_options(RandomCases& random, const std::vector<PlainSpan>& spans) {
  SearchOptions options;
  options.limit = random.one_in(3) ? static_cast<uint32_t>(1 + random.below(3)) : 100;
  options.spans_per_spanset = random.one_in(3) ? static_cast<uint32_t>(1 + random.below(3)) : 100;
  if (!random.one_in(4)) return options;
  options.start_ns = spans[random.below(spans.size())].start_ns + random.below(3) - 1;
  options.end_ns = options.start_ns + random.below(200) * 1'000'000;
  return options;
}

TEST(Oracle, AgreesOnRandomDataAndQueries) {
  const uint64_t seed = setting("CLEW_ORACLE_SEED", 1);
  const uint64_t rounds = setting("CLEW_ORACLE_ROUNDS", 150);
  constexpr uint64_t kQueriesPerRound = 60;
  uint64_t asked = 0, answered = 0, refused = 0;
  for (uint64_t round = seed; round < seed + rounds; ++round) {
    RandomCases random(round);
    std::vector<PlainSpan> spans = random.spans(1 + random.below(4));
    Layout layout{random.below(16), static_cast<uint32_t>(1 + random.below(9))};
    Snapshot snapshot = stored(spans, layout);
    for (uint64_t i = 0; i < kQueriesPerRound; ++i) {
      std::string text = random.query(spans);
      SearchOptions options = random_options(random, spans);
      auto query = parse(text);
      ASSERT_TRUE(query) << text << "\n" << query.error().message();
      if (check(*query)) {
        ++refused;
        continue;
      }
      Outcome outcome = compare_answers(spans, snapshot, *query, options);
      ++asked;
      answered += outcome.answered;
      if (!outcome.difference.empty()) {
        FAIL() << "CLEW_ORACLE_SEED=" << round << " CLEW_ORACLE_ROUNDS=1\n" << smallest(spans, layout, text, options);
      }
    }
  }
  RecordProperty("asked", std::to_string(asked));
  RecordProperty("answered", std::to_string(answered));
  // Else the cases say nothing.
  EXPECT_GT(answered * 4, asked);
  EXPECT_GT(asked, refused * 4);
}

TEST(Oracle, AgreesOnValuesUnderAFilter) {
  const uint64_t seed = setting("CLEW_ORACLE_SEED", 1);
  const uint64_t rounds = setting("CLEW_ORACLE_ROUNDS", 150) / 4;
  uint64_t asked = 0, answered = 0;
  for (uint64_t round = seed; round < seed + rounds; ++round) {
    RandomCases random(round);
    // Of a trace in several units parts are judged: here there is one.
    std::vector<PlainSpan> spans = random.spans(1);
    Layout layout{random.below(2), static_cast<uint32_t>(1 + random.below(9))};
    Snapshot snapshot = stored(spans, layout);
    for (int i = 0; i < 40; ++i) {
      auto query = parse(random.filter(spans));
      auto tag = parse(fmt::format("{{ {} != nil }}", random.tag()));
      ASSERT_TRUE(query && tag);
      if (check(*query)) continue;
      const auto& attribute = std::get<Attribute>(std::get<Binary>(only_filter(*tag)->condition->node).left->node);
      bool fails = false;
      auto expected = plain_values(spans, *query, attribute, fails);
      auto found = attribute_values(snapshot, *query, attribute, {});
      if (fails) continue;
      ASSERT_TRUE(found) << found.error().message;
      ASSERT_TRUE(found->is_complete);
      std::vector<std::string> lines;
      for (const ValueCount& value : found->values)
        lines.push_back(fmt::format("{} {}", text_of(value.value), value.spans));
      std::ranges::sort(lines);
      std::ranges::sort(expected);
      ++asked;
      answered += !expected.empty();
      ASSERT_EQ(lines, expected) << "CLEW_ORACLE_SEED=" << round << " CLEW_ORACLE_ROUNDS=4\n"
                                 << query->text << " of " << tag->text << "\n"
                                 << text_of(spans);
    }
  }
  EXPECT_GT(answered * 4, asked);
}

TEST(Oracle, ValuesAreBounded) {
  RandomCases random(7);
  std::vector<PlainSpan> spans = random.spans(2);
  Snapshot snapshot = stored(spans, {0b01, 4});
  auto query = parse("{ }");
  Attribute name{Intrinsic::name, false, {}, {}, {}};
  auto all = attribute_values(snapshot, *query, name, {});
  ASSERT_TRUE(all);
  ASSERT_GT(all->values.size(), 2U);
  EXPECT_TRUE(all->is_complete);
  for (ValuesOptions options : {ValuesOptions{.max_values = 2}, ValuesOptions{.max_bytes = 1}}) {
    auto some = attribute_values(snapshot, *query, name, options);
    ASSERT_TRUE(some);
    EXPECT_FALSE(some->is_complete);
    EXPECT_LE(some->values.size(), 2U);
  }
}

}  // namespace
}  // namespace clew::traceql::oracle
