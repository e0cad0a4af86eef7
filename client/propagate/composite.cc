// Several formats at once, and the list of names by which they are chosen.
#include "propagate/header_text.h"

CLEW_BEGIN
namespace detail {
namespace {

using Propagators = std::vector<std::shared_ptr<Propagator>>;

// Two headers that name the same span: what one format cannot say the other has said.
Context merged(const Context& before, Context after) noexcept {
  SpanContext span = after.span();
  if (!span.valid() || span.trace_id != before.span().trace_id || span.span_id != before.span().span_id) return after;
  if (!before.span().remote) return after;
  span.flags |= before.span().flags;
  span.debug |= before.span().debug;
  const TraceState& state = after.trace_state().empty() ? before.trace_state() : after.trace_state();
  return after.with(span, state);
}

class CompositePropagator : public Propagator {
 public:
  CompositePropagator(Propagators extract, Propagators inject) noexcept
      : extract_(std::move(extract)), inject_(std::move(inject)) {
    for (const auto& each : inject_) {
      for (std::string_view field : each->fields()) fields_.push_back(field);
    }
  }

  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    Context found = base;
    for (const auto& each : extract_) found = merged(found, each->extract(headers, found));
    return found;
  }
  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    for (const auto& each : inject_) each->inject(context, headers);
  }
  List<const std::string_view> fields() const noexcept override { return {fields_.data(), fields_.size()}; }

 private:
  Propagators extract_, inject_;
  std::vector<std::string_view> fields_;
};

struct Named {
  std::string_view name;
  std::shared_ptr<Propagator> (*make)() noexcept;
};
constexpr Named kNamed[] = {
    {"tracecontext", w3c_propagator}, {"baggage", baggage_propagator}, {"b3", b3_propagator},
    {"b3multi", b3_multi_propagator}, {"jaeger", jaeger_propagator},   {"xray", xray_propagator},
};
constexpr std::string_view kDefault = "tracecontext,baggage";

void refuse(std::string_view name, std::string* problem) noexcept {
  if (problem == nullptr) return;
  if (!problem->empty()) *problem += "; ";
  *problem += "propagator '" + std::string(name) + "' is left out: ";
  *problem += name == "ottrace" ? "OpenTracing's ot-tracer-* headers are not supported, use b3 or tracecontext"
                                : "there are tracecontext, baggage, b3, b3multi, jaeger, xray and none";
}

}  // namespace
}  // namespace detail

std::shared_ptr<Propagator> composite_propagator(std::vector<std::shared_ptr<Propagator>> all) noexcept {
  return std::make_shared<detail::CompositePropagator>(all, all);
}

std::shared_ptr<Propagator> migrating_propagator(std::vector<std::shared_ptr<Propagator>> extract,
                                                 std::shared_ptr<Propagator> inject) noexcept {
  detail::Propagators one;
  if (inject != nullptr) one.push_back(std::move(inject));
  return std::make_shared<detail::CompositePropagator>(std::move(extract), std::move(one));
}

std::shared_ptr<Propagator> propagator_from(std::string_view names, std::string* problem) noexcept {
  detail::Propagators chosen;
  bool none = false, seen[sizeof detail::kNamed / sizeof *detail::kNamed] = {};
  for (std::string_view rest = names; rest.data() != nullptr;) {
    const std::string_view name = detail::trimmed(detail::cut(rest, ','));
    bool known = name.empty() || name == "none";
    none |= name == "none";
    for (const detail::Named& each : detail::kNamed) {
      if (each.name != name) continue;
      known = true;
      if (!std::exchange(seen[&each - detail::kNamed], true)) chosen.push_back(each.make());
    }
    if (!known) detail::refuse(name, problem);
  }
  if (chosen.empty()) return none ? nullptr : propagator_from(detail::kDefault);
  return chosen.size() == 1 ? chosen.front() : composite_propagator(std::move(chosen));
}

CLEW_END
