#include "plain_trace.h"

#include <fmt/format.h>

#include <algorithm>

#include "traceql/print.h"

namespace clew::traceql::oracle {
namespace {

Worth list_of(std::vector<Worth> items) {
  std::vector<Worth> flat;
  for (Worth& item : items) {
    if (item.form == Worth::Form::list) {
      flat.insert(flat.end(), item.items.begin(), item.items.end());
    } else {
      flat.push_back(std::move(item));
    }
  }
  if (flat.size() == 1) return flat.front();
  return {Worth::Form::list, Type::nil, 0, 0, {}, std::move(flat)};
}

const PlainValue* value_of(const PlainAttributes& attributes, const std::string& key) {
  for (const auto& [name, value] : attributes) {
    if (name == key) return &value;
  }
  return nullptr;
}

bool is_nil_literal(const FieldExpression& expression) {
  const auto* literal = std::get_if<Literal>(&expression.node);
  return literal != nullptr && literal->type == Type::nil;
}

bool is_trace_id(const FieldExpression& expression) {
  const auto* attribute = std::get_if<Attribute>(&expression.node);
  return attribute != nullptr && attribute->intrinsic == Intrinsic::trace_id;
}

// Hex digits as an id has them: 32 small ones.
Worth id_number(Worth value) {
  for (char& c : value.text) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  value.text.insert(0, 32 - std::min<size_t>(value.text.size(), 32), '0');
  return value;
}

}  // namespace

PlainTrace::PlainTrace(const std::vector<PlainSpan>& spans) {
  for (const PlainSpan& span : spans) {
    auto twin = std::ranges::find_if(
        spans_, [&](const PlainSpan& known) { return known.id == span.id && known.kind == span.kind; });
    if (twin == spans_.end()) {
      spans_.push_back(span);
    } else if (span.part < twin->part) {
      *twin = span;
    }
  }
  std::ranges::sort(spans_, {}, [](const PlainSpan& span) { return std::pair(span.start_ns, span.id); });
  relate();
}

// Of two spans that share an id (a call's client and its server, with Zipkin) children belong to the server, and the
// server to the other.
std::optional<size_t> PlainTrace::named_parent(size_t i) const {
  const PlainSpan& span = spans_[i];
  if (span.kind == SpanKind::server) {
    for (size_t other = 0; other < size(); ++other) {
      if (other != i && spans_[other].id == span.id) return other;
    }
  }
  if (span.parent == 0) return {};
  std::optional<size_t> found;
  for (size_t other = size(); other-- > 0;) {
    bool better = !found || spans_[*found].kind != SpanKind::server || spans_[other].kind == SpanKind::server;
    if (spans_[other].id == span.parent && better) found = other;
  }
  return found == i ? std::nullopt : found;
}

void PlainTrace::relate() {
  for (size_t i = 0; i < size(); ++i) parents_.push_back(named_parent(i));
  for (size_t i = 0; i < size(); ++i) {
    std::set<size_t> seen{i};
    for (size_t at = i; parents_[at]; at = *parents_[at]) {
      if (seen.insert(*parents_[at]).second) continue;
      parents_[at].reset();
      break;
    }
  }
}

const PlainSpan* PlainTrace::root() const {
  for (const PlainSpan& span : spans_) {
    if (span.parent == 0) return &span;
  }
  return nullptr;
}

uint64_t PlainTrace::start_ns() const {
  return spans_.front().start_ns;
}

uint64_t PlainTrace::end_ns() const {
  uint64_t end = 0;
  for (const PlainSpan& span : spans_) end = std::max(end, span.last_ns());
  return end;
}

void PlainTrace::number(size_t i, int64_t& next, std::vector<std::pair<int64_t, int64_t>>& out) const {
  out[i].first = next++;
  for (size_t child = 0; child < size(); ++child) {
    if (parents_[child] == i) number(child, next, out);
  }
  out[i].second = next++;
}

std::vector<std::pair<int64_t, int64_t>> PlainTrace::nested_sets() const {
  std::vector<std::pair<int64_t, int64_t>> out(size());
  int64_t next = 1;
  for (size_t i = 0; i < size(); ++i) {
    if (!parents_[i]) number(i, next, out);
  }
  return out;
}

Worth PlainTrace::scoped(Scope scope, const std::string& key, size_t i, bool& present) const {
  const PlainSpan& span = spans_[i];
  std::vector<Worth> found;
  auto look = [&](const PlainAttributes& attributes) {
    if (const PlainValue* value = value_of(attributes, key)) found.push_back(Worth::of(*value));
  };
  switch (scope) {
    case Scope::span: look(span.attributes); break;
    case Scope::resource: look(span.resource); break;
    case Scope::instrumentation: look(span.library_attributes); break;
    case Scope::event:
      for (const PlainEvent& event : span.events) look(event.attributes);
      break;
    case Scope::link:
      for (const PlainLink& link : span.links) look(link.attributes);
      break;
  }
  present = !found.empty();
  if (!present) return {};
  bool is_flat = scope != Scope::event && scope != Scope::link;
  return is_flat ? found.front() : list_of(std::move(found));
}

Worth PlainTrace::intrinsic(Intrinsic intrinsic, size_t i) const {
  const PlainSpan& span = spans_[i];
  std::vector<Worth> several;
  auto all = [&] { return several.empty() ? Worth::nil() : list_of(std::move(several)); };
  switch (intrinsic) {
    case Intrinsic::name: return Worth::of_text(span.name);
    case Intrinsic::status_message: return Worth::of_text(span.status_message);
    case Intrinsic::instrumentation_name: return Worth::of_text(span.library);
    case Intrinsic::instrumentation_version: return Worth::of_text(span.library_version);
    case Intrinsic::duration: return Worth::number(Type::duration, static_cast<int64_t>(span.duration_ns()));
    case Intrinsic::status: return Worth::number(Type::status, static_cast<int64_t>(span.status));
    case Intrinsic::kind: return Worth::number(Type::kind, static_cast<int64_t>(span.kind));
    case Intrinsic::span_id: return Worth::of_text(fmt::format("{:016x}", span.id));
    case Intrinsic::parent_id:
      return span.parent == 0 ? Worth::nil() : Worth::of_text(fmt::format("{:016x}", span.parent));
    case Intrinsic::trace_id: return Worth::of_text(fmt::format("{:016x}{:016x}", span.trace.hi, span.trace.lo));
    case Intrinsic::trace_duration: return Worth::number(Type::duration, static_cast<int64_t>(end_ns() - start_ns()));
    case Intrinsic::root_name: return root() ? Worth::of_text(root()->name) : Worth::nil();
    case Intrinsic::root_service: {
      const PlainValue* service = root() ? value_of(root()->resource, "service.name") : nullptr;
      return service && service->type == ValueType::string ? Worth::of_text(service->text) : Worth::nil();
    }
    case Intrinsic::child_count: {
      auto count = std::ranges::count(parents_, std::optional<size_t>(i));
      return Worth::number(Type::integer, count);
    }
    case Intrinsic::nested_set_left: return Worth::number(Type::integer, nested_sets()[i].first);
    case Intrinsic::nested_set_right: return Worth::number(Type::integer, nested_sets()[i].second);
    case Intrinsic::nested_set_parent:
      if (span.parent == 0) return Worth::number(Type::integer, -1);
      return Worth::number(Type::integer, parents_[i] ? nested_sets()[*parents_[i]].first : 0);
    case Intrinsic::event_name:
      for (const PlainEvent& event : span.events) several.push_back(Worth::of_text(event.name));
      return all();
    case Intrinsic::event_time_since_start:
      for (const PlainEvent& event : span.events)
        several.push_back(Worth::number(Type::duration, event.since_start_ns));
      return all();
    case Intrinsic::link_trace_id:
      for (const PlainLink& link : span.links) several.push_back(Worth::of_text(link.trace.hex()));
      return all();
    case Intrinsic::link_span_id:
      for (const PlainLink& link : span.links) several.push_back(Worth::of_text(fmt::format("{:016x}", link.span)));
      return all();
    default: return {};
  }
}

Worth PlainTrace::attribute(const Attribute& attribute, size_t i) const {
  if (attribute.is_intrinsic()) return intrinsic(attribute.intrinsic, i);
  bool present = false;
  if (attribute.scope) return scoped(*attribute.scope, attribute.name, i, present);
  for (Scope scope : {Scope::span, Scope::resource, Scope::event, Scope::link, Scope::instrumentation}) {
    Worth value = scoped(scope, attribute.name, i, present);
    if (present) return value;
  }
  return {};
}

Worth PlainTrace::evaluate(const FieldExpression& expression, size_t i, bool& fails) const {
  if (const auto* literal = std::get_if<Literal>(&expression.node)) return Worth::of(*literal);
  if (const auto* name = std::get_if<Attribute>(&expression.node)) return attribute(*name, i);
  auto truth = [](bool holds) { return Worth::number(Type::boolean, holds); };
  if (const auto* unary = std::get_if<Unary>(&expression.node)) {
    Worth value = evaluate(*unary->operand, i, fails);
    if (value.form == Worth::Form::nil) return value;
    bool negate = unary->op == Prefix::negate;
    if (negate ? !value.is_single() || value.type != Type::boolean : !value.is_number()) {
      fails = true;
      return {};
    }
    if (negate) return truth(value.integer == 0);
    __builtin_sub_overflow(int64_t{0}, value.integer, &value.integer);
    value.real = -value.real;
    return value;
  }
  if (const auto* junction = std::get_if<Junction>(&expression.node)) {
    for (const FieldExpression& operand : junction->operands) {
      bool holds = evaluate(operand, i, fails).is_true();
      if (holds != junction->conjunction) return truth(holds);
    }
    return truth(junction->conjunction);
  }
  const auto& binary = std::get<Binary>(expression.node);
  Worth left = evaluate(*binary.left, i, fails);
  Worth right = evaluate(*binary.right, i, fails);
  if (!is_comparison(binary.op)) return calculate(binary.op, left, right, fails);
  bool nils[] = {is_nil_literal(*binary.left), is_nil_literal(*binary.right)};
  if (nils[0] && nils[1]) return truth(false);
  if (nils[0] || nils[1]) {
    const Worth& other = nils[0] ? right : left;
    return truth((other.form == Worth::Form::nil) == (binary.op == Operator::equal));
  }
  if (is_regex(binary.op)) return truth(matches(binary.op, left, std::get<Literal>(binary.right->node).as_string()));
  if (is_trace_id(*binary.left) || is_trace_id(*binary.right)) {
    return truth(compare(binary.op, id_number(left), id_number(right)));
  }
  return truth(compare(binary.op, left, right));
}

namespace {

class Mentions {
 public:
  std::vector<const Attribute*> found;

