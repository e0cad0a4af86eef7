// Configuration, and the life of the whole: init, flush, shutdown, counters.
//
// Without init() the first span configures the library from the OTEL_* variables. At exit what is pending is flushed,
// for at most Config::exit_flush_ms.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clew/exporter.h"
#include "clew/propagator.h"
#include "clew/sampler.h"

CLEW_BEGIN

// How much a span may hold. What is beyond is dropped and counted in the span.
struct Limits {
  uint32_t attributes = 128;
  uint32_t attribute_value_chars = UINT32_MAX;  // of texts, also in lists; in UTF-8 characters
  uint32_t events = 128;
  uint32_t links = 128;
  uint32_t event_attributes = 128;
  uint32_t link_attributes = 128;
};

struct Config {
  bool disabled = false;  // no spans; contexts still go through

  std::string service_name;  // "": service.name of resource_attributes, else unknown_service:PROGRAM
  std::vector<std::pair<std::string, std::string>> resource_attributes;
  bool detect_resource = true;  // host, process, container, Kubernetes

  std::shared_ptr<Sampler> sampler;                    // null: parent-based, roots always
  std::shared_ptr<Propagator> propagator;              // null: nothing is extracted or injected
  std::vector<std::unique_ptr<Processor>> processors;  // in this order
  std::vector<std::unique_ptr<Exporter>> exporters;    // each gets every span

  Limits limits;
  uint32_t schedule_delay_ms = 5000;  // a span waits no longer before send()
  uint32_t batch_spans = 512;         // nor are more than these waited for
  uint32_t span_bytes = 64 << 10;     // of one span in memory; a text above half of it is cut
  uint32_t ring_bytes = 1 << 20;      // of one thread; a power of two; threads get less as the total is used up
  uint64_t ring_bytes_total = 64 << 20;
  uint64_t live_bytes_total = 64 << 20;  // of spans not yet ended
  uint32_t exit_flush_ms = 2000;
  bool use_tsc = true;  // false: clock_gettime

  // A message for whoever runs the program: what is wrong, rarely. Null: standard error. Called in any thread.
  void (*on_problem)(std::string_view message) = nullptr;
};

// Replaces whatever was configured before: that is shut down first, within its exit_flush_ms. Spans that are open stay
// valid. False when the configuration is not usable; then nothing has changed. Any thread.
CLEW_API bool init(Config config) noexcept;
// What the OTEL_* variables say. What cannot be understood is reported and left at its default.
CLEW_API Config config_from_environment() noexcept;

// Until every span ended before the call has been sent, or lost. False: not within that time. Any thread.
CLEW_API bool flush(uint32_t timeout_ms = 30000) noexcept;
// A flush, after which no span is started any more. What is not sent by then is dropped. False: not within that time.
CLEW_API bool shutdown(uint32_t timeout_ms = 30000) noexcept;

// Since the start of the process (of the child, after a fork).
struct Stats {
  uint64_t ended = 0;     // recorded spans that ended, of which
  uint64_t exported = 0;  // sent, or handed over for good; summed over the exporters
  uint64_t dropped[kDropReasons] = {};
  uint64_t ring_bytes = 0, live_bytes = 0;  // memory held now

  uint64_t dropped_in_all() const noexcept {
    uint64_t sum = 0;
    for (uint64_t count : dropped) sum += count;
    return sum;
  }
};
CLEW_API Stats stats() noexcept;

// The propagator that is configured. Never null.
CLEW_API std::shared_ptr<const Propagator> propagator() noexcept;

CLEW_END
