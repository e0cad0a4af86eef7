#include "traceql/leaf_condition.h"

#include <algorithm>
#include <bit>
#include <ranges>

#include "traceql/evaluate.h"

namespace clew::traceql {
namespace {

// The attribute that the expression depends on, if it is one alone. Null for everything else.
const Attribute* single_attribute(const FieldExpression& expression) {
  if (const auto* attribute = std::get_if<Attribute>(&expression.node)) return attribute;
  const auto* binary = std::get_if<Binary>(&expression.node);
  if (binary == nullptr || !is_comparison(binary->op)) return nullptr;
  const auto* left = std::get_if<Attribute>(&binary->left->node);
  const auto* right = std::get_if<Attribute>(&binary->right->node);
  if (left != nullptr && std::holds_alternative<Literal>(binary->right->node)) return left;
  if (right != nullptr && std::holds_alternative<Literal>(binary->left->node)) return right;
  return nullptr;
}

bool attribute_is_left(const Binary& binary) {
  return std::holds_alternative<Attribute>(binary.left->node);
}

Operator mirrored(Operator op) {
  switch (op) {
    case Operator::less: return Operator::greater;
    case Operator::less_equal: return Operator::greater_equal;
    case Operator::greater: return Operator::less;
    case Operator::greater_equal: return Operator::less_equal;
    default: return op;
  }
}

template <typename T>
bool holds_for_some(Operator op, T least, T most, T bound) {
  switch (op) {
    case Operator::equal: return least <= bound && bound <= most;
    case Operator::not_equal: return least != bound || most != bound;
    case Operator::less: return least < bound;
    case Operator::less_equal: return least <= bound;
    case Operator::greater: return most > bound;
    case Operator::greater_equal: return most >= bound;
    default: return true;
  }
}

FieldValue value_of(NumberColumn column, int64_t number) {
  if (column == NumberColumn::status) return FieldValue::of(static_cast<StatusCode>(number));
  if (column == NumberColumn::kind) return FieldValue::of(static_cast<SpanKind>(number));
  return FieldValue::of_duration(number);
}

}  // namespace

Result<std::unique_ptr<LeafCondition>> LeafCondition::make(UnitFields& fields, const FieldExpression& expression) {
  const Attribute* attribute = single_attribute(expression);
  if (attribute == nullptr) return std::unique_ptr<LeafCondition>();
  size_t slot = fields.program().slot(*attribute);
  auto out = std::unique_ptr<LeafCondition>(new LeafCondition(fields, expression));
  if (fields.source(slot) == Source::columns) {
    TRY(out->judge_columns(slot));
  } else if (fields.source(slot) == Source::number && std::holds_alternative<Binary>(expression.node)) {
    TRY(out->judge_numbers(fields.number(slot)));
  } else {
    out.reset();
  }
  return out;
}

Result<bool> LeafCondition::judge(const FieldValue& value) const {
  if (std::holds_alternative<Attribute>(expression_.node)) return value.is_true();
  const auto& binary = std::get<Binary>(expression_.node);
  return holds(binary, fields_.program(), attribute_is_left(binary), value);
}

std::optional<std::string_view> LeafCondition::equal_text() const {
  const auto* binary = std::get_if<Binary>(&expression_.node);
  if (binary == nullptr || binary->op != Operator::equal) return std::nullopt;
  const auto& literal = std::get<Literal>((attribute_is_left(*binary) ? binary->right : binary->left)->node);
  if (literal.type != Type::string) return std::nullopt;
  return literal.as_string();
}

Status LeafCondition::judge_columns(size_t slot) {
  ASSIGN_OR_RETURN(absent_, judge(FieldValue{}));
  is_possible_ = absent_;
  share_ = absent_ ? 1 : 0;
  for (const auto& column : fields_.columns(slot)) {
    Column& tested = columns_.emplace_back(Column{column, {}, {}});
    TRY(judge_column(tested));
    is_possible_ |= !tested.codes.empty();
  }
  share_ = std::min(share_, 1.0);
  return {};
}

Status LeafCondition::judge_column(Column& column) {
  const Unit& unit = fields_.unit();
  const ColumnId id = column.column.id;
  // Several values of a row are one list; which of its elements count is for evaluate() to say.
  const bool is_multi = column.column.is_multi;
  auto holds_for_entry = [&](const FieldValue& value) -> Result<bool> {
    if (!is_multi || !value.is_many || value.items.empty()) return judge(value);
    for (const FieldValue& item : value.items) {
      ASSIGN_OR_RETURN(bool verdict, judge(item));
      if (verdict) return true;
    }
    return false;
  };
  if (is_multi) is_exact_ = false;
  if (auto text = equal_text()) {
    TRY(unit.find(id, ValueView::of_string(*text), column.codes));
    std::vector<uint32_t> arrays;
    TRY(unit.array_codes(id, arrays));
    for (uint32_t code : arrays) {
      ASSIGN_OR_RETURN(ValueView value, unit.value(id, code));
      ASSIGN_OR_RETURN(bool verdict, holds_for_entry(FieldValue::of(value)));
      if (verdict) column.codes.push_back(code);
    }
    std::ranges::sort(column.codes);
    share_ += column.codes.empty() ? 0 : 0.02;
  } else {
    uint32_t entries = 0;
    const auto* binary = std::get_if<Binary>(&expression_.node);
    if (binary != nullptr && is_regex(binary->op) && !is_multi) {
      ASSIGN_OR_RETURN(entries, judge_by_regex(*binary, column));
    } else {
      ASSIGN_OR_RETURN(entries, unit.entries(id));
      for (uint32_t code = 0; code < entries; ++code) {
        ASSIGN_OR_RETURN(bool verdict, holds_for_entry(FieldValue::of(unit.entry(id, code))));
        if (verdict) column.codes.push_back(code);
      }
    }
    if (entries > 0) share_ += static_cast<double>(column.codes.size()) / entries;
  }
  if (!column.codes.empty()) column.by_code.resize(column.codes.back() + 1);
  for (uint32_t code : column.codes) column.by_code[code] = 1;
  return {};
}

// Of dictionaries that do not grow the answer is the same each time it is asked.
Result<uint32_t> LeafCondition::judge_by_regex(const Binary& regex, Column& column) {
  const Unit& unit = fields_.unit();
  const ColumnId id = column.column.id;
  const auto& pattern = std::get<Literal>(regex.right->node);
  const std::string question = (regex.op == Operator::regex_match ? "=~" : "!~") + std::string(pattern.as_string());
  ASSIGN_OR_RETURN(auto known, unit.known_codes(id, question));
  if (known) {
    column.codes = std::move(known->codes);
    return known->entries;
  }
  ASSIGN_OR_RETURN(uint32_t entries, unit.entries(id));
  TRY(judge_texts(regex, column, entries));
  unit.keep_codes(id, question, {entries, column.codes});
  return entries;
}

// Of texts that were judged in another unit only the numbers are looked at.
Status LeafCondition::judge_texts(const Binary& regex, Column& column, uint32_t entries) {
  using Known = RegexVerdicts::Known;
  constexpr uint32_t kAtOnce = 256;
  const Unit& unit = fields_.unit();
  const Regex& matcher = fields_.program().regex(regex);
  const bool wanted = regex.op == Operator::regex_match;
  std::array<uint32_t, kAtOnce> numbers;
  std::array<Known, kAtOnce> before;
  std::array<ValueView, kAtOnce> values;
  std::array<std::string_view, kAtOnce> texts;
  std::array<bool, kAtOnce> matches;
  for (uint32_t first = 0; first < entries; first += kAtOnce) {
    const uint32_t count = std::min(kAtOnce, entries - first);
    ASSIGN_OR_RETURN(uint64_t numbering,
                     unit.text_numbers_from(column.column.id, first, std::span(numbers).first(count)));
    std::vector<Known>& known = fields_.verdicts().of_numbers(matcher, numbering);
    auto known_of = [&](uint32_t i) { return numbers[i] < known.size() ? known[numbers[i]] : Known::unknown; };
    if (numbering == 0) numbers.fill(kNoCode);
    for (uint32_t i = 0; i < count; ++i) before[i] = known_of(i);
    size_t text_count = 0;
    if (std::find(before.begin(), before.begin() + count, Known::unknown) != before.begin() + count) {
      unit.entries_from(column.column.id, first, std::span(values).first(count));
      for (uint32_t i = 0; i < count; ++i) {
        if (before[i] == Known::unknown && values[i].type == ValueType::string) texts[text_count++] = values[i].text;
      }
      fields_.verdicts().judge(matcher, std::span(texts).first(text_count), matches.data());
    }
    for (uint32_t i = 0, text = 0; i < count; ++i) {
      bool verdict = false;
      if (before[i] != Known::unknown) {
        verdict = (before[i] == Known::yes) == wanted;
      } else if (values[i].type == ValueType::string) {
        const bool does_match = matches[text++];
        verdict = does_match == wanted;
        if (numbers[i] != kNoCode) {
          if (known.size() <= numbers[i]) known.resize(std::bit_ceil(size_t{numbers[i]} + 1));
          known[numbers[i]] = does_match ? Known::yes : Known::no;
        }
      } else {
        ASSIGN_OR_RETURN(verdict, judge(FieldValue::of(values[i])));
      }
      if (verdict) column.codes.push_back(first + i);
    }
  }
  return {};
}

Status LeafCondition::judge_numbers(NumberColumn number) {
  const auto& binary = std::get<Binary>(expression_.node);
  number_ = number;
  op_ = attribute_is_left(binary) ? binary.op : mirrored(binary.op);
  bound_ = FieldValue::of(std::get<Literal>((attribute_is_left(binary) ? binary.right : binary.left)->node));
  if (number == NumberColumn::duration_ns && is_numeric(bound_.type)) {
    is_possible_ = true;
    share_ = op_ == Operator::equal ? 0.01 : 0.3;
    return {};
  }
  // Of a duration, beside what is no number, all are alike.
  size_t satisfied = 0;
  for (size_t i = 0; i < verdicts_.size(); ++i) {
    ASSIGN_OR_RETURN(bool verdict, judge(value_of(number, static_cast<int64_t>(i))));
    verdicts_[i] = verdict;
    satisfied += verdict;
  }
  is_possible_ = satisfied > 0;
  share_ = satisfied == 0 ? 0 : satisfied == 1 ? 0.2 : 0.8;
  return {};
}

bool LeafCondition::is_possible(uint32_t page) const {
  if (!is_possible_ || absent_) return is_possible_;
  const Unit& unit = fields_.unit();
  if (!number_) {
    return std::ranges::any_of(columns_, [&](const Column& column) {
      if (column.codes.empty()) return false;
      return column.column.is_multi || unit.page_may_contain(column.column.id, page, column.codes);
    });
  }
  auto [least, most] = unit.page_number_range(*number_, page);
  if (*number_ == NumberColumn::duration_ns && is_numeric(bound_.type)) {
    if (bound_.type != Type::real) return holds_for_some(op_, least, most, bound_.integer);
    return holds_for_some(op_, static_cast<double>(least), static_cast<double>(most), bound_.real);
  }
  if (*number_ == NumberColumn::duration_ns) return true;
  if (least > most) return false;
  auto begin = static_cast<size_t>(std::clamp<int64_t>(least, 0, 255));
  auto end = static_cast<size_t>(std::clamp<int64_t>(most, 0, 255)) + 1;
  return std::any_of(verdicts_.begin() + static_cast<ptrdiff_t>(begin), verdicts_.begin() + static_cast<ptrdiff_t>(end),
                     [](uint8_t verdict) { return verdict != 0; });
}

Status LeafCondition::test(RowRange rows, RowBits& out) {
  return number_ ? test_numbers(rows, out) : test_columns(rows, out);
}

Status LeafCondition::test_several_values(const Column& column, RowRange rows, RowBits& out) {
  TRY(fields_.unit().multi_codes(column.column.id, rows, begins_, codes_));
  for (size_t i = 0; i < rows.size(); ++i) {
    if (begins_[i] == begins_[i + 1]) continue;
    bool verdict = false;
    for (uint32_t at = begins_[i]; at < begins_[i + 1]; ++at) {
      verdict |= codes_[at] < column.by_code.size() && column.by_code[codes_[at]] != 0;
    }
    uint64_t bit = uint64_t{1} << i % 64;
    out[i / 64] = verdict ? out[i / 64] | bit : out[i / 64] & ~bit;
  }
  return {};
}

Status LeafCondition::test_columns(RowRange rows, RowBits& out) {
  fill_bits(out, rows.size(), absent_);
  RowBits present;
  RowBits verdicts;
  // The first column that has a value decides, so the later ones are applied first and overwritten.
  for (const Column& column : std::ranges::reverse_view(columns_)) {
    if (column.column.is_multi) {
      TRY(test_several_values(column, rows, out));
      continue;
    }
    codes_.resize(rows.size());
    TRY(fields_.unit().codes(column.column.id, rows, codes_.data()));
    const bool is_alone = columns_.size() == 1 && !absent_;
    RowBits& to = is_alone ? out : verdicts;
    if (column.codes.size() == 1) {
      test_values(codes_.data(), rows.size(), to,
                  [wanted = column.codes.front()](uint32_t code) { return code == wanted; });
    } else {
      test_values(codes_.data(), rows.size(), to,
                  [by_code = column.by_code.data(), known = column.by_code.size()](uint32_t code) {
                    return code < known && by_code[code] != 0;
                  });
    }
    if (is_alone) return {};
    test_values(codes_.data(), rows.size(), present, [](uint32_t code) { return code != kNoCode; });
    for (size_t i = 0; i < out.size(); ++i) out[i] = (out[i] & ~present[i]) | verdicts[i];
  }
  return {};
}

template <typename Bound>
void LeafCondition::compare(Bound bound, RowBits& out) const {
  auto each = [&](auto&& holds_for) {
    test_values(numbers_.data(), numbers_.size(), out,
                [=](int64_t number) { return holds_for(static_cast<Bound>(number)); });
  };
  switch (op_) {
    case Operator::equal: return each([=](Bound v) { return v == bound; });
    case Operator::not_equal: return each([=](Bound v) { return v != bound; });
    case Operator::less: return each([=](Bound v) { return v < bound; });
    case Operator::less_equal: return each([=](Bound v) { return v <= bound; });
    case Operator::greater: return each([=](Bound v) { return v > bound; });
    default: return each([=](Bound v) { return v >= bound; });
  }
}

Status LeafCondition::test_numbers(RowRange rows, RowBits& out) {
  numbers_.resize(rows.size());
  TRY(fields_.unit().numbers(*number_, rows, numbers_.data()));
  if (*number_ != NumberColumn::duration_ns) {
    test_values(numbers_.data(), rows.size(), out,
                [this](int64_t number) { return verdicts_[static_cast<uint8_t>(number)] != 0; });
  } else if (bound_.type == Type::real) {
    compare(bound_.real, out);
  } else if (is_numeric(bound_.type)) {
    compare(bound_.integer, out);
  } else {
    fill_bits(out, rows.size(), verdicts_[0] != 0);
  }
  return {};
}

}  // namespace clew::traceql
