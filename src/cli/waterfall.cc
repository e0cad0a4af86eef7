#include "cli/waterfall.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/mix.h"
#include "cli/terminal.h"
#include "model/span_words.h"

namespace clew::cli {
namespace {

constexpr size_t kDurationColumns = 8;
// Deeper spans are drawn at this depth, with their depth as a number.
constexpr uint32_t kMaxDrawnDepth = 16;
// A branch leaves so many columns of the label to service and name.
constexpr size_t kLeastTextColumns = 12;

std::string_view colour_of(std::string_view service) {
  constexpr std::string_view kColours[] = {"\x1b[36m", "\x1b[32m", "\x1b[33m", "\x1b[34m",
                                           "\x1b[35m", "\x1b[96m", "\x1b[92m", "\x1b[94m"};
  uint64_t hash = 0;
  for (char c : service) hash = mix64(hash, static_cast<unsigned char>(c));
  return kColours[hash % std::size(kColours)];
}
constexpr std::string_view kRed = "\x1b[31m";
constexpr std::string_view kDim = "\x1b[2m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

class Drawing {
 public:
  Drawing(const std::vector<ForestSpan>& spans, const WaterfallOptions& options) : spans_(spans), options_(options) {
    auto width = static_cast<size_t>(options.width);
    bar_columns_ = std::max<size_t>(width * 3 / 10, 10);
    label_columns_ = width - bar_columns_ - kDurationColumns - 3;
    // "12345:" is as wide as three levels.
    size_t levels = (label_columns_ - kLeastTextColumns) / 2;
    drawn_depth_ = static_cast<uint32_t>(std::clamp<size_t>(levels, 4, kMaxDrawnDepth + 3)) - 3;
    first_ns_ = UINT64_MAX;
    for (const ForestSpan& span : spans) {
      first_ns_ = std::min(first_ns_, span.start_ns);
      last_ns_ = std::max(last_ns_, span.start_ns + std::min(span.duration_ns, UINT64_MAX - span.start_ns));
    }
  }

  std::string draw(TraceId id) {
    std::vector<ForestLine> lines = arrange(spans_);
    head(id, lines);
    for (const ForestLine& line : lines) {
      span_line(line);
      const ForestSpan& span = spans_[line.span];
      if (is_error(span) && !span.status_message.empty()) message_line(span);
    }
    return std::move(out_);
  }

 private:
  static bool is_error(const ForestSpan& span) { return span.status == static_cast<uint8_t>(StatusCode::error); }

  void paint(std::string_view colour, std::string_view text) {
    if (options_.colours) out_ += colour;
    out_ += text;
    if (options_.colours) out_ += kPlain;
  }

  void head(TraceId id, const std::vector<ForestLine>& lines) {
    std::set<std::string_view> services;
    size_t errors = 0;
    size_t roots = 0;
    size_t orphans = 0;
    for (const ForestSpan& span : spans_) {
      services.insert(span.service);
      errors += is_error(span) ? 1 : 0;
    }
    for (const ForestLine& line : lines) {
      if (line.depth > 0) continue;
      ++(line.parent_missing || line.cycle ? orphans : roots);
    }
    paint(kBold, "trace " + id.hex());
    out_ += fmt::format("\n{}  {}  {} span{}  {} service{}", time_text(first_ns_) + " UTC",
                        duration_text(last_ns_ - first_ns_), count_text(spans_.size()), spans_.size() == 1 ? "" : "s",
                        services.size(), services.size() == 1 ? "" : "s");
    if (errors > 0) {
      out_ += "  ";
      paint(kRed, fmt::format("{} error{}", count_text(errors), errors == 1 ? "" : "s"));
    }
    out_.push_back('\n');
    if (roots == 0) out_ += "The root span is missing.\n";
    if (roots > 1) out_ += fmt::format("{} spans have no parent: drawn one after the other.\n", count_text(roots));
    if (orphans > 0) {
      out_ += fmt::format("{} span{} marked ? because the parent {} not here.\n", count_text(orphans),
                          orphans == 1 ? " is" : "s are", orphans == 1 ? "is" : "of each is");
    }
    out_.push_back('\n');
  }

