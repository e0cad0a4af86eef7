#include "traceql/program.h"

#include "traceql/print.h"

namespace clew::traceql {

Result<std::unique_ptr<Program>> Program::make(const Query& query, const Attribute* also) {
  auto program = std::unique_ptr<Program>(new Program(query));
  const auto* pipelines = std::get_if<PipelineExpression>(&query.body);
  if (pipelines == nullptr) return fail(ErrorCode::unimplemented, "a metrics query is not a search");
  TRY(program->add(*pipelines));
  if (also != nullptr) program->add(*also);
  return program;
}

void Program::add(const Attribute& attribute) {
  auto [known, is_new] = by_name_.try_emplace(print(attribute), attributes_.size());
  if (is_new) attributes_.push_back(&attribute);
  slots_.emplace(&attribute, known->second);
}

namespace {

// Beyond what every copy of a span has.
bool is_around_spans(Intrinsic intrinsic) {
  switch (intrinsic) {
    case Intrinsic::status_message:
    case Intrinsic::event_name:
    case Intrinsic::event_time_since_start:
    case Intrinsic::link_trace_id:
    case Intrinsic::link_span_id:
    case Intrinsic::instrumentation_name:
    case Intrinsic::instrumentation_version: return true;
    default: return false;
  }
}

}  // namespace

SpanParts Program::parts() const {
  SpanParts out{false, {"service.name"}};
  for (const Attribute* attribute : attributes_) {
    if (attribute->is_intrinsic()) {
      if (is_around_spans(attribute->intrinsic)) return {};
      continue;
    }
    // Without a scope it may be one of an event or a link.
    if (!attribute->scope || attribute->scope == Scope::event || attribute->scope == Scope::link) return {};
    out.keys.push_back(attribute->name);
  }
  return out;
}

Status Program::add(const FieldExpression& expression) {
  if (const auto* attribute = std::get_if<Attribute>(&expression.node)) {
    add(*attribute);
  } else if (const auto* unary = std::get_if<Unary>(&expression.node)) {
    TRY(add(*unary->operand));
  } else if (const auto* binary = std::get_if<Binary>(&expression.node)) {
    TRY(add(*binary->left));
    TRY(add(*binary->right));
    if (is_regex(binary->op)) {
      const auto* pattern = std::get_if<Literal>(&binary->right->node);
      if (pattern == nullptr) return invalid("the right side of a regular expression match is not a literal");
      auto regex = Regex::compile(pattern->as_string());
      if (!regex) return invalid(regex.error());
      regexes_.emplace(binary, std::move(*regex));
    }
  } else if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    for (const FieldExpression& operand : junction->operands) TRY(add(operand));
  }
  return {};
}

Status Program::add(const SpansetExpression& expression) {
  if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) {
    filters_.push_back(filter);
    return filter->condition ? add(*filter->condition) : Status{};
  }
  const auto& binary = std::get<SpansetBinary>(expression.node);
  TRY(add(*binary.left));
  return add(*binary.right);
}

Status Program::add(const ScalarExpression& expression) {
  if (const auto* aggregate = std::get_if<Aggregate>(&expression.node)) {
    return aggregate->operand ? add(*aggregate->operand) : Status{};
  }
  if (const auto* binary = std::get_if<ScalarBinary>(&expression.node)) {
    TRY(add(*binary->left));
    return add(*binary->right);
  }
  if (const auto* scalar = std::get_if<ScalarPipeline>(&expression.node)) {
    TRY(add(*scalar->pipeline));
    return scalar->aggregate.operand ? add(*scalar->aggregate.operand) : Status{};
  }
  return {};
}

Status Program::add(const Pipeline& pipeline) {
  for (const PipelineElement& element : pipeline.elements) {
    if (const auto* spansets = std::get_if<SpansetExpression>(&element.node)) {
      TRY(add(*spansets));
    } else if (const auto* filter = std::get_if<ScalarFilter>(&element.node)) {
      TRY(add(filter->left));
      TRY(add(filter->right));
    } else if (const auto* group = std::get_if<GroupBy>(&element.node)) {
      TRY(add(group->key));
    } else if (const auto* select = std::get_if<Select>(&element.node)) {
      for (const FieldExpression& field : select->fields) TRY(add(field));
    }
  }
  return {};
}

Status Program::add(const PipelineExpression& expression) {
  if (const auto* pipeline = std::get_if<Pipeline>(&expression.node)) return add(*pipeline);
  const auto& binary = std::get<PipelineBinary>(expression.node);
  TRY(add(*binary.left));
  return add(*binary.right);
}

}  // namespace clew::traceql
