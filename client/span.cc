#include "clew/span.h"

#include "clew/trace.h"
#include "life.h"
#include "pipeline.h"
#include "record.h"
#include "settings.h"
#include "ticks.h"
#include "totals.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr size_t kMostNameBytes = 4096;

uint64_t load(const void* at) noexcept {
  uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}
void store(void* at, uint64_t word) noexcept {
  std::memcpy(at, &word, sizeof word);
}

// A SpanContext in four words: the trace id, the span id, and the flags at their bytes' places. Words, not bytes or
// blocks, are what is written and read here: a load that spans two stores of a moment ago waits for both.
struct Words {
  static constexpr uint64_t kSampled = SpanContext::kSampled, kRandom = SpanContext::kRandom, kRemote = 1 << 8,
                            kDebug = 1 << 16;
  uint64_t trace_high = 0, trace_low = 0, span = 0, flags = 0;

  static Words of(const SpanContext& context) noexcept {
    Words words;
    words.trace_high = load(context.trace_id.bytes);
    words.trace_low = load(context.trace_id.bytes + 8);
    words.span = load(context.span_id.bytes);
    words.flags = load(&context.flags);
    return words;
  }
  bool valid() const noexcept { return (trace_high | trace_low) != 0 && span != 0; }
  Sampler::Parent as_parent() const noexcept {
    return Sampler::Parent(1 + ((flags & kRemote) >> 7) + (flags & kSampled));
  }
};
static_assert(sizeof(SpanContext) == 32 && offsetof(SpanContext, flags) == 24 && offsetof(SpanContext, remote) == 25 &&
                  offsetof(SpanContext, debug) == 26,
              "words are the context's bytes");
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "as the masks of Words have it");

// The new span's own ids; its trace's from the parent, or new ones for a root.
inline void set_ids(Thread* thread, Node* node, const Words& parent, bool child, bool sampled) noexcept {
  uint64_t trace_high = parent.trace_high, trace_low = parent.trace_low, parent_id = parent.span;
  uint64_t flags = parent.flags & (Words::kRandom | Words::kDebug);
  if (CLEW_UNLIKELY(!child)) {
    trace_high = thread->random.next();
    trace_low = thread->random.next_id();
    parent_id = 0;
    flags = Words::kRandom;
  }
  SpanContext& context = node->context;
  store(context.trace_id.bytes, trace_high);
  store(context.trace_id.bytes + 8, trace_low);
  store(context.span_id.bytes, thread->random.next_id());
  store(&context.flags, flags | (sampled ? Words::kSampled : 0));
  store(node->parent_id.bytes, parent_id);
}

// The body begins with the name, cut when it is very long.
void begin_body(Node* node, const char* name, size_t size) noexcept {
  node->write = node->begin;
  if (CLEW_UNLIKELY(size >= kShort)) {
    if (size > kMostNameBytes) size = kMostNameBytes;
    if (!reserve_body(node, sizeof(uint32_t) + size)) size = kShort - 1;
  }
  const uint32_t bytes = uint32_t(size);
  std::memcpy(node->write, &bytes, sizeof bytes);
  copy_short(node->write + sizeof bytes, name, size);
  node->write += sizeof bytes + size;
}

__attribute__((noinline)) void begin_recording(Node* node, const ScopeInfo* scope, const char* name, size_t name_bytes,
                                               Kind kind, uint8_t bits) noexcept {
  node->scope = scope;
  node->kind = uint8_t(kind);
  node->status = 0;
  node->dropped_events = 0;
  node->dropped_attributes = 0;
  node->fork_generation = fork_generation;
  begin_body(node, name, name_bytes);
  const bool tsc = ticks_are_tsc.load(std::memory_order_relaxed);
  node->bits = uint8_t(bits | (tsc ? kTsc : 0));
  node->start_ticks = ticks(tsc);
}

