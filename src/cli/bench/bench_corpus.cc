#include "cli/bench/bench_corpus.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace clew::cli {
namespace {

constexpr size_t kMaxTraceSpans = 200;
constexpr double kOffsetMu = 13.8;  // median 1 ms after the parent's start
constexpr double kOffsetSigma = 1.0;

// The exponent of p(n) ~ n^-a over 1 … 200 with the wanted mean.
std::vector<double> size_distribution() {
  auto weights = [](double exponent) {
    std::vector<double> out;
    for (size_t n = 1; n <= kMaxTraceSpans; ++n) out.push_back(std::pow(static_cast<double>(n), -exponent));
    double sum = 0;
    for (double w : out) sum += w;
    for (double& w : out) w /= sum;
    return out;
  };
  double low = 0;
  double high = 10;
  constexpr int kSteps = 60;
  for (int i = 0; i < kSteps; ++i) {
    double middle = (low + high) / 2;
    double mean = 0;
    auto p = weights(middle);
    for (size_t n = 0; n < p.size(); ++n) mean += p[n] * static_cast<double>(n + 1);
    (mean > kCorpusMeanSpans ? low : high) = middle;
  }
  return weights(low);
}

}  // namespace

std::optional<CorpusName> corpus_of_name(std::string_view name) {
  if (name == "builtin") return CorpusName::builtin;
  if (name == "rich") return CorpusName::rich;
  return std::nullopt;
}

BenchCorpus::BenchCorpus(uint64_t seed, double mean_gap_ns, CorpusName name)
    : seed_(seed), mean_gap_ns_(mean_gap_ns), content_(name == CorpusName::rich ? rich_spans(seed) : shop_spans(seed)) {
  double sum = 0;
  for (double p : size_distribution()) {
    sum += p;
    size_cumulative_.push_back(sum);
    size_entropy_bits_ -= p * std::log2(p);
  }
}

double BenchCorpus::floor_bits_per_span() const {
  // Each span but the first hangs below any earlier one.
  double parents = 0;
  double before = 0;
  double choices = 0;
  for (size_t n = 1; n <= kMaxTraceSpans; ++n) {
    if (n > 1) choices += std::log2(static_cast<double>(n - 1));
    parents += (size_cumulative_[n - 1] - before) * choices;
    before = size_cumulative_[n - 1];
  }
  double children = kCorpusMeanSpans - 1;
  double per_trace = 128 + size_entropy_bits_ + std::log2(std::numbers::e * mean_gap_ns_) + parents +
                     children * log_normal_bits(kOffsetMu, kOffsetSigma);
  return 64 + log_normal_bits(kCorpusDurationMu, kCorpusDurationSigma) + std::log2(kCorpusServices) +
         content_->floor_bits() + per_trace / kCorpusMeanSpans;
}

CorpusStream::CorpusStream(const BenchCorpus& corpus, uint32_t stream, uint32_t streams, uint64_t first_start_ns)
    : corpus_(corpus),
      mean_gap_ns_(corpus.mean_gap_ns_ * streams),
      random_(corpus.seed_, stream),
      next_start_ns_(static_cast<double>(first_start_ns)) {}

CorpusStream::Trace CorpusStream::next(SpansByService& out) {
  Trace trace;
  uint64_t high = random_.next();
  trace.id = {high, random_.next() | 1};
  const auto& sizes = corpus_.size_cumulative_;
  auto at = std::upper_bound(sizes.begin(), sizes.end() - 1, random_.uniform());
  trace.count = static_cast<uint32_t>(at - sizes.begin()) + 1;
  next_start_ns_ += -std::log(random_.uniform()) * mean_gap_ns_;
  std::array<uint64_t, kMaxTraceSpans> ids;
  std::array<uint64_t, kMaxTraceSpans> starts;
  for (uint32_t i = 0; i < trace.count; ++i) {
    uint64_t parent = 0;
    starts[i] = static_cast<uint64_t>(next_start_ns_);
    if (i > 0) {
      uint32_t above = static_cast<uint32_t>(random_.below(i));
      parent = ids[above];
      starts[i] = starts[above] + random_.log_normal(kOffsetMu, kOffsetSigma);
    }
    ids[i] = random_.next() | 1;
    uint32_t service = static_cast<uint32_t>(random_.below(kCorpusServices));
    ++trace.spans[service];
    ++out[service].spans;
    add_span(trace, ids[i], parent, starts[i], out[service].encoded);
  }
  recent_[trace_count_++ % kRecentRoots] = {trace.id, {ids[0]}};
  return trace;
}

void CorpusStream::add_span(const Trace& trace, uint64_t span, uint64_t parent, uint64_t start_ns, std::string& out) {
  SpanBytes bytes(out);
  bytes.ids(trace.id, {span}, {parent});
  uint64_t duration_ns = random_.log_normal(kCorpusDurationMu, kCorpusDurationSigma);
  bytes.times(start_ns, start_ns + duration_ns);
  corpus_.content_->append({++span_count_, start_ns, duration_ns, recent_}, random_, scratch_, bytes);
  bytes.finish();
}

std::string corpus_request(const BenchCorpus& corpus, const SpansByService& spans, uint32_t first, uint32_t step) {
  std::string out;
  size_t bytes = 0;
  for (uint32_t i = first; i < kCorpusServices; i += step) bytes += spans[i].encoded.size() + 512;
  out.reserve(bytes);
  for (uint32_t i = first; i < kCorpusServices; i += step) {
    if (spans[i].spans == 0) continue;
    size_t scope_spans = corpus.content().scope().size() + spans[i].encoded.size();
    size_t resource_spans = corpus.content().resource(i).size() + field_head_bytes(scope_spans) + scope_spans;
    append_field_head(out, kRequestResourceSpans, resource_spans);
    out += corpus.content().resource(i);
    append_field_head(out, kScopeSpans, scope_spans);
    out += corpus.content().scope();
    out += spans[i].encoded;
  }
  return out;
}

}  // namespace clew::cli