  // The branches left of a span; `open_` remembers which of the depths above go on.
  std::string branches(const ForestLine& line) {
    open_.resize(line.depth + 1);
    open_[line.depth] = !line.last_child;
    if (line.depth == 0) return line.parent_missing || line.cycle ? "? " : "";
    std::string text;
    uint32_t drawn = std::min(line.depth, drawn_depth_);
    for (uint32_t depth = 1; depth < drawn; ++depth) text += open_[depth] ? "│ " : "  ";
    text += line.last_child ? "└─" : "├─";
    if (line.depth > drawn_depth_) text += fmt::format("{}:", line.depth);
    return text;
  }

  void span_line(const ForestLine& line) {
    const ForestSpan& span = spans_[line.span];
    std::string branch = branches(line);
    size_t left = label_columns_ - std::min(label_columns_, columns_of(branch));
    paint(kDim, branch);
    std::string service = printable(span.service.empty() ? "?" : span.service, std::max<size_t>(left / 2, 1));
    std::string name = printable(span.name, left - std::min(left, columns_of(service) + 1));
    paint(colour_of(span.service), service);
    out_.push_back(' ');
    is_error(span) ? paint(kRed, name) : static_cast<void>(out_ += name);
    size_t used = columns_of(branch) + columns_of(service) + 1 + columns_of(name);
    out_.append(label_columns_ + 1 - std::min(label_columns_ + 1, used), ' ');
    std::string duration = duration_text(span.duration_ns);
    out_.append(kDurationColumns - std::min(kDurationColumns, columns_of(duration)), ' ');
    out_ += duration + (is_error(span) ? "!" : " ");
    bar(span);
    out_.push_back('\n');
  }

  void bar(const ForestSpan& span) {
    uint64_t whole = std::max<uint64_t>(last_ns_ - first_ns_, 1);
    auto column = [&](uint64_t ns) {
      return static_cast<size_t>(static_cast<double>(ns) / static_cast<double>(whole) *
                                 static_cast<double>(bar_columns_));
    };
    size_t begin = std::min(column(span.start_ns - first_ns_), bar_columns_ - 1);
    size_t end = std::min(std::max(column(span.start_ns - first_ns_ + span.duration_ns), begin + 1), bar_columns_);
    out_.append(begin, ' ');
    std::string blocks;
    bool thin = span.duration_ns < whole / bar_columns_;
    for (size_t i = begin; i < end; ++i) blocks += thin ? "▏" : "█";
    paint(is_error(span) ? kRed : colour_of(span.service), blocks);
  }

  void message_line(const ForestSpan& span) {
    std::string indent;
    for (uint32_t depth = 1; depth < std::min<size_t>(open_.size(), drawn_depth_); ++depth) {
      indent += open_[depth] ? "│ " : "  ";
    }
    size_t left =
        static_cast<size_t>(options_.width) - std::min(columns_of(indent) + 4, static_cast<size_t>(options_.width));
    paint(kDim, indent);
    out_ += "  ! ";
    paint(kRed, printable(span.status_message, left));
    out_.push_back('\n');
  }

  const std::vector<ForestSpan>& spans_;
  const WaterfallOptions& options_;
  size_t bar_columns_ = 0;
  size_t label_columns_ = 0;
  uint32_t drawn_depth_ = kMaxDrawnDepth;
  uint64_t first_ns_ = 0;
  uint64_t last_ns_ = 0;
  std::vector<bool> open_;
  std::string out_;
};

}  // namespace

std::string waterfall(TraceId id, const std::vector<ForestSpan>& spans, const WaterfallOptions& options) {
  return Drawing(spans, options).draw(id);
}

}  // namespace clew::cli
