#include <fmt/format.h>

#include <algorithm>

#include "cli/import/destination.h"
#include "cli/otlp_sender.h"
#include "cli/pause.h"
#include "column/recode.h"
#include "wire/otlp.h"

namespace clew::cli {
namespace {

constexpr int kBusyRetries = 600;
constexpr uint64_t kNsPerMs = 1'000'000;

class ServerDestination final : public Destination {
 public:
  ServerDestination(std::string where, std::unique_ptr<OtlpSender> sender)
      : where_(std::move(where)), sender_(std::move(sender)) {}

  Status send(const SpanBatch& batch) override {
    reject(batch.rejected.spans, batch.rejected.reason);
    if (batch.rows.empty()) return {};
    std::string body = encode(batch);
    for (int attempt = 0; attempt < kBusyRetries; ++attempt) {
      ASSIGN_OR_RETURN(Acknowledgement answer, sender_->send(body));
      if (!answer.busy) {
        uint64_t rejected = std::min<uint64_t>(answer.rejected_spans, batch.rows.size());
        reject(rejected, answer.reason);
        counts_.spans += batch.rows.size() - rejected;
        return {};
      }
      Pause().wait_ns(answer.delay_ms * kNsPerMs);
    }
    return fail(ErrorCode::resource_exhausted, fmt::format("{} stays busy", where_));
  }
  Status drain() override { return {}; }
  void forget(const Vocabulary&) override {}
  Status close() override { return {}; }
  const ImportCounts& counts() const override { return counts_; }
  const std::string& where() const override { return where_; }

 private:
  void reject(uint64_t spans, const std::string& reason) {
    counts_.rejected += spans;
    if (spans > 0 && counts_.reason.empty()) counts_.reason = reason;
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
  std::unique_ptr<OtlpSender> sender_;
  ImportCounts counts_;
};

}  // namespace

Result<std::unique_ptr<Destination>> server_destination(const std::string& url) {
  ASSIGN_OR_RETURN(auto sender, make_sender(url, false));
  return std::make_unique<ServerDestination>(url, std::move(sender));
}

}  // namespace clew::cli
