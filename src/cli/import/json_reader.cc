// JSON: documents of any format, each recognised by itself. OTLP's is decoded as it stands; the others become an OTLP
// request first.
#include <fmt/format.h>

#include "cli/import/json_documents.h"
#include "cli/import/json_formats.h"
#include "cli/import/span_reader.h"
#include "env/clock.h"

namespace clew::cli {
namespace {

// Without a look at the whole document: OTLP comes in the largest files.
bool begins_like_otlp(std::string_view text) {
  constexpr std::string_view kKey = "\"resourceSpans\"";
  size_t key = text.find_first_not_of(" \t\r\n", 1);
  return text.starts_with('{') && key != std::string_view::npos && text.substr(key).starts_with(kKey);
}

bool is_otlp(Json document) {
  simdjson::dom::object members;
  return !document.get(members) && (members.size() == 0 || !members["resourceSpans"].error());
}

class JsonReader final : public SpanReader {
 public:
  explicit JsonReader(ByteWindow window) : documents_(std::move(window)), decoder_(*this) {}

  Result<Piece> next(SpanBatch& batch) override {
    ASSIGN_OR_RETURN(JsonDocuments::Document document, documents_.next());
    if (document.line == 0) return Piece{};
    Piece piece{Piece::Kind::spans, fmt::format("line {}", document.line), {}, {}, OtlpEncoding::json};
    Status decoded = begins_like_otlp(document.text) ? decode_otlp(document.text, piece, batch)
                                                     : decode(document.text, piece, batch);
    if (!decoded) {
      piece.kind = Piece::Kind::bad;
      piece.fault = decoded.error().message;
    }
    return piece;
  }

 private:
  Status decode_otlp(std::string_view text, Piece& piece, SpanBatch& batch) {
    piece.request = text;
    return decoder_.decoder().decode_json(text, env::system_clock().unix_ns(), batch);
  }

  Status decode(std::string_view text, Piece& piece, SpanBatch& batch) {
    Json document;
    // The decoder says where it is no JSON.
    if (parser_.parse(text.data(), text.size()).get(document) || is_otlp(document)) {
      return decode_otlp(text, piece, batch);
    }
    for (const JsonFormat& format : json_formats()) {
      if (!format.recognises(document)) continue;
      OtlpRequestWriter writer;
      TRY(format.convert(document, writer));
      request_ = writer.take();
      piece.request = request_;
      piece.encoding = OtlpEncoding::protobuf;
      return decoder_.decoder().decode_protobuf(request_, env::system_clock().unix_ns(), batch);
    }
    std::string names = "OTLP JSON";
    for (const JsonFormat& format : json_formats()) names += fmt::format(", {}", format.name);
    return invalid(fmt::format("this JSON is none of the formats that can be imported: {}", names));
  }

  JsonDocuments documents_;
  ImportDecoder decoder_;
  simdjson::dom::parser parser_;
  std::string request_;
};

}  // namespace

std::unique_ptr<SpanReader> json_reader(ByteWindow window) {
  return std::make_unique<JsonReader>(std::move(window));
}

}  // namespace clew::cli
