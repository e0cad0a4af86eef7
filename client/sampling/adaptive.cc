// A probability for each operation, so that all together stay at a number of traces per second.
//
// The table is open-addressed by the hash of name and kind; a slot is taken by a compare-and-swap and given back after
// kIdleWindows without traces. `busy` is held by the one thread that computes; nobody waits for it.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>

#include "clew/samplers.h"
#include "sampling/ot_state.h"
#include "sampling/token_bucket.h"

CLEW_BEGIN

struct AdaptiveSampler::State {
  static constexpr unsigned kProbes = 16;
  static constexpr unsigned kIdleWindows = 60;
  static constexpr double kRateMemory = 0.5, kErrorMemory = 0.8;  // how much of the last window's value stays
  static constexpr uint64_t kLowestShare = 16;                    // of 2^56: halving ends there

  struct alignas(64) Slot {
    std::atomic<uint64_t> operation{0};  // 0: free
    std::atomic<uint64_t> threshold{0};
    std::atomic<uint32_t> arrived{0}, taken{0}, allowance{0}, finished{0}, failed{0};
    // Of the thread that computes.
    unsigned idle_windows = 0;
    bool known = false;
    double rate = 0, errors = 0, weight = 0, share = 0;
  };

  explicit State(const AdaptiveOptions& given) noexcept
      : options(given), clock(given.clock != nullptr ? given.clock : detail::monotonic_ns) {
    if (options.window_ms == 0) options.window_ms = 1;
    window_ns = uint64_t(options.window_ms) * 1'000'000;
    begun_ns = clock();
    window_ends_ns.store(begun_ns + window_ns, std::memory_order_relaxed);
    first_allowance.store(allowance_of(options.traces_per_second), std::memory_order_relaxed);
    std::snprintf(description, sizeof description, "AdaptiveSampler{%.6g/s}", options.traces_per_second);
  }

  static uint64_t operation_of(std::string_view name, Kind kind) noexcept {
    uint64_t hash = 0xcbf29ce484222325 ^ uint64_t(kind);
    for (char c : name) hash = (hash ^ uint8_t(c)) * 0x100000001b3;
    hash ^= hash >> 32;
    return hash != 0 ? hash : 1;
  }

  // Of an operation that is new it takes a slot, if `add`. The last slot is what does not fit in.
  Slot& slot_of(uint64_t operation, bool add) noexcept {
    for (unsigned i = 0; i < kProbes; ++i) {
      Slot& slot = slots[(operation + i) % kMaxOperations];
      uint64_t there = slot.operation.load(std::memory_order_acquire);
      if (there == operation) return slot;
      if (there != 0 || !add) continue;
      slot.threshold.store(0, std::memory_order_relaxed);
      slot.allowance.store(first_allowance.load(std::memory_order_relaxed), std::memory_order_relaxed);
      if (slot.operation.compare_exchange_strong(there, operation, std::memory_order_acq_rel)) return slot;
      if (there == operation) return slot;
    }
    return slots[kMaxOperations];
  }

  // What may be sampled in a window before the probability is halved: twice the share, for windows are not all alike.
  uint32_t allowance_of(double per_second) const noexcept {
    const double traces = 2 * per_second * double(window_ns) * 1e-9;
    return traces < 1 ? 1 : traces > 1e9 ? 1'000'000'000 : uint32_t(traces);
  }

  // A trace more than is allowed: the probability is halved, and again after as many more.
  void count_taken(Slot& slot) noexcept {
    const uint32_t taken = slot.taken.fetch_add(1, std::memory_order_relaxed) + 1;
    uint32_t allowance = slot.allowance.load(std::memory_order_relaxed);
    if (allowance == 0) allowance = first_allowance.load(std::memory_order_relaxed);
    if (taken % allowance != 0) return;
    const uint64_t share = detail::kThresholds - slot.threshold.load(std::memory_order_relaxed);
    if (share > kLowestShare) slot.threshold.store(detail::kThresholds - share / 2, std::memory_order_relaxed);
  }

  void compute_when_due() noexcept {
    const uint64_t now_ns = clock();
    if (now_ns < window_ends_ns.load(std::memory_order_relaxed)) return;
    if (busy.exchange(true, std::memory_order_acquire)) return;
    if (now_ns >= window_ends_ns.load(std::memory_order_relaxed)) {
      measure(double(now_ns - begun_ns) * 1e-9);
      begun_ns = now_ns;
      window_ends_ns.store(now_ns + window_ns, std::memory_order_relaxed);
      distribute();
    }
    busy.store(false, std::memory_order_release);
  }

