#include <fmt/format.h>

#include "traceql/check.h"
#include "traceql/print.h"
#include "traceql/regex.h"

namespace clew::traceql {
namespace {

bool accepts(Operator op, Type type) {
  if (type == Type::any) return true;
  if (op == Operator::equal || op == Operator::not_equal) return true;
  if (is_regex(op)) return type == Type::string;
  if (is_comparison(op)) return is_numeric(type) || type == Type::string;
  return is_numeric(type);
}

bool comparable(Type a, Type b) {
  return a == Type::any || b == Type::any || a == b || (is_numeric(a) && is_numeric(b));
}

const Literal* as_literal(const FieldExpression& expression) {
  return std::get_if<Literal>(&expression.node);
}

bool is_nil(const FieldExpression& expression) {
  const Literal* literal = as_literal(expression);
  return literal && literal->type == Type::nil;
}

bool is_always_present(const Attribute& attribute) {
  if (attribute.of_parent || attribute.intrinsic == Intrinsic::parent) return false;
  return attribute.is_intrinsic() || (attribute.scope == Scope::resource && attribute.name == "service.name");
}

// What to write when a name of a closed set stands in quotes: { status = "error" }.
std::string unquoted_hint(const Binary& binary, Type left, Type right) {
  const Literal* literal = as_literal(right == Type::string ? *binary.right : *binary.left);
  Type other = right == Type::string ? left : right;
  if (!literal || literal->type != Type::string) return {};
  if (other == Type::status) return "statuses are ok, error and unset, without quotes";
  if (other == Type::kind)
    return "kinds are server, client, internal, producer, consumer and unspecified, without quotes";
  if (is_numeric(other)) return "numbers and durations are written without quotes";
  return {};
}

}  // namespace

Type Checker::field(const FieldExpression& expression) {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) return literal->type;
  if (const auto* name = std::get_if<Attribute>(&expression.node)) return attribute(*name);
  if (const auto* prefixed = std::get_if<Unary>(&expression.node)) return unary(*prefixed, expression.where);
  if (const auto* joined = std::get_if<Binary>(&expression.node)) return binary(*joined, expression.where);
  return junction(std::get<Junction>(expression.node));
}

Type Checker::attribute(const Attribute& attribute) {
  bool of_parent = attribute.of_parent || attribute.intrinsic == Intrinsic::parent;
  if (of_parent && !support_.parent) {
    unsupported(attribute.where, fmt::format("{} is not yet supported", print(attribute)),
                "the structural operators > and < relate spans to their parents");
  }
  return type_of(attribute);
}

Type Checker::unary(const Unary& unary, SourceRange where) {
  Type type = field(*unary.operand);
  bool minus = unary.op == Prefix::minus;
  if (type == Type::any) return minus ? Type::any : Type::boolean;
  if (minus ? !is_numeric(type) : type != Type::boolean) {
    invalid(where, fmt::format("{} does not fit a {}", minus ? "-" : "!", name_of(type)),
            minus ? "" : "to negate a comparison, put it in parentheses: !(…)");
  }
  return minus ? type : Type::boolean;
}

Type Checker::binary(const Binary& binary, SourceRange where) {
  Type left = field(*binary.left);
  Type right = field(*binary.right);
  Type result = is_comparison(binary.op) ? Type::boolean : left == Type::any ? right : left;
  if (is_nil(*binary.left) || is_nil(*binary.right)) {
    compared_with_nil(binary, where);
    return result;
  }
  for (Type side : {left, right}) {
    if (accepts(binary.op, side)) continue;
    invalid(where, fmt::format("{} does not fit a {}", symbol_of(binary.op), name_of(side)),
            is_regex(binary.op) ? "regexes match strings" : "");
    return result;
  }
  if (!comparable(left, right)) {
    invalid(where, fmt::format("{} joins a {} and a {}", symbol_of(binary.op), name_of(left), name_of(right)),
            unquoted_hint(binary, left, right));
    return result;
  }
  if (is_regex(binary.op)) regex(binary);
  return result;
}

void Checker::compared_with_nil(const Binary& binary, SourceRange where) {
  const FieldExpression& other = is_nil(*binary.left) ? *binary.right : *binary.left;
  if (binary.op != Operator::equal && binary.op != Operator::not_equal) {
    return invalid(where, fmt::format("{} does not fit nil", symbol_of(binary.op)), "nil is compared by = or !=");
  }
  if (const auto* name = std::get_if<Attribute>(&other.node)) {
    if (binary.op == Operator::equal && is_always_present(*name)) {
      invalid(where, fmt::format("{} is always present, it is never nil", print(*name)));
    }
    return;
  }
  if (const Literal* literal = as_literal(other); literal && literal->type != Type::nil) {
    invalid(where, fmt::format("{} joins a {} and nil", symbol_of(binary.op), name_of(literal->type)));
  }
}

void Checker::regex(const Binary& binary) {
  const Literal* pattern = as_literal(*binary.right);
  if (!pattern) {
    return invalid(binary.right->where, fmt::format("the right side of {} must be a string", symbol_of(binary.op)));
  }
  auto compiled = Regex::compile(pattern->as_string());
  if (!compiled)
    invalid(binary.right->where, std::move(compiled.error()), "the syntax is that of RE2, matched to the whole value");
}

Type Checker::junction(const Junction& run) {
  for (const FieldExpression& operand : run.operands) {
    Type type = field(operand);
    if (type == Type::any || type == Type::boolean) continue;
    invalid(operand.where,
            fmt::format("{} joins conditions, this is a {}", run.conjunction ? "&&" : "||", name_of(type)),
            type == Type::string ? "repeat the attribute: .a = \"x\" || .a = \"y\"" : "");
  }
  return Type::boolean;
}

void Checker::filter(const SpansetFilter& filter) {
  if (!filter.condition) return;
  Type type = field(*filter.condition);
  if (type == Type::boolean || type == Type::any) return;
  invalid(filter.condition->where, fmt::format("a filter needs a condition, this is a {}", name_of(type)),
          refers_to_span(*filter.condition) ? "compare it with something" : "");
}

}  // namespace clew::traceql
