#include "clew/init.h"

#include <pthread.h>

#include "clew/samplers.h"
#include "clew/trace.h"
#include "pipeline.h"
#include "problem.h"
#include "resource.h"
#include "settings.h"
#include "thread.h"
#include "ticks.h"
#include "worker.h"

CLEW_BEGIN
namespace detail {

std::atomic<Mode> mode{Mode::kNotConfigured};
std::atomic<const Settings*> settings{nullptr};

namespace {

pthread_mutex_t init_mutex = PTHREAD_MUTEX_INITIALIZER;
std::vector<const Settings*>* all_settings = nullptr;  // under init_mutex; never freed, spans may be reading one

void keep(const Settings* fresh) noexcept {
  if (all_settings == nullptr) all_settings = new std::vector<const Settings*>;
  all_settings->push_back(fresh);
  settings.store(fresh, std::memory_order_release);
}

uint64_t power_of_two(uint64_t at_most) noexcept {
  uint64_t power = 1;
  while (power * 2 <= at_most) power *= 2;
  return power;
}

const char* what_is_wrong(const Config& config) noexcept {
  if (config.batch_spans == 0) return "batch_spans is 0";
  if (config.span_bytes < 4096 || config.span_bytes > 16 << 20) return "span_bytes is not between 4 KiB and 16 MiB";
  if (config.ring_bytes < 16 << 10 || config.ring_bytes > 1 << 30) return "ring_bytes is not between 16 KiB and 1 GiB";
  for (const auto& exporter : config.exporters) {
    if (exporter == nullptr) return "an exporter is null";
  }
  for (const auto& processor : config.processors) {
    if (processor == nullptr) return "a processor is null";
  }
  return nullptr;
}

// Under init_mutex.
bool configure(Config config) noexcept {
  problems_go_to(config.on_problem);
  if (const char* const wrong = what_is_wrong(config)) {
    problem("the configuration is not used: ", wrong);
    return false;
  }
  install_handlers();
  ring_budget.limit(config.ring_bytes_total);
  live_budget.limit(config.live_bytes_total);
  most_ring_bytes.store(power_of_two(config.ring_bytes), std::memory_order_relaxed);
  keep(make_settings(config));
  begin_clock(config.use_tsc);
  Destination destination;
  destination.processors = std::move(config.processors);
  destination.exporters = std::move(config.exporters);
  destination.schedule_delay_ns = uint64_t(config.schedule_delay_ms) * 1'000'000;
  destination.batch_spans = config.batch_spans;
  destination.exit_flush_ms = config.exit_flush_ms;
  if (config.disabled) {
    mode.store(Mode::kDisabled, std::memory_order_release);
    shut_down_spans(config.exit_flush_ms);
    return true;
  }
  direct_spans_to(std::move(destination));
  mode.store(Mode::kEnabled, std::memory_order_release);
  return true;
}

}  // namespace

void lock_init() noexcept {
  pthread_mutex_lock(&init_mutex);
}
void unlock_init() noexcept {
  pthread_mutex_unlock(&init_mutex);
}

bool configured() noexcept {
  if (mode.load(std::memory_order_acquire) == Mode::kNotConfigured) {
    lock_init();
    if (mode.load(std::memory_order_relaxed) == Mode::kNotConfigured) configure(config_from_environment());
    unlock_init();
  }
  return !disabled();
}

const Settings* make_settings(const Config& config) noexcept {
  auto* const fresh = new Settings;
  fresh->limits = config.limits;
  fresh->span_bytes = config.span_bytes;
  const uint64_t for_characters = 4 * uint64_t(config.limits.attribute_value_chars);
  fresh->value_bytes = for_characters < config.span_bytes / 2 ? uint32_t(for_characters) : config.span_bytes / 2;
  fresh->sampler = config.sampler != nullptr ? config.sampler : parent_based_sampler({});
  for (unsigned i = 0; i < Sampler::kParents; ++i) fresh->always[i] = fresh->sampler->always(Sampler::Parent(i));
  fresh->propagator = config.propagator;
  fresh->resource = make_resource(config);
  return fresh;
}

void refresh_resource() noexcept {
  const Settings* const old = settings.load(std::memory_order_relaxed);
  if (old == nullptr) return;
  auto* const fresh = new Settings(*old);
  fresh->resource = with_this_process(old->resource);
  keep(fresh);
}

}  // namespace detail

bool init(Config config) noexcept {
  detail::lock_init();
  const bool done = detail::configure(std::move(config));
  detail::unlock_init();
  return done;
}

namespace {
class NoPropagator : public Propagator {
 public:
  Context extract(const HeaderReader&, const Context& base) const noexcept override { return base; }
  void inject(const Context&, HeaderWriter&) const noexcept override {}
  List<const std::string_view> fields() const noexcept override { return {}; }
};
}  // namespace

std::shared_ptr<const Propagator> propagator() noexcept {
  detail::configured();
  const detail::Settings* const settings = detail::settings.load(std::memory_order_acquire);
  if (settings != nullptr && settings->propagator != nullptr) return settings->propagator;
  return std::make_shared<NoPropagator>();
}

bool flush(uint32_t timeout_ms) noexcept {
  return detail::flush_spans(timeout_ms);
}

bool shutdown(uint32_t timeout_ms) noexcept {
  detail::mode.store(detail::Mode::kDisabled, std::memory_order_release);
  return detail::shut_down_spans(timeout_ms);
}

Stats stats() noexcept {
  return detail::spans_counted();
}

CLEW_END
