#include "cli/import/request_batch.h"

#include "cli/import/json_documents.h"

namespace clew::cli {
namespace {

constexpr std::string_view kListBegin = "{\"resourceSpans\":[";
constexpr std::string_view kListEnd = "]}";

std::string_view skip_space(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : text.substr(begin);
}

bool skip(std::string_view& text, std::string_view token) {
  text = skip_space(text);
  if (!text.starts_with(token)) return false;
  text.remove_prefix(token.size());
  return true;
}

}  // namespace

std::optional<std::string_view> resource_spans_list(std::string_view json) {
  if (!skip(json, "{") || !skip(json, "\"resourceSpans\"") || !skip(json, ":")) return std::nullopt;
  json = skip_space(json);
  if (!json.starts_with('[')) return std::nullopt;
  size_t end = JsonScanner().find_end(json);
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view list = json.substr(1, end - 2);
  json.remove_prefix(end);
  if (!skip(json, "}") || !skip_space(json).empty()) return std::nullopt;
  return list;
}

bool RequestBatch::add(std::string_view request, OtlpEncoding encoding, uint64_t spans) {
  if (!empty() && (encoding != whole_.encoding || !(joinable_ || encoding == OtlpEncoding::protobuf))) return false;
  std::optional<std::string_view> list;
  if (encoding == OtlpEncoding::json) {
    list = resource_spans_list(request);
    if (!list && !empty()) return false;
  }
  if (list) {
    whole_.body += empty() ? kListBegin : std::string_view(",");
    whole_.body += *list;
  } else {
    whole_.body += request;
  }
  joinable_ = list.has_value();
  whole_.encoding = encoding;
  whole_.spans += spans;
  return true;
}

ImportRequest RequestBatch::take() {
  if (joinable_) whole_.body += kListEnd;
  joinable_ = false;
  return std::exchange(whole_, {});
}

}  // namespace clew::cli