// With a sampler that wants to know more, explicit parents, links, times.
CLEW_COLD Node* start_asking(Thread* thread, const Settings& settings, const ScopeInfo* scope, std::string_view name,
                             const StartOptions& options, const Context& parent) noexcept {
  const Words parent_words = Words::of(parent.span());
  const bool child = !options.root && parent_words.valid();
  Node* const node = thread->take();
  if (node == nullptr) {
    thread->dropped[unsigned(Drop::kTooManyLive)].add();
    return nullptr;
  }
  set_ids(thread, node, parent_words, child, false);
  node->bits = 0;
  const Context root(SpanContext(), TraceState(), parent.baggage());
  const Context& used = child ? parent : root;
  SamplingOutput output;
  output.trace_state = used.trace_state();
  const Sampler::Always always = settings.always[child ? unsigned(parent_words.as_parent()) : 0];
  if (always == Sampler::Always::kAsk) {
    const SamplingInput input{used, node->context.trace_id, name, options.kind, options.attributes, options.links};
    settings.sampler->decide(input, output);
  } else if (always == Sampler::Always::kSample) {
    output.decision = Decision::kSample;
  }
  detail::SharedText state = output.trace_state.text(), baggage = used.baggage().text();
  node->trace_state = state.release();
  node->baggage = baggage.release();
  if (output.decision == Decision::kSample) node->context.flags |= SpanContext::kSampled;
  if (output.decision != Decision::kDrop) {
    const bool remote = child && parent.span().remote;
    begin_recording(node, scope, name.data(), name.size(), options.kind,
                    uint8_t((remote ? kParentRemote : 0) | (output.decision == Decision::kSample ? 0 : kRecordOnly)));
    if (options.start_unix_ns != 0) {
      node->bits = uint8_t((node->bits & ~kTsc) | kStartUnix);
      node->start_ticks = options.start_unix_ns;
    }
    for (const KeyValue& attribute : options.attributes) put_attribute(node, attribute.key, attribute.value);
    for (unsigned i = 0; i < output.attribute_count; ++i) {
      put_attribute(node, output.attributes[i].key, output.attributes[i].value);
    }
    for (const Link& link : options.links) {
      add_link(node, link.span, link.trace_state, {link.attributes.data, link.attributes.count});
    }
  }
  if (options.current) {
    thread->push(node);
  } else {
    node->attached.store(0, std::memory_order_relaxed);
  }
  return node;
}

CLEW_COLD Node* start_current(const Settings& settings, const ScopeInfo* scope, std::string_view name,
                              Kind kind) noexcept {
  StartOptions options;
  options.kind = kind;
  return start_asking(this_thread(), settings, scope, name, options, Context::current());
}

// The first of the process, or of its thread.
CLEW_COLD Node* start_first(const ScopeInfo* scope, std::string_view name, Kind kind) noexcept {
  if (settings.load(std::memory_order_acquire) != nullptr && this_thread() != nullptr) {
    return start(scope, name.data(), name.size(), kind);
  }
  StartOptions options;
  options.kind = kind;
  return start(scope, name, options);
}

// The baggage goes on whatever the span; the trace state belongs to the trace.
CLEW_COLD void hold_texts(Node* node, const Node* parent, bool child) noexcept {
  node->trace_state = child ? SharedText::hold(parent->trace_state) : nullptr;
  node->baggage = SharedText::hold(parent->baggage);
}

// The record into the ring. `end`: ticks, or unix ns with kEndUnix in `bits`.
__attribute__((noinline)) void publish(Thread* thread, Node* node, uint64_t end, uint8_t bits) noexcept {
  if (CLEW_UNLIKELY(thread == nullptr)) {
    return totals.add(Drop::kNoRing);
  }
  thread->ended.add();
  if (CLEW_UNLIKELY(disabled())) return thread->dropped[unsigned(Drop::kShutdown)].add();
  if (CLEW_UNLIKELY(node->fork_generation != fork_generation)) return thread->dropped[unsigned(Drop::kForked)].add();
  Ring* const ring = thread->ring.load(std::memory_order_relaxed);
  if (CLEW_UNLIKELY(ring == nullptr)) return thread->dropped[unsigned(Drop::kNoRing)].add();
  const size_t body_bytes = size_t(node->write - node->begin);
  const size_t bytes = (sizeof(Record) + body_bytes + 7) & ~size_t(7);
  char* const at = bytes > ring->size() / 2 ? nullptr : ring->reserve(uint32_t(bytes));
  if (CLEW_UNLIKELY(at == nullptr)) {
    const bool too_large = bytes > ring->size() / 2;
    thread->dropped[unsigned(too_large ? Drop::kTooLarge : Drop::kRingFull)].add();
    if (!too_large) nudge_worker();
    return;
  }
  Record* const record = reinterpret_cast<Record*>(at);
  record->bytes = uint32_t(bytes);
  record->kind = node->kind;
  record->status = node->status;
  record->bits = uint8_t(node->bits | bits);
  record->dropped_events = node->dropped_events;
  record->context = node->context;
  record->parent_id = node->parent_id;
  record->start = node->start_ticks;
  record->end = end;
  record->scope = node->scope;
  record->trace_state = node->trace_state;
  record->body_bytes = uint32_t(body_bytes);
  record->dropped_attributes = node->dropped_attributes;
  std::memcpy(at + sizeof(Record), node->begin, body_bytes);
  node->trace_state = nullptr;
  if (ring->publish()) look_after_ring();
}

