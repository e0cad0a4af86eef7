// Messages over librdkafka's C interface. The context travels in the message's headers:
//
//   clew::kafka_produce(kafka, message);                               // a span "send TOPIC" around the enqueueing
//   auto span = clew::kafka_process_span(*rd_kafka_consumer_poll(…));  // a span "process TOPIC", in the consumer
#pragma once

#include <librdkafka/rdkafka.h>

#include "clew/carriers/kafka.h"
#include "clew/trace.h"

CLEW_BEGIN

struct KafkaMessage {
  const char* topic = nullptr;
  std::string_view value;  // copied
  std::string_view key;    // empty: none
  int32_t partition = RD_KAFKA_PARTITION_UA;
  const rd_kafka_headers_t* headers = nullptr;  // copied
  void* opaque = nullptr;
};

// Whose child the work on a message is.
enum class KafkaParent : uint8_t {
  kProducer,  // the producer's: one trace
  kLink,      // of what is current in the consumer, with a link to the producer: for batches
};

namespace detail {
inline Tracer kafka_tracer() noexcept {
  static const Tracer made = tracer("clew.rdkafka");
  return made;
}
template <typename AnySpan>
void set_partition(AnySpan& span, int32_t partition) noexcept {
  char text[16];
  std::snprintf(text, sizeof text, "%d", int(partition));
  if (partition >= 0) span.set("messaging.destination.partition.id", text);
}
}  // namespace detail

// Enqueues a message with the context of a new span in its headers. The span says whether that went well; delivery is
// reported later, to the program's callback.
inline rd_kafka_resp_err_t kafka_produce(rd_kafka_t* kafka, const KafkaMessage& message) {
  const std::string name = std::string("send ") + message.topic;
  auto span = detail::kafka_tracer().start(name, kProducer,
                                           {{"messaging.system", "kafka"},
                                            {"messaging.destination.name", message.topic},
                                            {"messaging.operation.name", "send"},
                                            {"messaging.operation.type", "send"}});
  detail::set_partition(span, message.partition);
  span.set("messaging.client.id", rd_kafka_name(kafka)).set("messaging.message.body.size", message.value.size());
  if (!message.key.empty()) span.set("messaging.kafka.message.key", message.key);
  rd_kafka_headers_t* const headers =
      message.headers == nullptr ? rd_kafka_headers_new(4) : rd_kafka_headers_copy(message.headers);
  inject(KafkaWriter<rd_kafka_headers_t>(headers), span.context());
  void* const value = const_cast<char*>(message.value.data());
  const void* const key = message.key.empty() ? nullptr : message.key.data();
  const rd_kafka_resp_err_t error =
      rd_kafka_producev(kafka, RD_KAFKA_V_TOPIC(message.topic), RD_KAFKA_V_PARTITION(message.partition),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_VALUE(value, message.value.size()),
                        RD_KAFKA_V_KEY(key, message.key.size()), RD_KAFKA_V_HEADERS(headers),
                        RD_KAFKA_V_OPAQUE(message.opaque), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_headers_destroy(headers);  // taken over only when all went well
    span.set("error.type", rd_kafka_err2name(error)).status(Status::kError, rd_kafka_err2str(error));
  }
  return error;
}

// The context in a message's headers, on top of the current one's baggage.
inline Context kafka_extract(const rd_kafka_message_t& message) noexcept {
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) headers = nullptr;
  return extract(KafkaReader<rd_kafka_headers_t>(headers));
}

// For the work on one message; current in this thread. `group`: the consumer's group id, when known.
inline Span kafka_process_span(const rd_kafka_message_t& message, KafkaParent parent = KafkaParent::kProducer,
                               std::string_view group = {}) {
  const char* const topic = rd_kafka_topic_name(message.rkt);
  const Context producer = kafka_extract(message);
  const Link link{producer.span(), producer.trace_state().header(), {}, 0};
  const KeyValue attributes[] = {{"messaging.system", "kafka"},
                                 {"messaging.destination.name", topic},
                                 {"messaging.operation.name", "process"},
                                 {"messaging.operation.type", "process"},
                                 {"messaging.kafka.offset", message.offset}};
  StartOptions options;
  options.kind = kConsumer;
  options.attributes = {attributes, sizeof attributes / sizeof *attributes};
  if (parent == KafkaParent::kProducer) {
    options.parent = &producer;
  } else if (producer.span().remote) {
    options.links = {&link, 1};
  }
  Span span = detail::kafka_tracer().start(std::string("process ") + topic, options);
  detail::set_partition(span, message.partition);
  span.set("messaging.message.body.size", message.len);
  if (message.key_len != 0) {
    span.set("messaging.kafka.message.key", std::string_view(static_cast<const char*>(message.key), message.key_len));
  }
  if (!group.empty()) span.set("messaging.consumer.group.name", group);
  return span;
}

CLEW_END
