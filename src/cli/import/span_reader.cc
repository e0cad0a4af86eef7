#include "cli/import/span_reader.h"

#include <fmt/format.h>

namespace clew::cli {
namespace {

bool begins_like_protobuf(std::string_view bytes) {
  constexpr char kResourceSpans = 0x0a;
  constexpr size_t kLengthBytes = 4;
  if (bytes.front() == kResourceSpans) return true;
  // The Collector's file exporter: a length of four bytes before each message.
  return bytes.size() > kLengthBytes && bytes.front() == 0 && bytes[kLengthBytes] == kResourceSpans;
}

}  // namespace

Result<std::unique_ptr<SpanReader>> open_spans(std::unique_ptr<ByteSource> source) {
  constexpr size_t kLookBytes = 4096;
  ASSIGN_OR_RETURN(auto plain, decompressed(std::move(source)));
  ByteWindow window(std::move(plain));
  TRY(window.fill(kLookBytes));
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (window.view().starts_with(kByteOrderMark)) window.consume(kByteOrderMark.size());
  std::string_view begin = window.view();
  if (begin.empty()) return std::unique_ptr<SpanReader>();
  // A line break is also protobuf's first byte, so what follows it decides.
  size_t text = begin.find_first_not_of(" \t\r\n");
  if (text == std::string_view::npos && window.at_end()) return std::unique_ptr<SpanReader>();
  if (text != std::string_view::npos && begin[text] == '{' && text + 1 < begin.size()) {
    size_t key = begin.find_first_not_of(" \t\r\n", text + 1);
    if (key == std::string_view::npos || begin[key] == '"' || begin[key] == '}')
      return otlp_json_reader(std::move(window));
  }
  if (begins_like_protobuf(begin)) return otlp_protobuf_reader(std::move(window));
  if (text != std::string_view::npos && begin[text] == '{') return otlp_json_reader(std::move(window));
  if (text != std::string_view::npos && begin[text] == '[') {
    return invalid(
        "a JSON list is none of the formats that can be imported (OTLP as JSON or protobuf, plain, .gz or .zst)");
  }
  return invalid("the format is not recognised: OTLP as JSON or protobuf can be imported, plain, .gz or .zst");
}

wire::OtlpDecoder& ImportDecoder::decoder() {
  if (decoder_ && decoder_->allocated_bytes() > kMaxDictionaryBytes) replace();
  if (!decoder_) {
    Limits limits;
    limits.request_bytes = SIZE_MAX;
    decoder_ = std::make_unique<wire::OtlpDecoder>(limits);
  }
  return *decoder_;
}

void ImportDecoder::replace() {
  if (decoder_ && owner_.on_forget) owner_.on_forget(decoder_->vocabulary());
  decoder_.reset();
}

}  // namespace clew::cli