__attribute__((noinline)) void end_any(Node* node) noexcept {
  Thread* const thread = this_thread();
  if (node->write != nullptr) {
    const bool tsc = (node->bits & kTsc) != 0;
    publish(thread, node, ticks(tsc), tsc ? 0 : kEndUnix);
  }
  let_go(thread, node);
}

__attribute__((noinline)) Node* start_any(const ScopeInfo* scope, const char* name, size_t name_bytes,
                                          Kind kind) noexcept {
  Thread* const thread = this_thread_or_null;
  const Settings* const settings = detail::settings.load(std::memory_order_acquire);
  if (CLEW_UNLIKELY(thread == nullptr || settings == nullptr)) return start_first(scope, {name, name_bytes}, kind);
  Node* const parent = thread->top();
  const Words parent_words = parent != nullptr ? Words::of(parent->context) : Words{};
  const bool child = parent_words.valid();
  const Sampler::Always always = settings->always[child ? unsigned(parent_words.as_parent()) : 0];
  if (CLEW_UNLIKELY(always == Sampler::Always::kAsk)) {
    return start_current(*settings, scope, {name, name_bytes}, kind);
  }
  Node* const node = thread->take();
  if (CLEW_UNLIKELY(node == nullptr)) {
    thread->dropped[unsigned(Drop::kTooManyLive)].add();
    return nullptr;
  }
  const bool sampled = always == Sampler::Always::kSample;
  set_ids(thread, node, parent_words, child, sampled);
  node->trace_state = nullptr;
  node->baggage = nullptr;
  if (CLEW_UNLIKELY(parent != nullptr && has_texts(parent))) hold_texts(node, parent, child);
  thread->push(node);
  node->bits = 0;
  if (sampled) {
    const bool remote = child && (parent_words.flags & Words::kRemote) != 0;
    begin_recording(node, scope, name, name_bytes, kind, remote ? kParentRemote : 0);
  }
  return node;
}

}  // namespace

// The child of a span that is not sampled, where nothing is out of the ordinary: it needs no more than ids. Whatever
// else there may be is left to start_any() and end_any(), so that this path stays short.
Node* start(const ScopeInfo* scope, const char* name, size_t name_bytes, Kind kind) noexcept {
  Thread* const thread = this_thread_or_null;
  const Settings* const settings = detail::settings.load(std::memory_order_acquire);
  if (CLEW_UNLIKELY(thread == nullptr || settings == nullptr)) return start_any(scope, name, name_bytes, kind);
  const Node* const parent = thread->top_or_null();
  if (parent == nullptr) return start_any(scope, name, name_bytes, kind);
  const Words words = Words::of(parent->context);
  if (settings->always[unsigned(words.as_parent())] != Sampler::Always::kDrop || !words.valid() || has_texts(parent)) {
    return start_any(scope, name, name_bytes, kind);
  }
  Node* const node = thread->take_or_null();
  if (CLEW_UNLIKELY(node == nullptr)) return start_any(scope, name, name_bytes, kind);
  store(node->context.trace_id.bytes, words.trace_high);
  store(node->context.trace_id.bytes + 8, words.trace_low);
  store(node->context.span_id.bytes, thread->quiet_ids.next());
  store(&node->context.flags, words.flags & (Words::kRandom | Words::kDebug));
  node->trace_state = nullptr;
  node->baggage = nullptr;
  node->bits = 0;
  thread->push(node);
  return node;
}

Node* start(const ScopeInfo* scope, std::string_view name, const StartOptions& options) noexcept {
  if (!configured()) return nullptr;
  Thread* const thread = this_thread();
  const Settings* const settings = detail::settings.load(std::memory_order_acquire);
  if (thread == nullptr || settings == nullptr) {
    totals.add(Drop::kTooManyLive);
    return nullptr;
  }
  if (options.parent != nullptr) return start_asking(thread, *settings, scope, name, options, *options.parent);
  return start_asking(thread, *settings, scope, name, options, Context::current());
}

void end(Node* node) noexcept {
  Thread* const thread = this_thread_or_null;
  if (node->write == nullptr && CLEW_LIKELY(thread != nullptr && thread->is_top(node) && node->home == thread) &&
      !has_texts(node)) {
    thread->unlink_top(node);
    node->context.span_id = SpanId();
    thread->put_back(node);
    return;
  }
  end_any(node);
}

void end_at(Node* node, uint64_t unix_ns) noexcept {
  Thread* const thread = this_thread();
  if (node->write != nullptr) publish(thread, node, unix_ns, kEndUnix);
  let_go(thread, node);
}

void detach(Node* node) noexcept {
  Thread* const thread = this_thread();
  if (thread != nullptr && thread->holds(node)) thread->unlink(node);
}

}  // namespace detail
CLEW_END
