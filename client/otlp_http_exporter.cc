#include <deque>
#include <new>

#include "clew/exporters.h"
#include "gzip.h"
#include "http_client.h"
#include "otlp.h"
#include "problem.h"
#include "random.h"
#include "version.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint32_t kMostBackoffMs = 8000;

// The spans of one request, encoded, by scope. Used again, with its memory, for later ones.
struct Batch {
  const Resource* resource = nullptr;
  std::vector<OtlpScope> scopes;
  unsigned spans = 0;
  size_t bytes = 0;

  void add(const SpanData& span) {
    resource = span.resource;
    OtlpScope* scope = nullptr;
    for (OtlpScope& known : scopes) {
      if (known.info == span.scope) scope = &known;
    }
    if (scope == nullptr) scope = &scopes.emplace_back(OtlpScope{span.scope, {}});
    const size_t before = scope->spans.size();
    append_otlp_span(scope->spans, span);
    bytes += scope->spans.size() - before;
    ++spans;
  }
  void clear() {
    for (OtlpScope& scope : scopes) scope.spans.clear();
    spans = 0;
    bytes = 0;
  }
};

class OtlpHttpExporter : public Exporter {
 public:
  OtlpHttpExporter(OtlpHttpOptions options, Url url) noexcept : options_(std::move(options)), client_(std::move(url)) {
    random_.seed();
  }

  bool consume(const SpanData& span) noexcept override {
    if (pending_ >= options_.queue_spans || bytes_ >= options_.queue_bytes) return false;
    if (queue_.empty() || queue_.back().spans >= options_.batch_spans || queue_.back().resource != span.resource) {
      queue_.push_back(std::move(spare_));
      spare_ = Batch();
    }
    const size_t before = queue_.back().bytes;
    queue_.back().add(span);
    bytes_ += queue_.back().bytes - before;
    ++pending_;
    return true;
  }
  unsigned pending() const noexcept override { return pending_; }

  Sent send(Waiter& waiter) noexcept override {
    Sent result;
    for (unsigned left = pending_; left > 0 && !queue_.empty();) {
      Batch batch = std::move(queue_.front());
      queue_.pop_front();
      pending_ -= batch.spans;
      bytes_ -= batch.bytes;
      left -= batch.spans < left ? batch.spans : left;
      deliver(batch, waiter, result);
      batch.clear();
      spare_ = std::move(batch);
    }
    return result;
  }

  void forked() noexcept override {
    // send() may have been in the middle of these: their memory is left behind.
    new (&queue_) std::deque<Batch>;
    new (&spare_) Batch;
    new (&request_) std::string;
    pending_ = 0;
    bytes_ = 0;
    client_.forked();
    random_.seed();
  }

 private:
  void deliver(const Batch& batch, Waiter& waiter, Sent& result) noexcept {
    std::string& body = request_;
    body.clear();
    append_otlp_request(body, *batch.resource, batch.scopes.data(), batch.scopes.size());
    const bool packed = options_.gzip && gzip(body, body);
    if (options_.gzip && !packed) problem("no zlib: spans are sent without compression");
    const std::string headers = this->headers(packed);
    const uint64_t deadline = waiter.now_ns() + options_.timeout_ms * kMs;
    uint32_t backoff_ms = options_.first_backoff_ms;
    while (true) {
      const HttpResponse response = client_.post(headers, body, waiter, deadline);
      if (response.status >= 200 && response.status < 300) return took(response.body, batch, result);
      if (!may_retry(response.status)) return refused(response, batch, result);
      // At random between half of the time and all of it, so that those who were refused together do not come back so.
      uint64_t delay_ms = backoff_ms / 2 + random_.next() % (backoff_ms / 2 + 1);
      if (response.retry_after_ms > delay_ms) delay_ms = response.retry_after_ms;
      const uint64_t again = waiter.now_ns() + delay_ms * kMs;
      if (again >= deadline || !pause(waiter, again)) return refused(response, batch, result);
      backoff_ms = backoff_ms < kMostBackoffMs / 2 ? 2 * backoff_ms : kMostBackoffMs;
    }
  }

  static bool may_retry(int status) noexcept {
    return status == 0 || status == 429 || status == 502 || status == 503 || status == 504;
  }
  static bool pause(Waiter& waiter, uint64_t until) noexcept {
    waiter.wait(-1, 0, until);
    return waiter.may_go_on();
  }

  void took(std::string_view body, const Batch& batch, Sent& result) noexcept {
    const PartialSuccess partial = partial_success(body);
    const uint64_t rejected = partial.rejected_spans < batch.spans ? partial.rejected_spans : batch.spans;
    result.rejected += rejected;
    result.sent += batch.spans - rejected;
    if (partial.rejected_spans != 0 || !partial.message.empty()) {
      problem("the collector did not take all spans: ", partial.message);
    }
  }
  void refused(const HttpResponse& response, const Batch& batch, Sent& result) noexcept {
    result.failed += batch.spans;
    const std::string why = response.status == 0 ? response.problem : "status " + std::to_string(response.status);
    problem("spans are lost, they could not be sent: ", options_.url + ": " + why);
  }

  std::string headers(bool packed) const {
    std::string text = "Content-Type: application/x-protobuf\r\nUser-Agent: OTel-OTLP-Exporter-Clew/";
    text += kVersion;
    text += "\r\n";
    if (packed) text += "Content-Encoding: gzip\r\n";
    for (const auto& [name, value] : options_.headers) {
      text += name;
      text += ": ";
      text += value;
      text += "\r\n";
    }
    return text;
  }

  OtlpHttpOptions options_;
  HttpClient client_;
  Random random_;
  std::deque<Batch> queue_;
  Batch spare_;  // empty, with the memory of the batch sent last
  std::string request_;
  unsigned pending_ = 0;
  size_t bytes_ = 0;
};

bool is_line(std::string_view text) noexcept {
  for (char c : text) {
    if (uint8_t(c) < ' ' || c == 0x7f) return false;
  }
  return true;
}

}  // namespace
}  // namespace detail

std::unique_ptr<Exporter> otlp_http_exporter(OtlpHttpOptions options, std::string* problem) noexcept {
  detail::Url url;
  std::string wrong;
  if (detail::Url::parse(options.url, url, wrong)) {
    for (const auto& [name, value] : options.headers) {
      if (name.empty() || !detail::is_line(name) || !detail::is_line(value))
        wrong = "a header has a line break: " + name;
    }
  }
  if (options.batch_spans == 0 || options.queue_spans == 0) wrong = "batch_spans and queue_spans are at least 1";
  if (problem != nullptr) *problem = wrong;
  if (!wrong.empty()) return nullptr;
  return std::make_unique<detail::OtlpHttpExporter>(std::move(options), std::move(url));
}

CLEW_END
