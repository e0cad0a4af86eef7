// Files with spans, whatever their format: each reader turns one into batches. The family's members are listed in
// open_spans(), which recognises a format by its content.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/import/byte_source.h"
#include "cli/otlp_sender.h"
#include "column/span_batch.h"
#include "wire/otlp.h"

namespace clew::cli {

// Used by one thread.
class SpanReader {
 public:
  virtual ~SpanReader() = default;

  struct Piece {
    enum class Kind { spans, bad, end } kind = Kind::end;
    std::string where;  // "line 17", "request 3"
    std::string fault;  // of a bad piece, which is left out; the next one may be good
    // The OTLP request that the batch was decoded from; valid until the next call.
    std::string_view request;
    OtlpEncoding encoding = OtlpEncoding::protobuf;
  };
  // Overwrites the batch, whose vocabulary is the reader's. An error ends the file: it cannot be read any further.
  virtual Result<Piece> next(SpanBatch& batch) = 0;

  // Called before a vocabulary that was given out dies, and by then all its batches must be done with.
  std::function<void(const Vocabulary&)> on_forget;
};

// Nothing: the file is empty. invalid_argument when no format is recognised.
Result<std::unique_ptr<SpanReader>> open_spans(std::unique_ptr<ByteSource> source);

std::unique_ptr<SpanReader> json_reader(ByteWindow window);
std::unique_ptr<SpanReader> otlp_protobuf_reader(ByteWindow window);

// A decoder that is replaced when its dictionaries have grown beyond a limit.
class ImportDecoder {
 public:
  static constexpr size_t kMaxDictionaryBytes = size_t{64} << 20;

  explicit ImportDecoder(SpanReader& owner) : owner_(owner) {}
  ~ImportDecoder() { replace(); }
  // The decoder for the next piece.
  wire::OtlpDecoder& decoder();

 private:
  void replace();

  SpanReader& owner_;
  std::unique_ptr<wire::OtlpDecoder> decoder_;
};

}  // namespace clew::cli
