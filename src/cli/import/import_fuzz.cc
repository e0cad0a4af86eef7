// Any bytes as a file of spans: every piece is read or refused, and what was read joins into requests.
#include "base/check.h"
#include "cli/import/request_batch.h"
#include "cli/import/span_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using clew::cli::SpanReader;
  auto reader = clew::cli::open_spans(clew::cli::bytes_of(std::string(reinterpret_cast<const char*>(data), size)));
  if (!reader || !*reader) return 0;
  clew::SpanBatch batch;
  clew::cli::RequestBatch requests;
  while (true) {
    auto piece = (*reader)->next(batch);
    if (!piece || piece->kind == SpanReader::Piece::Kind::end) return 0;
    if (piece->kind == SpanReader::Piece::Kind::bad) {
      CHECK(!piece->fault.empty());
      continue;
    }
    if (requests.add(piece->request, piece->encoding, batch.rows.size())) continue;
    requests.take();
    CHECK(requests.add(piece->request, piece->encoding, batch.rows.size()));
  }
}
