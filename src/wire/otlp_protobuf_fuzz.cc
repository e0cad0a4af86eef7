#include "wire/decode_twice_for_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const clew::Limits& limits : {clew::Limits{}, clew::wire::fuzz_limits()}) {
    clew::wire::check_round_trip(limits, [&](clew::wire::OtlpDecoder& decoder, clew::SpanBatch& batch) {
      return decoder.decode_protobuf(body, 1, batch).has_value();
    });
  }
  return 0;
}
