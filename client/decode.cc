#include "decode.h"

#include "stack_text.h"
#include "thread.h"
#include "unique_keys.h"
#include "utf8.h"

CLEW_BEGIN
namespace detail {
namespace {

template <typename T>
T read(std::string_view bytes) noexcept {
  T word{};
  std::memcpy(&word, bytes.data(), bytes.size() < sizeof word ? bytes.size() : sizeof word);
  return word;
}

}  // namespace

SpanData* Decoder::decode(const Record& record, const Settings& settings, const TickMap& clock) noexcept {
  arena_.reset();
  span_ = SpanData();
  limits_ = &settings.limits;
  span_.context = record.context;
  span_.parent_id = record.parent_id;
  span_.parent_remote = (record.bits & kParentRemote) != 0;
  span_.kind = Kind(record.kind);
  span_.status = Status(record.status);
  span_.dropped_attributes = record.dropped_attributes;
  span_.dropped_events = record.dropped_events;
  span_.scope = record.scope;
  span_.resource = &settings.resource;
  if (record.trace_state != nullptr) span_.trace_state = {record.trace_state->text(), record.trace_state->size};
  const bool start_is_tick = (record.bits & kTsc) != 0, end_is_tick = start_is_tick && (record.bits & kEndUnix) == 0;
  span_.start_unix_ns = start_is_tick ? clock.unix_ns(record.start) : record.start;
  span_.end_unix_ns = end_is_tick ? clock.end_unix_ns(record.start, record.end) : record.end;
  if (span_.end_unix_ns < span_.start_unix_ns) span_.end_unix_ns = span_.start_unix_ns;
  return decode_body(record, clock) ? &span_ : nullptr;
}

Decoder::Counts Decoder::count(const char* at, const char* end) noexcept {
  Counts counts;
  for (Items items(at, end); items.next();) {
    counts.attributes += items.item() == Item::kAttribute;
    counts.events += items.item() == Item::kEvent;
    counts.links += items.item() == Item::kLink;
  }
  return counts;
}

bool Decoder::decode_body(const Record& record, const TickMap& clock) noexcept {
  const char* at = record.body();
  const char* const end = at + record.body_bytes;
  const uint32_t name_bytes = read<uint32_t>({at, sizeof(uint32_t)});
  at += sizeof name_bytes;
  std::string_view name(at, name_bytes);
  at += name_bytes;
  const Counts counts = count(at, end);
  span_.events.data = arena_.array<Event>(counts.events < limits_->events ? counts.events : limits_->events);
  span_.links.data = arena_.array<Link>(counts.links < limits_->links ? counts.links : limits_->links);
  if (span_.events.data == nullptr || span_.links.data == nullptr) return false;
  for (Items items(at, end); items.next();) {
    switch (items.item()) {
      case Item::kAttribute: break;
      case Item::kEvent:
        if (!add_event(items, record, clock)) return false;
        break;
      case Item::kLink:
        if (!add_link(items)) return false;
        break;
      case Item::kName: name = items.value(); break;
      case Item::kStatusMessage: span_.status_message = repaired_utf8(items.value(), arena_); break;
    }
  }
  span_.name = repaired_utf8(name, arena_);
  if (span_.status != Status::kError) span_.status_message = {};
  return attributes(at, end, counts.attributes, limits_->attributes, span_.attributes, span_.dropped_attributes);
}

bool Decoder::add_event(const Items& items, const Record& record, const TickMap& clock) noexcept {
  if (span_.events.count == limits_->events) {
    ++span_.dropped_events;
    return true;
  }
  Event& event = span_.events.data[span_.events.count++];
  const std::string_view body = items.value();
  const uint64_t time = read<uint64_t>(body);
  event.name = repaired_utf8(items.key(), arena_);
  // By the ticks from the span's start, so that it lies within the span.
  event.time_unix_ns = items.type() == 0 ? clock.end_unix_ns(record.start, time) : time;
  const char* const at = body.data() + sizeof time;
  const char* const end = body.data() + body.size();
  return attributes(at, end, count(at, end).attributes, limits_->event_attributes, event.attributes,
                    event.dropped_attributes);
}

bool Decoder::add_link(const Items& items) noexcept {
  if (span_.links.count == limits_->links) {
    ++span_.dropped_links;
    return true;
  }
  Link& link = span_.links.data[span_.links.count++];
  const std::string_view body = items.value();
  link.span = read<SpanContext>(body);
  link.trace_state = repaired_utf8(items.key(), arena_);
  const char* const at = body.data() + sizeof link.span;
  const char* const end = body.data() + body.size();
  return attributes(at, end, count(at, end).attributes, limits_->link_attributes, link.attributes,
                    link.dropped_attributes);
}

bool Decoder::attributes(const char* at, const char* end, size_t count, size_t limit, List<KeyValue>& list,
                         uint32_t& dropped) noexcept {
  const size_t most = count < limit ? count : limit;
  list.data = arena_.array<KeyValue>(most + 1);  // the last one is for a key beyond the limit
  if (list.data == nullptr) return false;
  UniqueKeys keys(list.data, most, arena_);
  for (Items items(at, end); items.next();) {
    if (items.item() != Item::kAttribute) continue;
    bool is_new;
    const std::string_view key = repaired_utf8(items.key(), arena_);
    KeyValue* const pair = keys.find(key, is_new);
    if (is_new && keys.count() == limit) {
      ++dropped;
      continue;
    }
    pair->value = value(items.type(), items.value());
    if (is_new) keys.added(key);
  }
  list.count = keys.count();
  return true;
}

std::string_view Decoder::text(std::string_view bytes) noexcept {
  return first_characters(repaired_utf8(bytes, arena_), limits_->attribute_value_chars);
}

Value Decoder::value(uint8_t type, std::string_view bytes) noexcept {
  if (type == kTypeMangled) return text(demangled(bytes, arena_));
  if (type == kTypeAddresses) {
    const uint32_t causes = read<uint32_t>(bytes);
    bytes.remove_prefix(sizeof causes);
    const size_t frames = (bytes.size() - causes) / sizeof(uintptr_t);
    return text(stack_text(bytes.data() + causes, frames, bytes.substr(0, causes), arena_));
  }
  switch (Value::Type(type)) {
    case Value::Type::kNone: break;
    case Value::Type::kString: return text(bytes);
    case Value::Type::kBool: return read<int64_t>(bytes) != 0;
    case Value::Type::kInt: return read<int64_t>(bytes);
    case Value::Type::kDouble: return read<double>(bytes);
    case Value::Type::kBytes: return Bytes{bytes.data(), bytes.size()};
    case Value::Type::kArray: {
      const char* const end = bytes.data() + bytes.size();
      const size_t most = count(bytes.data(), end).attributes;
      Value* const items = arena_.array<Value>(most);
      if (items == nullptr) break;
      size_t i = 0;
      for (Items elements(bytes.data(), end); elements.next(); ++i) items[i] = value(elements.type(), elements.value());
      return List<const Value>{items, most};
    }
    case Value::Type::kMap: {
      const char* const end = bytes.data() + bytes.size();
      List<KeyValue> pairs;
      uint32_t dropped = 0;
      const size_t most = count(bytes.data(), end).attributes;
      if (!attributes(bytes.data(), end, most, most, pairs, dropped)) break;
      return List<const KeyValue>{pairs.data, pairs.count};
    }
  }
  return Value();
}

}  // namespace detail
CLEW_END
