// OTLP protobuf: messages with a length of four bytes (big-endian) before each, as the Collector's file exporter writes
// them, or one message, which is read ResourceSpans by ResourceSpans, so that a file of any size fits into memory.
#include <fmt/format.h>

#include "cli/import/span_reader.h"
#include "env/clock.h"

namespace clew::cli {
namespace {

constexpr size_t kMaxMessageBytes = size_t{512} << 20;
constexpr char kResourceSpansTag = 0x0a;
// Small ResourceSpans are decoded together.
constexpr size_t kBatchBytes = 256 << 10;

class OtlpProtobufReader final : public SpanReader {
 public:
  explicit OtlpProtobufReader(ByteWindow window)
      : window_(std::move(window)), delimited_(window_.view().front() != kResourceSpansTag), decoder_(*this) {}

  Result<Piece> next(SpanBatch& batch) override {
    window_.consume(taken_);
    offset_ += taken_;
    taken_ = 0;
    TRY(window_.fill(1));
    if (window_.view().empty()) return Piece{};
    Piece piece{Piece::Kind::spans, fmt::format("byte {}", offset_), {}, {}, OtlpEncoding::protobuf};
    Result<std::string_view> message = delimited_ ? delimited_message() : some_resource_spans();
    if (!message) return std::unexpected(std::move(message.error()).context(piece.where));
    piece.request = *message;
    Status decoded = decoder_.decoder().decode_protobuf(*message, env::system_clock().unix_ns(), batch);
    if (!decoded) {
      piece.kind = Piece::Kind::bad;
      piece.fault = decoded.error().message;
    }
    return piece;
  }

 private:
  // Makes view() hold `bytes`, which belong to one message.
  Status need(size_t bytes) {
    if (bytes > kMaxMessageBytes) {
      return fail(ErrorCode::resource_exhausted, fmt::format("a message of more than {} bytes", kMaxMessageBytes));
    }
    TRY(window_.fill(bytes));
    if (window_.view().size() < bytes) return corrupt("the file ends in the middle of a message");
    return {};
  }

  Result<std::string_view> delimited_message() {
    constexpr size_t kLengthBytes = 4;
    TRY(need(kLengthBytes));
    size_t length = 0;
    for (size_t i = 0; i < kLengthBytes; ++i) length = length << 8 | static_cast<unsigned char>(window_.view()[i]);
    TRY(need(kLengthBytes + length));
    taken_ = kLengthBytes + length;
    return window_.view().substr(kLengthBytes, length);
  }

  // Tag, length and content of the field that begins at `at`; 0: the file ends there.
  Result<size_t> field_bytes(size_t at) {
    constexpr size_t kMaxHeadBytes = 1 + 10;
    TRY(window_.fill(at + kMaxHeadBytes));
    std::string_view head = window_.view().substr(std::min(at, window_.view().size()));
    if (head.empty()) return size_t{0};
    if (head.front() != kResourceSpansTag) return corrupt("this is not the protobuf of an ExportTraceServiceRequest");
    uint64_t length = 0;
    size_t i = 1;
    for (unsigned shift = 0;; shift += 7, ++i) {
      if (i >= head.size() || shift > 63) return corrupt("a field's length is malformed");
      auto byte = static_cast<unsigned char>(head[i]);
      length |= uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) break;
    }
    if (length > kMaxMessageBytes)
      return fail(ErrorCode::resource_exhausted, fmt::format("a field of {} bytes", length));
    return i + 1 + static_cast<size_t>(length);
  }

  Result<std::string_view> some_resource_spans() {
    size_t whole = 0;
    while (whole < kBatchBytes) {
      ASSIGN_OR_RETURN(size_t bytes, field_bytes(whole));
      if (bytes == 0) break;
      if (whole > 0 && whole + bytes > kBatchBytes) break;
      TRY(need(whole + bytes));
      whole += bytes;
    }
    taken_ = whole;
    return window_.view().substr(0, whole);
  }

  ByteWindow window_;
  const bool delimited_;
  ImportDecoder decoder_;
  uint64_t offset_ = 0;
  size_t taken_ = 0;
};

}  // namespace

std::unique_ptr<SpanReader> otlp_protobuf_reader(ByteWindow window) {
  return std::make_unique<OtlpProtobufReader>(std::move(window));
}

}  // namespace clew::cli
