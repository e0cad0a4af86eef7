#include "cli/import/json_documents.h"

#include <fmt/format.h>

#include <algorithm>

namespace clew::cli {

size_t JsonScanner::find_end(std::string_view text) {
  for (; at_ < text.size(); ++at_) {
    char c = text[at_];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
      continue;
    }
    switch (c) {
      case '"': in_string_ = true; break;
      case '{':
      case '[': ++depth_; break;
      case '}':
      case ']':
        if (--depth_ <= 0) return ++at_;
        break;
      default: break;
    }
  }
  return std::string_view::npos;
}

Status JsonDocuments::skip_space() {
  constexpr std::string_view kSpace = " \t\r\n";
  while (true) {
    TRY(window_.fill(1));
    std::string_view view = window_.view();
    if (view.empty()) return {};
    size_t end = std::min(view.find_first_not_of(kSpace), view.size());
    line_ += static_cast<uint64_t>(std::count(view.begin(), view.begin() + static_cast<ptrdiff_t>(end), '\n'));
    bool found = end < view.size();
    window_.consume(end);
    if (found) return {};
  }
}

// From `at` to the next line break or the end of the file, without the break.
Result<std::string_view> JsonDocuments::line_from(size_t at) {
  size_t searched = at;
  while (true) {
    std::string_view view = window_.view();
    size_t end = view.find('\n', searched);
    if (end != std::string_view::npos) return view.substr(at, end - at);
    if (window_.at_end()) return view.substr(std::min(at, view.size()));
    if (view.size() - at > kMaxDocumentBytes) {
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("line {} is longer than {} bytes", line_, kMaxDocumentBytes));
    }
    searched = view.size();
    TRY(window_.fill(view.size() + 1));
  }
}

Result<JsonDocuments::Form> JsonDocuments::recognise() {
  ASSIGN_OR_RETURN(std::string_view first, line_from(0));
  size_t length = first.size();
  if (JsonScanner().find_end(first) != std::string_view::npos) return Form::lines;
  if (window_.at_end() && length == window_.view().size()) return Form::documents;
  ASSIGN_OR_RETURN(std::string_view second, line_from(length + 1));
  return window_.view().front() == '{' && second.starts_with('{') ? Form::lines : Form::documents;
}

Result<std::string_view> JsonDocuments::document() {
  JsonScanner scanner;
  while (true) {
    std::string_view view = window_.view();
    size_t end = scanner.find_end(view);
    if (end != std::string_view::npos) return view.substr(0, end);
    if (window_.at_end()) return view;
    if (view.size() > kMaxDocumentBytes) {
      return fail(ErrorCode::resource_exhausted,
                  fmt::format("the document at line {} is longer than {} bytes", line_, kMaxDocumentBytes));
    }
    TRY(window_.fill(view.size() + 1));
  }
}

Result<JsonDocuments::Document> JsonDocuments::next() {
  std::string_view before = window_.view().substr(0, taken_);
  line_ += static_cast<uint64_t>(std::count(before.begin(), before.end(), '\n'));
  window_.consume(taken_);
  taken_ = 0;
  TRY(skip_space());
  if (window_.view().empty()) return Document{};
  if (form_ == Form::unknown) {
    ASSIGN_OR_RETURN(form_, recognise());
  }
  Document out{line_, {}};
  if (form_ == Form::lines) {
    ASSIGN_OR_RETURN(out.text, line_from(0));
    taken_ = out.text.size();
    if (out.text.ends_with('\r')) out.text.remove_suffix(1);
  } else {
    ASSIGN_OR_RETURN(out.text, document());
    taken_ = out.text.size();
  }
  return out;
}

}  // namespace clew::cli
