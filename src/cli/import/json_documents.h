// The JSON documents of a file, one after the other: one a line (JSON lines), or documents over many lines.
//
// Which of the two is decided at the first document: when its first line is complete, or the second line begins another
// object, every line is a document of its own, so that a broken line costs only itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/import/byte_source.h"

namespace clew::cli {

class JsonDocuments {
 public:
  static constexpr size_t kMaxDocumentBytes = size_t{512} << 20;

  explicit JsonDocuments(ByteWindow window) : window_(std::move(window)) {}

  struct Document {
    uint64_t line = 0;      // of its first character, from 1; 0: the file has ended
    std::string_view text;  // valid until the next call
  };
  // resource_exhausted when one is longer than the limit; other errors are the source's.
  Result<Document> next();

 private:
  enum class Form { unknown, lines, documents };
  Status skip_space();
  Result<std::string_view> line_from(size_t at);
  Result<Form> recognise();
  Result<std::string_view> document();
  Document take(std::string_view text);

  ByteWindow window_;
  Form form_ = Form::unknown;
  uint64_t line_ = 1;
  size_t taken_ = 0;  // consumed at the next call
};

// Follows strings, escapes and brackets: where the value that begins at 0 ends, npos when it is not complete.
class JsonScanner {
 public:
  size_t find_end(std::string_view text);

 private:
  size_t at_ = 0;
  int depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
};

}  // namespace clew::cli
