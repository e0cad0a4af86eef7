// A record of a ring becomes SpanData: ticks are times, keys are unique, limits hold, texts are valid. One thread.
#pragma once

#include "arena.h"
#include "record.h"
#include "settings.h"
#include "tick_map.h"

CLEW_BEGIN
namespace detail {

class Decoder {
 public:
  // Valid until the next call, and as long as the record stays. Null without memory.
  SpanData* decode(const Record& record, const Settings& settings, const TickMap& clock) noexcept;
  TextStore& texts() noexcept { return arena_; }

 private:
  struct Counts {
    size_t attributes = 0, events = 0, links = 0;
  };
  bool decode_body(const Record& record, const TickMap& clock) noexcept;
  bool add_event(const Items& items, const Record& record, const TickMap& clock) noexcept;
  bool add_link(const Items& items) noexcept;
  // All attributes of [at, end); `dropped` grows by those beyond `limit`.
  bool attributes(const char* at, const char* end, size_t count, size_t limit, List<KeyValue>& list,
                  uint32_t& dropped) noexcept;
  Value value(uint8_t type, std::string_view bytes) noexcept;
  std::string_view text(std::string_view bytes) noexcept;  // repaired, and cut
  static Counts count(const char* at, const char* end) noexcept;

  Arena arena_;
  SpanData span_;
  const Limits* limits_ = nullptr;
};

}  // namespace detail
CLEW_END
