#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

#include "cli/import/destination.h"
#include "column/recode.h"
#include "net/client.h"
#include "wire/otlp.h"
#include "wire/proto_fields.h"

namespace clew::cli {
namespace {

constexpr std::chrono::milliseconds kTimeout{60000};
constexpr int kBusyRetries = 600;

// ExportTraceServiceResponse.partial_success
void add_rejections(std::string_view body, ImportCounts& counts) {
  wire::FieldReader response(body);
  while (response.next()) {
    if (response.tag() != wire::tag_of(1, wire::kBytes)) continue;
    wire::FieldReader partial(response.bytes());
    while (partial.next()) {
      if (partial.tag() == wire::tag_of(1, wire::kVarint)) counts.rejected += partial.scalar();
      if (partial.tag() == wire::tag_of(2, wire::kBytes) && counts.reason.empty()) counts.reason = partial.bytes();
    }
  }
}

void wait(std::chrono::milliseconds time) {
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, time, [] { return false; });
}

class ServerDestination final : public Destination {
 public:
  ServerDestination(std::string where, net::Url url)
      : where_(std::move(where)), client_(net::Client::make(std::move(url), kTimeout)) {}

  Status send(const SpanBatch& batch) override {
    counts_.rejected += batch.rejected.spans;
    if (counts_.reason.empty()) counts_.reason = batch.rejected.reason;
    if (batch.rows.empty()) return {};
    std::string body = encode(batch);
    for (int attempt = 0;; ++attempt) {
      net::Headers headers;
      headers.add("content-type", "application/x-protobuf");
      ASSIGN_OR_RETURN(net::Response response, client_->call("POST", "/v1/traces", std::move(headers), body));
      if (response.status == 200) {
        uint64_t before = counts_.rejected;
        add_rejections(response.body, counts_);
        counts_.spans += batch.rows.size() - std::min<uint64_t>(batch.rows.size(), counts_.rejected - before);
        return {};
      }
      bool busy = response.status == 429 || response.status == 503;
      if (!busy || attempt == kBusyRetries) {
        return fail(ErrorCode::unavailable, fmt::format("{} answers {} to /v1/traces", where_, response.status));
      }
      wait(retry_delay(response));
    }
  }
  Status drain() override { return {}; }
  void forget(const Vocabulary&) override {}
  Status close() override { return {}; }
  const ImportCounts& counts() const override { return counts_; }
  const std::string& where() const override { return where_; }

 private:
  static std::chrono::milliseconds retry_delay(const net::Response& response) {
    int seconds = 1;
    std::string_view text = response.headers.get("retry-after");
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    constexpr int kMostSeconds = 30;
    return std::chrono::seconds(std::clamp(seconds, 1, kMostSeconds));
  }

  static std::string encode(const SpanBatch& batch) {
    SpanTable table;
    Recoder recoder(*batch.vocabulary, table.vocabulary);
    std::vector<uint32_t> words;
    for (const SpanRow& row : batch.rows) {
      words.clear();
      SpanRow out = recoder.row(row, std::span(batch.words).subspan(row.words, row.word_count), words);
      table.append(out, words);
    }
    table.publish();
    std::string body;
    wire::encode_otlp_protobuf(table, body);
    return body;
  }

  const std::string where_;
  std::unique_ptr<net::Client> client_;
  ImportCounts counts_;
};

}  // namespace

Result<std::unique_ptr<Destination>> server_destination(const std::string& url) {
  ASSIGN_OR_RETURN(net::Url parsed, net::Url::parse(url));
  if (parsed.scheme != "http") return invalid(fmt::format("'{}': import needs the http:// URL of OTLP/HTTP", url));
  return std::make_unique<ServerDestination>(url, std::move(parsed));
}

}  // namespace clew::cli
