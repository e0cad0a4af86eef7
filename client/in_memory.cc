#include "clew/in_memory.h"

#include <pthread.h>

#include "clew/init.h"
#include "json_text.h"

CLEW_BEGIN
namespace {

std::string text_of(const Value& value) {
  if (value.type() == Value::Type::kString) return std::string(value.text());
  std::string text;
  detail::append_plain(text, value);
  return text;
}

template <typename List>
FinishedSpan::Pairs copy_of(const List& attributes) {
  FinishedSpan::Pairs pairs;
  for (const KeyValue& pair : attributes) pairs.emplace_back(std::string(pair.key), text_of(pair.value));
  return pairs;
}

FinishedSpan copy_of(const SpanData& span) {
  FinishedSpan copy{span.context,
                    span.parent_id,
                    span.parent_remote,
                    span.kind,
                    span.status,
                    std::string(span.name),
                    std::string(span.trace_state),
                    std::string(span.status_message),
                    std::string(span.scope->name),
                    std::string(span.scope->version),
                    span.start_unix_ns,
                    span.end_unix_ns,
                    copy_of(span.attributes),
                    {},
                    {},
                    span.dropped_attributes,
                    span.dropped_events,
                    span.dropped_links,
                    copy_of(span.resource->attributes)};
  for (const Event& event : span.events) {
    copy.events.push_back({std::string(event.name), event.time_unix_ns, copy_of(event.attributes)});
  }
  for (const Link& link : span.links) {
    copy.links.push_back({link.span, std::string(link.trace_state), copy_of(link.attributes)});
  }
  return copy;
}

}  // namespace

struct InMemorySpans::Store {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  std::vector<FinishedSpan> spans;
};

class InMemorySpans::Keeper : public Exporter {
 public:
  explicit Keeper(std::shared_ptr<Store> store) noexcept : store_(std::move(store)) {}

  bool consume(const SpanData& span) noexcept override {
    FinishedSpan copy = copy_of(span);
    pthread_mutex_lock(&store_->mutex);
    store_->spans.push_back(std::move(copy));
    pthread_mutex_unlock(&store_->mutex);
    ++pending_;
    return true;
  }
  unsigned pending() const noexcept override { return pending_; }
  Sent send(Waiter&) noexcept override { return {std::exchange(pending_, 0), 0, 0}; }
  // Another thread of the parent may have held the lock.
  void forked() noexcept override {
    pthread_mutex_init(&store_->mutex, nullptr);
    store_->spans.clear();
    pending_ = 0;
  }

 private:
  std::shared_ptr<Store> store_;
  unsigned pending_ = 0;
};

InMemorySpans::InMemorySpans() : store_(std::make_shared<Store>()) {}

std::unique_ptr<Exporter> InMemorySpans::exporter() const {
  return std::make_unique<Keeper>(store_);
}

std::vector<FinishedSpan> InMemorySpans::finished() const {
  flush();
  pthread_mutex_lock(&store_->mutex);
  std::vector<FinishedSpan> spans = store_->spans;
  pthread_mutex_unlock(&store_->mutex);
  return spans;
}

void InMemorySpans::clear() {
  flush();
  pthread_mutex_lock(&store_->mutex);
  store_->spans.clear();
  pthread_mutex_unlock(&store_->mutex);
}

const std::string* FinishedSpan::attribute(std::string_view key) const noexcept {
  for (const auto& pair : attributes) {
    if (pair.first == key) return &pair.second;
  }
  return nullptr;
}

CLEW_END
