// Writing into a span's body, where inline code does not suffice: long values, lists, events, links.
#include <execinfo.h>

#include <cstdlib>

#include "clew/span.h"
#include "life.h"
#include "record.h"
#include "settings.h"
#include "ticks.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr size_t kFirstBlock = 4096;
constexpr size_t kKeptBlock = 16 << 10;
constexpr size_t kMostKeyBytes = UINT16_MAX;
constexpr size_t kMostNameBytes = 4096;  // and of a status message
constexpr unsigned kMostNesting = 8;
constexpr int kMostFrames = 64;

void count_dropped(Node* node) noexcept {
  if (node->dropped_attributes != UINT16_MAX) ++node->dropped_attributes;
}

void count_dropped_event(Node* node) noexcept {
  if (node->dropped_events != UINT8_MAX) ++node->dropped_events;
}

size_t most_value_bytes() noexcept {
  return settings.load(std::memory_order_acquire)->value_bytes;
}

// Between characters.
std::string_view cut_to(std::string_view text, size_t most) noexcept {
  if (text.size() <= most) return text;
  while (most > 0 && (uint8_t(text[most]) & 0xc0) == 0x80) --most;
  return text.substr(0, most);
}

// Texts are cut here only as far as is needed to keep copies short: the background thread counts characters.
std::string_view cut(std::string_view text) noexcept {
  return cut_to(text, most_value_bytes());
}

char* put(Node* node, Item item, uint8_t type, std::string_view key, std::string_view value) noexcept {
  if (!reserve_body(node, kItemHeader + key.size() + value.size())) return nullptr;
  char* const at = node->write;
  put_item(at, item, type, key.size(), value.size());
  if (!key.empty()) std::memcpy(at + kItemHeader, key.data(), key.size());
  if (!value.empty()) std::memcpy(at + kItemHeader + key.size(), value.data(), value.size());
  node->write = at + kItemHeader + key.size() + value.size();
  return at;
}

// An item whose value is written after it: begin() writes a header without a size, done() puts the size in. Offsets,
// for the body may move in between.
class Open {
 public:
  Open(Node* node, Item item, uint8_t type, std::string_view key) noexcept
      : node_(node), item_(item), type_(type), key_bytes_(key.size()), at_(size_t(node->write - node->begin)) {
    ok_ = put(node, item, type, key, {}) != nullptr;
  }
  bool ok() const noexcept { return ok_; }
  void done() noexcept {
    char* const at = node_->begin + at_;
    put_item(at, item_, type_, key_bytes_, size_t(node_->write - at) - kItemHeader - key_bytes_);
  }
  void undo() noexcept { node_->write = node_->begin + at_; }

 private:
  Node* node_;
  Item item_;
  uint8_t type_;
  size_t key_bytes_;
  size_t at_;
  bool ok_;
};

bool put_value(Node* node, std::string_view key, const Value& value, unsigned depth) noexcept;

bool put_elements(Node* node, const Value& value, unsigned depth) noexcept {
  if (value.type() == Value::Type::kArray) {
    for (const Value& element : value.items()) {
      if (!put_value(node, {}, element, depth + 1)) return false;
    }
  } else {
    for (const KeyValue& pair : value.pairs()) {
      if (!put_value(node, pair.key, pair.value, depth + 1)) return false;
    }
  }
  return true;
}

bool put_value(Node* node, std::string_view key, const Value& value, unsigned depth) noexcept {
  if (key.size() > kMostKeyBytes || depth > kMostNesting) return false;
  const uint8_t type = uint8_t(value.type());
  switch (value.type()) {
    case Value::Type::kString:
    case Value::Type::kBytes: return put(node, Item::kAttribute, type, key, cut(value.text())) != nullptr;
    case Value::Type::kBool:
    case Value::Type::kInt:
    case Value::Type::kDouble: {
      const int64_t integer = value.type() == Value::Type::kDouble ? 0 : value.integer();
      const double number = value.type() == Value::Type::kDouble ? value.number() : 0;
      char word[8];
      std::memcpy(word, value.type() == Value::Type::kDouble ? static_cast<const void*>(&number) : &integer,
                  sizeof word);
      return put(node, Item::kAttribute, type, key, {word, sizeof word}) != nullptr;
    }
    case Value::Type::kArray:
    case Value::Type::kMap: {
      Open open(node, Item::kAttribute, type, key);
      if (!open.ok()) return false;
      if (!put_elements(node, value, depth)) {
        open.undo();
        return false;
      }
      open.done();
      return true;
    }
    case Value::Type::kNone: break;
  }
  return put(node, Item::kAttribute, type, key, {}) != nullptr;
}

void put_all(Node* node, List<const KeyValue> attributes) noexcept {
  for (const KeyValue& attribute : attributes) {
    if (attribute.key.empty() || !put_value(node, attribute.key, attribute.value, 0)) count_dropped(node);
  }
}

bool put_event_head(Node* node, uint64_t unix_ns, bool tsc) noexcept {
  const uint64_t time = unix_ns != 0 ? unix_ns : ticks(tsc);
  if (!reserve_body(node, sizeof time)) return false;
  std::memcpy(node->write, &time, sizeof time);
  node->write += sizeof time;
  return true;
}

