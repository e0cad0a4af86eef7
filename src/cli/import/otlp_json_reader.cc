// OTLP JSON: one ExportTraceServiceRequest (or TracesData) a line, or one over many lines.
#include <fmt/format.h>

#include "cli/import/json_documents.h"
#include "cli/import/span_reader.h"
#include "env/clock.h"

namespace clew::cli {
namespace {

class OtlpJsonReader final : public SpanReader {
 public:
  explicit OtlpJsonReader(ByteWindow window) : documents_(std::move(window)), decoder_(*this) {}

  Result<Piece> next(SpanBatch& batch) override {
    ASSIGN_OR_RETURN(JsonDocuments::Document document, documents_.next());
    if (document.line == 0) return Piece{};
    Piece piece{Piece::Kind::spans, fmt::format("line {}", document.line), {}};
    Status decoded = decoder_.decoder().decode_json(document.text, env::system_clock().unix_ns(), batch);
    if (!decoded) {
      piece.kind = Piece::Kind::bad;
      piece.fault = decoded.error().message;
    }
    return piece;
  }
  std::string_view format() const override { return "OTLP JSON"; }

 private:
  JsonDocuments documents_;
  ImportDecoder decoder_;
};

}  // namespace

std::unique_ptr<SpanReader> otlp_json_reader(ByteWindow window) {
  return std::make_unique<OtlpJsonReader>(std::move(window));
}

}  // namespace clew::cli
