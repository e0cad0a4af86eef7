// The first span: one trace of two spans, sent to where the OTEL_* variables say (by default to this machine).
#include <clew/trace.h>

#include <string>

namespace {

auto tracer = clew::tracer("hello");

void charge(const std::string& card) {
  auto span = tracer.start("charge card", clew::kClient);
  span.set("card.type", "debit").set("amount", 12.5);
  if (card.size() != 16) span.fail("not the number of a card: " + card);
}

}  // namespace

int main(int argc, char** argv) {
  auto span = tracer.start("checkout", clew::kServer);
  span.set("cart.items", 3);
  charge(argc > 1 ? argv[1] : "4242424242424242");
}
