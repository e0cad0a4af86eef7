#include "cli/import/span_reader.h"

#include <fmt/format.h>

namespace clew::cli {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

bool begins_like_json(std::string_view bytes) {
  size_t text = bytes.find_first_not_of(kSpace);
  if (text == std::string_view::npos || (bytes[text] != '{' && bytes[text] != '[')) return false;
  size_t next = bytes.find_first_not_of(kSpace, text + 1);
  if (next == std::string_view::npos) return text + 1 < bytes.size();
  std::string_view follows = bytes[text] == '{' ? "\"}" : "{[]";
  return follows.find(bytes[next]) != std::string_view::npos;
}

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
  size_t text = begin.find_first_not_of(kSpace);
  if (text == std::string_view::npos && window.at_end()) return std::unique_ptr<SpanReader>();
  if (begins_like_json(begin)) return json_reader(std::move(window));
  if (begins_like_protobuf(begin)) return otlp_protobuf_reader(std::move(window));
  if (text != std::string_view::npos && begin[text] == '{') return json_reader(std::move(window));
  return invalid(
      "the format is not recognised: OTLP as JSON or protobuf, and Jaeger's, Zipkin's and console exporters' JSON can "
      "be imported, plain, .gz or .zst");
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
