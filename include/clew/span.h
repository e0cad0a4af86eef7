// A span: one piece of work, from its start to its end.
//
// Thread rules: a Span is used by one thread at a time, like a std::string; it may be moved to another thread, and
// ended there. A span that is current in its thread and goes on elsewhere is detached first, so that what its old
// thread starts next is not its child.
//
// Nothing here throws, blocks, or allocates while the span is below 896 bytes. Everything may be called on a span that
// is not recorded, has been moved from, or has ended: it does nothing.
#pragma once

#include <utility>

#include "clew/context.h"
#include "clew/detail/fault.h"
#include "clew/detail/node.h"
#include "clew/id_text.h"
#include "clew/span_data.h"

CLEW_BEGIN

// Set on a span, it asks that the span's trace be kept. Its value says why: "exemplar".
constexpr std::string_view kKeep = "clew.keep";

namespace detail {
CLEW_API void put_list(Node* node, std::string_view key, const void* list, size_t count,
                       Value (*element)(const void*, size_t)) noexcept;
CLEW_API void add_event(Node*, std::string_view name, uint64_t unix_ns, List<const KeyValue>) noexcept;
CLEW_API void add_link(Node*, const SpanContext&, std::string_view trace_state, List<const KeyValue>) noexcept;
CLEW_API void set_name(Node*, std::string_view name) noexcept;
CLEW_API void set_status(Node*, Status, std::string_view message) noexcept;
CLEW_API void add_fault(Node*, const Fault&, bool escaped_status) noexcept;
CLEW_API void end(Node*) noexcept;
CLEW_API void end_at(Node*, uint64_t unix_ns) noexcept;
CLEW_API void detach(Node*) noexcept;
CLEW_API Context context_of(const Node*) noexcept;

template <typename T, typename = void>
struct IsList : std::false_type {};
template <typename T>
struct IsList<T, std::void_t<decltype(Value(std::declval<const T&>()[0])), decltype(std::declval<const T&>().size())>>
    : std::bool_constant<!std::is_convertible<const T&, Value>::value> {};

// What can be written into a span, for Span and SpanRef.
template <typename Self>
class Recorder {
 public:
  // Whether what is written is kept. False for a span that was not sampled: spare the work of finding out attributes.
  bool is_recording() const noexcept { return node() != nullptr && node()->write != nullptr; }
  SpanContext span_context() const noexcept { return node() == nullptr ? SpanContext() : node()->context; }

  // Sets an attribute; one of the same key is replaced. Values: texts, numbers, bool, Bytes, lists of these
  // (std::vector, std::array, …), Value for anything else. Long texts are cut (OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT).
  template <typename T>
  Self& set(std::string_view key, const T& value) noexcept {
    Node* const node = this->node();
    if (node == nullptr) return self();
    if constexpr (IsList<T>::value) {
      put_list(node, key, &value, value.size(), [](const void* list, size_t i) noexcept -> Value {
        using Element = decltype((*static_cast<const T*>(list))[i]);
        if constexpr (std::is_reference<Element>::value) {
          return Value((*static_cast<const T*>(list))[i]);
        } else {
          return Value(std::decay_t<Element>((*static_cast<const T*>(list))[i]));  // std::vector<bool>
        }
      });
    } else {
      put(node, key, value);
    }
    return self();
  }
  Self& set(std::string_view key, const char* text) noexcept {
    if (node() != nullptr) put_text(node(), key, text == nullptr ? std::string_view() : std::string_view(text));
    return self();
  }
  Self& set(std::string_view key, std::nullptr_t) noexcept { return set(key, Value()); }
  template <typename T>
  Self& set(std::string_view key, std::initializer_list<T> list) noexcept {
    return set(key, List<const T>{list.begin(), list.size()});
  }
  Self& set(Attributes attributes) noexcept {
    for (const KeyValue& attribute : attributes) set(attribute.key, attribute.value);
    return self();
  }

  // Something that happened at a moment: now, or at a given one.
  Self& event(std::string_view name, Attributes attributes = {}) noexcept { return event_at(0, name, attributes); }
  Self& event_at(uint64_t time_unix_ns, std::string_view name, Attributes attributes = {}) noexcept {
    if (node() != nullptr) add_event(node(), name, time_unix_ns, {attributes.begin(), attributes.size()});
    return self();
  }

  Self& link(const SpanContext& to, Attributes attributes = {}) noexcept {
    if (node() != nullptr) add_link(node(), to, {}, {attributes.begin(), attributes.size()});
    return self();
  }
  Self& link(const Context& to, Attributes attributes = {}) noexcept {
    const std::string_view state = to.trace_state().header();
    if (node() != nullptr) add_link(node(), to.span(), state, {attributes.begin(), attributes.size()});
    return self();
  }