  void add(const FieldExpression& expression) {
    if (const auto* attribute = std::get_if<Attribute>(&expression.node)) {
      if (seen_.insert(print(*attribute)).second) found.push_back(attribute);
    } else if (const auto* unary = std::get_if<Unary>(&expression.node)) {
      add(*unary->operand);
    } else if (const auto* binary = std::get_if<Binary>(&expression.node)) {
      add(*binary->left);
      add(*binary->right);
    } else if (const auto* junction = std::get_if<Junction>(&expression.node)) {
      for (const FieldExpression& operand : junction->operands) add(operand);
    }
  }
  void add(const SpansetExpression& expression) {
    if (const auto* filter = std::get_if<SpansetFilter>(&expression.node)) {
      if (filter->condition) add(*filter->condition);
      return;
    }
    add(*std::get<SpansetBinary>(expression.node).left);
    add(*std::get<SpansetBinary>(expression.node).right);
  }
  void add(const ScalarExpression& expression) {
    const auto* aggregate = std::get_if<Aggregate>(&expression.node);
    if (aggregate && aggregate->operand) add(*aggregate->operand);
  }
  void add(const PipelineExpression& expression) {
    if (const auto* binary = std::get_if<PipelineBinary>(&expression.node)) {
      add(*binary->left);
      add(*binary->right);
      return;
    }
    for (const PipelineElement& element : std::get<Pipeline>(expression.node).elements) {
      if (const auto* spansets = std::get_if<SpansetExpression>(&element.node)) add(*spansets);
      if (const auto* group = std::get_if<GroupBy>(&element.node)) add(group->key);
      if (const auto* filter = std::get_if<ScalarFilter>(&element.node)) add(filter->left);
      if (const auto* select = std::get_if<Select>(&element.node)) {
        for (const FieldExpression& field : select->fields) add(field);
      }
    }
  }

 private:
  std::set<std::string> seen_;
};

}  // namespace

std::vector<const Attribute*> mentioned(const Query& query) {
  Mentions mentions;
  mentions.add(std::get<PipelineExpression>(query.body));
  return std::move(mentions.found);
}

}  // namespace clew::traceql::oracle
