// Which spans are recorded and which of these are sent.
#pragma once

#include "clew/context.h"
#include "clew/span_data.h"

CLEW_BEGIN

enum class Decision : uint8_t {
  kDrop,        // not recorded; the context goes on, not sampled
  kRecordOnly,  // recorded and shown to processors, not exported; not sampled
  kSample,      // recorded and exported; sampled
};

struct SamplingInput {
  const Context& parent;  // its span is not valid for a root
  TraceId trace_id;       // the parent's, or the new one
  std::string_view name;
  Kind kind;
  List<const KeyValue> attributes;  // given at the start
  List<const Link> links;
};

struct SamplingOutput {
  static constexpr unsigned kMaxAttributes = 8;

  Decision decision = Decision::kDrop;
  TraceState trace_state;  // of the new span: comes in as the parent's
  // Added to the span. What they look at must stay valid until the thread calls the sampler again.
  KeyValue attributes[kMaxAttributes];
  unsigned attribute_count = 0;
};

// Called in whatever thread starts a span, at the same time in many: implementations synchronise what they change, and
// never wait.
class Sampler {
 public:
  enum class Parent : uint8_t { kNone, kLocalNotSampled, kLocalSampled, kRemoteNotSampled, kRemoteSampled };
  static constexpr unsigned kParents = 5;
  enum class Always : uint8_t { kAsk, kDrop, kSample };

  virtual ~Sampler() = default;
  virtual void decide(const SamplingInput& input, SamplingOutput& output) noexcept = 0;
  // What decide() answers for every span with such a parent, without attributes and with the parent's trace state; kAsk
  // when it depends on more. Asked once, before the first span: it spares the call.
  virtual Always always(Parent) const noexcept { return Always::kAsk; }
  // As OTel words it: "ParentBased{root:AlwaysOnSampler,…}". Valid as long as the sampler.
  virtual std::string_view description() const noexcept = 0;
};

CLEW_END