  Self& name(std::string_view name) noexcept {
    if (node() != nullptr) set_name(node(), name);
    return self();
  }

  // kOk is final; kUnset changes nothing. The message counts with kError only.
  Self& status(Status status, std::string_view message = {}) noexcept {
    if (node() != nullptr) set_status(node(), status, message);
    return self();
  }

  // The ids for an exemplar of a metric (labels trace_id and span_id), or IdText() when the span will not be exported.
  // A metric's exemplar is of no use when its trace is thrown away later, so this also asks for it to be kept: it sets
  // the attribute kKeep to "exemplar", which whoever decides at the end of a trace looks for (a Processor, the policy
  // of a tail sampler: string_attribute clew.keep).
  IdText exemplar() noexcept {
    Node* const node = this->node();
    if (node == nullptr || node->write == nullptr || !node->context.sampled()) return IdText();
    put_text(node, kKeep, "exemplar");
    return IdText(node->context);
  }

  // An event "exception" with type, message and stack (of here), nested exceptions among it. `error`: a text, a
  // std::exception, a std::exception_ptr, or what has what() or message().
  template <typename Error>
  Self& exception(const Error& error) noexcept {
    return record(error, false);
  }
  // The same, and the status kError with the message.
  template <typename Error>
  Self& fail(const Error& error) noexcept {
    return record(error, true);
  }

 private:
  Self& self() noexcept { return static_cast<Self&>(*this); }
  Node* node() const noexcept { return static_cast<const Self&>(*this).node(); }

  template <typename Error>
  Self& record(const Error& error, bool failed) noexcept {
    if (is_recording()) describe(error, [this, failed](const Fault& fault) { add_fault(node(), fault, failed); });
    return self();
  }

  template <typename T>
  static void put(Node* node, std::string_view key, const T& value) noexcept {
    if constexpr (std::is_integral<T>::value) {
      const Value v(value);
      put_word(node, key, v, uint64_t(v.integer()));
    } else if constexpr (std::is_floating_point<T>::value) {
      const double number = double(value);
      uint64_t word;
      std::memcpy(&word, &number, sizeof word);
      put_word(node, key, Value(number), word);
    } else if constexpr (std::is_convertible<const T&, std::string_view>::value) {
      put_text(node, key, value);
    } else {
      put_attribute(node, key, Value(value));
    }
  }
};
}  // namespace detail

// A span that somebody else owns, for writing into it: clew::current_span().set("user.id", id). After the span's end it
// does nothing. Like the span it belongs to one thread at a time.
class SpanRef : public detail::Recorder<SpanRef> {
 public:
  SpanRef() noexcept = default;

 private:
  friend class Scope;
  friend class Span;
  friend class detail::Recorder<SpanRef>;
  friend SpanRef current_span() noexcept;
  explicit SpanRef(detail::Node* node) noexcept
      : node_(node), id_(node == nullptr ? SpanId() : node->context.span_id) {}
  detail::Node* node() const noexcept { return node_ != nullptr && node_->context.span_id == id_ ? node_ : nullptr; }

  detail::Node* node_ = nullptr;
  SpanId id_;
};

// The innermost span of this thread, recorded or not.
CLEW_API SpanRef current_span() noexcept;

class Span : public detail::Recorder<Span> {
 public:
  Span() noexcept = default;  // of nothing
  explicit Span(detail::Node* node) noexcept : node_(node) {}
  Span(Span&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Span& operator=(Span&& other) noexcept {
    if (this != &other) {
      end();
      node_ = std::exchange(other.node_, nullptr);
    }
    return *this;
  }
  ~Span() { end(); }

  void end() noexcept {
    if (node_ != nullptr) detail::end(std::exchange(node_, nullptr));
  }
  // At a given time, which a span with a given start should have too. Not before its start.
  void end_at(uint64_t time_unix_ns) noexcept {
    if (node_ != nullptr) detail::end_at(std::exchange(node_, nullptr), time_unix_ns);
  }

  // No longer the current span of the thread that started it. In that thread only.
  void detach() noexcept {
    if (node_ != nullptr) detail::detach(node_);
  }

  // What children and messages take along: this span, its trace's state, the baggage.
  Context context() const noexcept { return node_ == nullptr ? Context() : detail::context_of(node_); }
  operator SpanRef() const noexcept { return SpanRef(node_); }

 private:
  friend class detail::Recorder<Span>;
  detail::Node* node() const noexcept { return node_; }

  detail::Node* node_ = nullptr;
};

CLEW_END
