#include "cli/trace_forest.h"

#include <absl/container/flat_hash_map.h>

#include <algorithm>
#include <tuple>

#include "model/span_words.h"

namespace clew::cli {

std::vector<ForestSpan> spans_of(const SpanTable& table) {
  const Vocabulary& vocabulary = table.vocabulary;
  uint32_t service_key = vocabulary.find_key({Scope::resource, "service.name"});
  auto service_of = [&](uint32_t resource) -> std::string_view {
    if (service_key == kNoCode) return {};
    auto words = vocabulary.resources.at(resource);
    for (size_t i = kResourcePairs; i + 1 < words.size(); i += 2) {
      if (words[i] == service_key) return vocabulary.values(service_key).at(words[i + 1]).text;
    }
    return {};
  };
  std::vector<ForestSpan> out(table.rows());
  for (uint32_t i = 0; i < out.size(); ++i) {
    ForestSpan& span = out[i];
    span.id = table.span(i);
    span.parent = table.parent(i);
    span.start_ns = table.start_ns(i);
    span.duration_ns = table.end_ns(i) < table.start_ns(i) ? 0 : table.end_ns(i) - table.start_ns(i);
    span.kind = table.kind(i);
    span.status = table.status(i);
    span.service = service_of(table.resource(i));
    span.name = vocabulary.names.at(table.name(i)).text;
    span.status_message = vocabulary.text_at(Envelope::from(vocabulary.envelopes.at(table.envelope(i))).status_message);
  }
  return out;
}

namespace {

constexpr uint32_t kNone = UINT32_MAX;

class Arranger {
 public:
  explicit Arranger(const std::vector<ForestSpan>& spans) : spans_(spans), parents_(spans.size(), kNone) {
    for (uint32_t i = 0; i < spans.size(); ++i) order_.push_back(i);
    std::sort(order_.begin(), order_.end(), [&](uint32_t a, uint32_t b) {
      return std::tuple(spans[a].start_ns, spans[a].id, a) < std::tuple(spans[b].start_ns, spans[b].id, b);
    });
  }

  std::vector<ForestLine> arrange() {
    find_parents();
    link_children();
    placed_.resize(spans_.size());
    for (uint32_t i : order_) {
      if (parents_[i] == kNone) walk(i, false);
    }
    // What is left hangs below a cycle.
    for (uint32_t i : order_) {
      if (!placed_[i]) walk(i, true);
    }
    return std::move(lines_);
  }

 private:
  // Of two spans with one id (Zipkin's client and server) the server is the parent, except of itself.
  void find_parents() {
    absl::flat_hash_map<uint64_t, uint32_t> by_id;
    auto is_server = [&](uint32_t i) { return spans_[i].kind == static_cast<uint8_t>(SpanKind::server); };
    for (uint32_t i : order_) {
      auto [at, added] = by_id.emplace(spans_[i].id, i);
      if (!added && is_server(i) && !is_server(at->second)) at->second = i;
    }
    for (uint32_t i : order_) {
      if (spans_[i].parent == 0) continue;
      auto found = by_id.find(spans_[i].parent);
      if (found != by_id.end() && found->second != i) parents_[i] = found->second;
    }
  }

  void link_children() {
    begins_.assign(spans_.size() + 1, 0);
    for (uint32_t parent : parents_) {
      if (parent != kNone) ++begins_[parent + 1];
    }
    for (size_t i = 1; i < begins_.size(); ++i) begins_[i] += begins_[i - 1];
    children_.resize(begins_.back());
    std::vector<uint32_t> next(begins_.begin(), begins_.end() - 1);
    for (uint32_t i : order_) {
      if (parents_[i] != kNone) children_[next[parents_[i]]++] = i;
    }
  }

  void walk(uint32_t root, bool cycle) {
    stack_.assign(1, {root, 0, true, spans_[root].parent != 0 && !cycle, cycle});
    placed_[root] = true;
    while (!stack_.empty()) {
      ForestLine line = stack_.back();
      stack_.pop_back();
      lines_.push_back(line);
      bool last = true;
      for (uint32_t i = begins_[line.span + 1]; i-- > begins_[line.span];) {
        uint32_t child = children_[i];
        if (placed_[child]) continue;
        placed_[child] = true;
        stack_.push_back({child, line.depth + 1, last, false, false});
        last = false;
      }
    }
  }

  const std::vector<ForestSpan>& spans_;
  std::vector<uint32_t> parents_;
  std::vector<uint32_t> order_;   // by start, then id
  std::vector<uint32_t> begins_;  // of a span's children
  std::vector<uint32_t> children_;
  std::vector<bool> placed_;
  std::vector<ForestLine> stack_;
  std::vector<ForestLine> lines_;
};

}  // namespace

std::vector<ForestLine> arrange(const std::vector<ForestSpan>& spans) {
  return Arranger(spans).arrange();
}

}  // namespace clew::cli
