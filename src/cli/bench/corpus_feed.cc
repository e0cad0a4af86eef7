#include <condition_variable>
#include <deque>
#include <mutex>

#include "cli/bench/load_feed.h"

namespace clew::cli {
namespace {

constexpr size_t kQueuedRequests = 16;

// Each connection's thread has a generator of its own, whose spans it puts into the queues of the connections that the
// services belong to; it generates when its own queue is empty.
class CorpusFeed final : public LoadFeed {
 public:
  explicit CorpusFeed(const CorpusLoad& load)
      : load_(load), corpus_(load.seed, load.mean_gap_ns, load.corpus), left_(load.spans), queues_(load.connections) {
    for (uint32_t i = 0; i < load.connections; ++i) {
      generators_.push_back(std::make_unique<Generator>(corpus_, i, load));
    }
    generating_ = load.connections;
  }

  std::unique_ptr<LoadRequest> next(uint32_t connection) override {
    Generator& generator = *generators_[connection];
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [&] {
        return stopped_ || !queues_[connection].empty() || generating_ == 0 || (!generator.done && !queue_full());
      });
      if (stopped_) return nullptr;
      if (!queues_[connection].empty()) return pop(connection);
      if (generator.done) {
        if (generating_ == 0) return nullptr;
        continue;
      }
      lock.unlock();
      auto made = generate(generator);
      lock.lock();
      for (auto& [to, request] : made) queues_[to].push_back(std::move(request));
      if (generator.done) --generating_;
      changed_.notify_all();
    }
  }
  void stop() override {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
  }
  double floor_bits_per_span() const override { return corpus_.floor_bits_per_span(); }

 private:
  using Made = std::vector<std::pair<uint32_t, std::unique_ptr<LoadRequest>>>;

  struct Generator {
    Generator(const BenchCorpus& corpus, uint32_t stream, const CorpusLoad& load)
        : stream(corpus, stream, load.connections, load.first_start_ns),
          spans(load.connections),
          parts(load.connections),
          counts(load.connections) {}
    CorpusStream stream;
    // By connection.
    std::vector<SpansByService> spans;
    std::vector<std::vector<std::pair<LoadTrace*, uint32_t>>> parts;
    std::vector<uint32_t> counts;
    std::deque<LoadTrace> traces;
    SpansByService made;
    bool done = false;
  };

  bool queue_full() const {
    for (const auto& queue : queues_) {
      if (queue.size() >= kQueuedRequests) return true;
    }
    return false;
  }
  std::unique_ptr<LoadRequest> pop(uint32_t connection) {
    auto request = std::move(queues_[connection].front());
    queues_[connection].pop_front();
    changed_.notify_all();
    return request;
  }

  // Until a request is complete, or everything is generated.
  Made generate(Generator& generator) {
    Made made;
    while (made.empty()) {
      CorpusStream::Trace trace = generator.stream.next(generator.made);
      deal(generator, trace);
      int64_t left = left_.fetch_sub(trace.count) - trace.count;
      generator.done = left <= 0;
      for (uint32_t to = 0; to < load_.connections; ++to) {
        if (generator.counts[to] >= load_.batch || (generator.done && generator.counts[to] > 0)) {
          made.emplace_back(to, take(generator, to));
        }
      }
      if (generator.done) break;
    }
    return made;
  }

  void deal(Generator& generator, const CorpusStream::Trace& trace) {
    LoadTrace* kept = nullptr;
    if (load_.keep_traces) {
      kept = &generator.traces.emplace_back();
      kept->id = trace.id;
      kept->spans = trace.count;
      kept->unacknowledged = trace.count;
    }
    for (uint32_t service = 0; service < kCorpusServices; ++service) {
      uint32_t spans = trace.spans[service];
      if (spans == 0) continue;
      uint32_t to = service % load_.connections;
      ServiceSpans& from = generator.made[service];
      ServiceSpans& into = generator.spans[to][service];
      into.encoded += from.encoded;
      into.spans += spans;
      from.encoded.clear();
      from.spans = 0;
      generator.counts[to] += spans;
      if (kept != nullptr) generator.parts[to].emplace_back(kept, spans);
    }
  }

  std::unique_ptr<LoadRequest> take(Generator& generator, uint32_t to) {
    auto request = std::make_unique<LoadRequest>();
    request->body = corpus_request(corpus_, generator.spans[to], 0, 1);
    request->spans = std::exchange(generator.counts[to], 0);
    request->traces = std::exchange(generator.parts[to], {});
    for (ServiceSpans& spans : generator.spans[to]) {
      spans.encoded.clear();
      spans.spans = 0;
    }
    return request;
  }

  const CorpusLoad load_;
  const BenchCorpus corpus_;
  std::atomic<int64_t> left_;
  std::vector<std::unique_ptr<Generator>> generators_;
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::vector<std::deque<std::unique_ptr<LoadRequest>>> queues_;
  uint32_t generating_ = 0;
  bool stopped_ = false;
};

}  // namespace

std::unique_ptr<LoadFeed> corpus_feed(const CorpusLoad& load) {
  return std::make_unique<CorpusFeed>(load);
}

}  // namespace clew::cli
