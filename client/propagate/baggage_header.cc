// https://www.w3.org/TR/baggage: key=value;properties,…
#include "propagate/header_text.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr std::string_view kBaggage = "baggage";

class BaggagePropagator : public Propagator {
 public:
  Context extract(const HeaderReader& headers, const Context& base) const noexcept override {
    std::string_view values[Baggage::kMaxEntries];
    unsigned count = headers.get(kBaggage, values, Baggage::kMaxEntries);
    if (count == 0) return base;
    if (count > Baggage::kMaxEntries) count = Baggage::kMaxEntries;
    Baggage baggage = base.baggage();
    for (unsigned i = 0; i < count; ++i) baggage = added(baggage, Baggage::parse(values[i]));
    return base.with(baggage);
  }

  void inject(const Context& context, HeaderWriter& headers) const noexcept override {
    if (context.baggage().empty()) return;
    char text[Baggage::kMaxBytes];
    headers.set(kBaggage, {text, context.baggage().to_header(text)});
  }

  List<const std::string_view> fields() const noexcept override {
    static constexpr std::string_view kNames[] = {kBaggage};
    return names(kNames);
  }
};

}  // namespace
}  // namespace detail

std::shared_ptr<Propagator> baggage_propagator() noexcept {
  return std::make_shared<detail::BaggagePropagator>();
}

CLEW_END