  void measure(double seconds) noexcept {
    for (Slot& slot : slots) {
      if (&slot != &slots[kMaxOperations] && slot.operation.load(std::memory_order_relaxed) == 0) continue;
      const uint32_t arrived = slot.arrived.exchange(0, std::memory_order_relaxed);
      const uint32_t finished = slot.finished.exchange(0, std::memory_order_relaxed);
      const uint32_t failed = slot.failed.exchange(0, std::memory_order_relaxed);
      slot.taken.store(0, std::memory_order_relaxed);
      const double rate = arrived / seconds;
      slot.rate = slot.known ? kRateMemory * slot.rate + (1 - kRateMemory) * rate : rate;
      slot.known = true;
      if (finished != 0) {
        slot.errors = kErrorMemory * slot.errors + (1 - kErrorMemory) * std::min(1.0, double(failed) / finished);
      }
      slot.idle_windows = arrived == 0 ? slot.idle_windows + 1 : 0;
      if (slot.idle_windows >= kIdleWindows && &slot != &slots[kMaxOperations]) {
        slot.known = false;
        slot.rate = slot.errors = slot.idle_windows = 0;
        slot.operation.store(0, std::memory_order_release);
      }
    }
  }

  double weight_of(const Slot& slot) const noexcept {
    return std::pow(slot.rate, options.load_exponent) * (1 + options.error_weight * slot.errors);
  }

  // Who needs less than the share is given what it needs, and the rest is shared again.
  void distribute() noexcept {
    Slot* open[kMaxOperations + 1];
    unsigned count = 0, operations = 0;
    for (Slot& slot : slots) {
      if (!slot.known || slot.rate <= 0) continue;
      ++operations;
      slot.weight = weight_of(slot);
      open[count++] = &slot;
    }
    double left = options.traces_per_second;
    for (bool changed = true; changed && count != 0;) {
      changed = false;
      double weights = 0;
      for (unsigned i = 0; i < count; ++i) weights += open[i]->weight;
      const double per_weight = left > 0 ? left / weights : 0;
      for (unsigned i = 0; i < count;) {
        open[i]->share = per_weight * open[i]->weight;
        if (open[i]->share < open[i]->rate) {
          ++i;
          continue;
        }
        set_share(*open[i], open[i]->rate);
        left -= open[i]->rate;
        open[i] = open[--count];
        changed = true;
      }
    }
    for (unsigned i = 0; i < count; ++i) set_share(*open[i], open[i]->share);
    first_allowance.store(allowance_of(options.traces_per_second / (operations + 1)), std::memory_order_relaxed);
  }

  void set_share(Slot& slot, double per_second) const noexcept {
    slot.threshold.store(detail::threshold_of(per_second / slot.rate), std::memory_order_relaxed);
    slot.allowance.store(allowance_of(per_second), std::memory_order_relaxed);
  }

  AdaptiveOptions options;
  MonotonicClock clock;
  uint64_t window_ns = 0;
  uint64_t begun_ns = 0;  // of the thread that computes
  std::atomic<uint64_t> window_ends_ns{0}, beyond_limit{0};
  std::atomic<uint32_t> first_allowance{1};
  std::atomic<bool> busy{false};
  Slot slots[kMaxOperations + 1];
  char description[48];
};

namespace detail {
namespace {

// Roots of this process: what was started by somebody else was decided by somebody else.
class FailureFeedback : public Processor {
 public:
  using Report = void (*)(void* state, std::string_view name, Kind kind, bool failed);
  FailureFeedback(std::shared_ptr<void> state, Report report) noexcept : state_(std::move(state)), report_(report) {}
  bool on_end(SpanData& span, TextStore&) noexcept override {
    if (!span.parent_id.valid()) report_(state_.get(), span.name, span.kind, span.status == Status::kError);
    return true;
  }

 private:
  std::shared_ptr<void> state_;
  Report report_;
};

}  // namespace
}  // namespace detail

AdaptiveSampler::AdaptiveSampler(const AdaptiveOptions& options) noexcept : state_(std::make_shared<State>(options)) {}
AdaptiveSampler::~AdaptiveSampler() = default;

void AdaptiveSampler::decide(const SamplingInput& input, SamplingOutput& output) noexcept {
  state_->compute_when_due();
  State::Slot& slot = state_->slot_of(State::operation_of(input.name, input.kind), true);
  if (&slot == &state_->slots[kMaxOperations]) state_->beyond_limit.fetch_add(1, std::memory_order_relaxed);
  slot.arrived.fetch_add(1, std::memory_order_relaxed);
  const uint64_t threshold = slot.threshold.load(std::memory_order_relaxed);
  const bool keep = detail::randomness(input.trace_id, output.trace_state) >= threshold;
  if (keep) state_->count_taken(slot);
  output.decision = keep ? Decision::kSample : Decision::kDrop;
  output.trace_state = detail::with_threshold(output.trace_state, keep ? threshold : detail::kNoThreshold);
}

std::string_view AdaptiveSampler::description() const noexcept {
  return state_->description;
}

std::unique_ptr<Processor> AdaptiveSampler::feedback() const noexcept {
  return std::make_unique<detail::FailureFeedback>(
      state_, [](void* state, std::string_view name, Kind kind, bool failed) {
        State::Slot& slot = static_cast<State*>(state)->slot_of(State::operation_of(name, kind), false);
        slot.finished.fetch_add(1, std::memory_order_relaxed);
        if (failed) slot.failed.fetch_add(1, std::memory_order_relaxed);
      });
}

uint64_t AdaptiveSampler::decisions_beyond_limit() const noexcept {
  return state_->beyond_limit.load(std::memory_order_relaxed);
}

CLEW_END
