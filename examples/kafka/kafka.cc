// A producer and a consumer with real Kafka headers: kafka [BROKERS]. Without brokers it asks librdkafka to imitate a
// cluster, which speaks Kafka's protocol on a local port.
#include <clew/instrument/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include <cstdio>

namespace {

auto tracer = clew::tracer("kafka");
constexpr const char* kTopic = "orders";
constexpr int kMessages = 3;

rd_kafka_t* open(rd_kafka_type_t type, const char* setting, const char* value) {
  char problem[256];
  rd_kafka_conf_t* const settings = rd_kafka_conf_new();
  rd_kafka_conf_set(settings, "group.id", "example", problem, sizeof problem);
  rd_kafka_conf_set(settings, "log_level", "3", problem, sizeof problem);
  rd_kafka_conf_set(settings, setting, value, problem, sizeof problem);
  rd_kafka_t* const kafka = rd_kafka_new(type, settings, problem, sizeof problem);
  if (kafka == nullptr) std::fprintf(stderr, "kafka: %s\n", problem);
  return kafka;
}

bool produce(rd_kafka_t* kafka) {
  auto span = tracer.start("take orders");
  for (int i = 0; i < kMessages; ++i) {
    clew::KafkaMessage message;
    message.topic = kTopic;
    message.partition = 0;
    message.value = "two books";
    if (clew::kafka_produce(kafka, message) != RD_KAFKA_RESP_ERR_NO_ERROR) return false;
  }
  return rd_kafka_flush(kafka, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

// How many messages came, in the order they were sent.
int consume(rd_kafka_t* kafka) {
  rd_kafka_topic_partition_list_t* const from = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(from, kTopic, 0)->offset = RD_KAFKA_OFFSET_TAIL(kMessages);
  rd_kafka_assign(kafka, from);
  rd_kafka_topic_partition_list_destroy(from);
  int count = 0;
  while (count < kMessages) {
    rd_kafka_message_t* const message = rd_kafka_consumer_poll(kafka, 10000);
    if (message == nullptr) break;
    if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      auto span = clew::kafka_process_span(*message, clew::KafkaParent::kProducer, "example");
      auto work = tracer.start("pack");
      ++count;
    }
    rd_kafka_message_destroy(message);
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  rd_kafka_t* const producer = argc > 1 ? open(RD_KAFKA_PRODUCER, "bootstrap.servers", argv[1])
                                        : open(RD_KAFKA_PRODUCER, "test.mock.num.brokers", "1");
  if (producer == nullptr) return 1;
  const char* const brokers =
      argc > 1 ? argv[1] : rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(producer));
  rd_kafka_t* const consumer = open(RD_KAFKA_CONSUMER, "bootstrap.servers", brokers);
  if (consumer == nullptr) return 1;
  const bool sent = produce(producer);
  const int came = sent ? consume(consumer) : 0;
  std::printf("%d of %d messages came\n", came, kMessages);
  rd_kafka_destroy(consumer);
  rd_kafka_destroy(producer);
  return came == kMessages ? 0 : 1;
}