// An event's clock is its span's. A span with a given start has the wall clock's.
uint8_t time_type(const Node* node, uint64_t unix_ns) noexcept {
  return unix_ns != 0 || (node->bits & kTsc) == 0 ? 1 : 0;
}

}  // namespace

bool grow_body(Node* node, size_t bytes) noexcept {
  const size_t used = size_t(node->write - node->begin);
  const size_t most = settings.load(std::memory_order_acquire)->span_bytes;
  size_t size = kFirstBlock;
  while (size < used + bytes) size *= 4;
  if (size > most) size = most;
  if (size < used + bytes || !live_budget.take(size)) return false;
  char* const block = static_cast<char*>(std::malloc(size));
  if (block == nullptr) {
    live_budget.give_back(size);
    return false;
  }
  std::memcpy(block, node->begin, used);
  if (node->begin != node->inline_body) {
    live_budget.give_back(size_t(node->limit - node->begin));
    std::free(node->begin);
  }
  node->begin = block;
  node->write = block + used;
  node->limit = block + size;
  return true;
}

void shrink_body(Node* node) noexcept {
  const size_t size = size_t(node->limit - node->begin);
  if (size <= kKeptBlock) return;
  live_budget.give_back(size);
  std::free(node->begin);
  node->begin = node->inline_body;
  node->limit = node->inline_body + sizeof node->inline_body;
}

void put_attribute(Node* node, std::string_view key, const Value& value) noexcept {
  if (node->write == nullptr) return;
  if (key.empty() || !put_value(node, key, value, 0)) count_dropped(node);
}

void put_list(Node* node, std::string_view key, const void* list, size_t count,
              Value (*element)(const void*, size_t)) noexcept {
  if (node->write == nullptr) return;
  if (key.empty() || key.size() > kMostKeyBytes) return count_dropped(node);
  Open open(node, Item::kAttribute, uint8_t(Value::Type::kArray), key);
  bool ok = open.ok();
  for (size_t i = 0; ok && i < count; ++i) ok = put_value(node, {}, element(list, i), 1);
  if (ok) return open.done();
  open.undo();
  count_dropped(node);
}

void add_event(Node* node, std::string_view name, uint64_t unix_ns, List<const KeyValue> attributes) noexcept {
  if (node->write == nullptr) return;
  Open open(node, Item::kEvent, time_type(node, unix_ns), name.substr(0, kMostKeyBytes));
  if (!open.ok() || !put_event_head(node, unix_ns, (node->bits & kTsc) != 0)) {
    count_dropped_event(node);
    return open.undo();
  }
  put_all(node, attributes);
  open.done();
}

void add_link(Node* node, const SpanContext& to, std::string_view trace_state,
              List<const KeyValue> attributes) noexcept {
  if (node->write == nullptr) return;
  Open open(node, Item::kLink, 0, trace_state.substr(0, kMostKeyBytes));
  if (!open.ok() || !reserve_body(node, sizeof to)) {
    count_dropped_event(node);
    return open.undo();
  }
  std::memcpy(node->write, &to, sizeof to);
  node->write += sizeof to;
  put_all(node, attributes);
  open.done();
}

void set_name(Node* node, std::string_view name) noexcept {
  if (node->write != nullptr) put(node, Item::kName, 0, {}, cut_to(name, kMostNameBytes));
}

void set_status(Node* node, Status status, std::string_view message) noexcept {
  if (node->write == nullptr || status == Status::kUnset || node->status == uint8_t(Status::kOk)) return;
  node->status = uint8_t(status);
  if (status == Status::kError && !message.empty())
    put(node, Item::kStatusMessage, 0, {}, cut_to(message, kMostNameBytes));
}

void add_fault(Node* node, const Fault& fault, bool failed) noexcept {
  if (node->write == nullptr) return;
  if (failed) set_status(node, Status::kError, fault.message);
  Open open(node, Item::kEvent, time_type(node, 0), "exception");
  if (!open.ok() || !put_event_head(node, 0, (node->bits & kTsc) != 0)) {
    count_dropped_event(node);
    return open.undo();
  }
  bool ok = true;
  if (*fault.type != 0) ok = put(node, Item::kAttribute, kTypeMangled, "exception.type", fault.type) != nullptr;
  ok = ok && put(node, Item::kAttribute, uint8_t(Value::Type::kString), "exception.message", cut(fault.message));
  // The stack, without this function, and what caused the error: one text once it is rendered.
  void* frames[kMostFrames];
  const int count = backtrace(frames, kMostFrames);
  if (ok && count > 1) {
    Open stack(node, Item::kAttribute, kTypeAddresses, "exception.stacktrace");
    const size_t bytes = size_t(count - 1) * sizeof(void*);
    const uint32_t causes_bytes = uint32_t(fault.causes_bytes);
    if (stack.ok() && reserve_body(node, sizeof causes_bytes + causes_bytes + bytes)) {
      std::memcpy(node->write, &causes_bytes, sizeof causes_bytes);
      std::memcpy(node->write + sizeof causes_bytes, fault.causes, causes_bytes);
      std::memcpy(node->write + sizeof causes_bytes + causes_bytes, frames + 1, bytes);
      node->write += sizeof causes_bytes + causes_bytes + bytes;
      stack.done();
    } else {
      stack.undo();
      count_dropped(node);
    }
  }
  open.done();
}

}  // namespace detail
CLEW_END
