#include "receive/ingest.h"

#include <utility>

#include "base/check.h"
#include "model/tenant.h"

namespace clew::receive {
namespace {

constexpr std::string_view kTenantHeader = "X-Scope-OrgID";

Verdict verdict_of(Result<Accepted> accepted, uint32_t retry_delay_ms) {
  if (!accepted) return verdict_of_sink(std::move(accepted.error()), retry_delay_ms);
  Verdict verdict;
  verdict.outcome = accepted->rejected.spans == 0 ? Outcome::accepted : Outcome::partial;
  verdict.rejected = std::move(accepted->rejected);
  return verdict;
}

}  // namespace

ProtocolCounters::ProtocolCounters(std::string_view protocol)
    : spans_(counter("clew_receive_spans_total", "spans acknowledged", {{"protocol", std::string(protocol)}})),
      bytes_(counter("clew_receive_bytes_total", "bytes of export requests as sent",
                     {{"protocol", std::string(protocol)}})) {
  for (size_t i = 0; i < kOutcomes; ++i) {
    std::string outcome(facts_of(static_cast<Outcome>(i)).label);
    requests_[i] = &counter("clew_receive_requests_total", "export requests answered",
                            {{"protocol", std::string(protocol)}, {"outcome", std::move(outcome)}});
  }
}

Ingest::Ingest(const env::Clock& clock, IngestOptions options)
    : clock_(clock),
      options_(options),
      rejected_spans_(counter("clew_receive_rejected_spans_total", "spans rejected by partial success")) {}

void Ingest::open(SpanSink& sink) {
  CHECK(sink_ == nullptr);
  sink_ = &sink;
  decoders_.emplace(sink, clock_, options_.limits, options_.decoder_limits);
  phase_.store(Phase::taking, std::memory_order_release);
}

std::optional<Verdict> Ingest::refusal_of(size_t request_bytes) const {
  switch (phase_.load(std::memory_order_acquire)) {
    case Phase::taking: {
      Status room = sink_->check_room(request_bytes);
      if (room) return std::nullopt;
      return verdict_of_sink(std::move(room.error()), sink_->retry_delay_ms());
    }
    case Phase::starting: return refuse(Outcome::unavailable, "the server is starting: try again");
    case Phase::stopping: break;
  }
  return refuse(Outcome::unavailable, "the server is shutting down: try again");
}

void Ingest::drop_idle() {
  if (phase_.load(std::memory_order_acquire) != Phase::starting) decoders_->drop_idle();
}

Result<std::string> Ingest::tenant_of(const net::Headers& headers, Outcome& refusal) const {
  if (!options_.tenancy) return std::string(kSingleTenant);
  std::string_view name = headers.get(kTenantHeader);
  refusal = name.empty() ? Outcome::no_tenant : Outcome::malformed;
  if (name.empty()) return invalid("no org id: tenancy is enabled, name the tenant in the header X-Scope-OrgID");
  if (Status good = check_tenant_name(name); !good) return pass(std::move(good), kTenantHeader);
  return std::string(name);
}

void Ingest::take(net::Connection& connection, const net::Headers& headers, Encoding encoding, std::string_view body,
                  ProtocolCounters& counters, Done done) {
  auto answer = [&counters, &rejected_spans = rejected_spans_, done = std::move(done)](Verdict verdict) {
    counters.count_verdict(verdict.outcome);
    rejected_spans.add(static_cast<int64_t>(verdict.rejected.spans));
    done(std::move(verdict));
  };
  if (auto verdict = refusal_of(body.size())) return answer(std::move(*verdict));
  Outcome refusal = Outcome::malformed;
  auto tenant = tenant_of(headers, refusal);
  if (!tenant) return answer(refuse(refusal, std::move(tenant.error().message)));

  decoders_->of(connection).use(*tenant, [&](wire::OtlpDecoder& decoder, SpanBatch& batch) {
    uint64_t now_ns = clock_.unix_ns();
    Status decoded = encoding == Encoding::protobuf ? decoder.decode_protobuf(body, now_ns, batch)
                                                    : decoder.decode_json(body, now_ns, batch);
    if (!decoded) return answer(verdict_of_bad_request(std::move(decoded.error())));
    if (batch.rows.empty()) return answer(verdict_of(Accepted{0, 0, batch.rejected}, 0));
    SpanSink& sink = *sink_;
    sink.append(*tenant, batch, [&sink, &counters, answer = std::move(answer)](Result<Accepted> accepted) {
      if (accepted) counters.count_spans(accepted->spans);
      answer(verdict_of(std::move(accepted), sink.retry_delay_ms()));
    });
  });
}

}  // namespace clew::receive
