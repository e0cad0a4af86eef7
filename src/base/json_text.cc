#include "base/json_text.h"

#include <fmt/format.h>

#include "base/utf8.h"

namespace clew {

void append_json_string(std::string& out, std::string_view text) {
  std::string repaired;
  if (!is_utf8(text)) {
    repaired = replace_invalid_utf8(text);
    text = repaired;
  }
  out.push_back('"');
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    switch (c) {
      case '"': out.append("\\\""); break;
      case '\\': out.append("\\\\"); break;
      case '\n': out.append("\\n"); break;
      case '\r': out.append("\\r"); break;
      case '\t': out.append("\\t"); break;
      default:
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned char>(c));
        } else if (text.substr(i, 2) == "\xe2\x80" && i + 2 < text.size() &&
                   (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
          out.append(text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029");
          i += 2;
        } else {
          out.push_back(c);
        }
    }
  }
  out.push_back('"');
}

}  // namespace clew
