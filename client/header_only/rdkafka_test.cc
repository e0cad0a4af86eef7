#include "clew/instrument/rdkafka.h"

#include <librdkafka/rdkafka_mock.h>

#include "header_only/spans_for_test.h"

namespace clew {
namespace {

// A producer, a consumer and librdkafka's own imitation of a cluster, which speaks Kafka's protocol on a local port.
class KafkaTest : public SpansTest {
 protected:
  void SetUp() override {
    SpansTest::SetUp();
    char problem[512];
    rd_kafka_conf_t* const settings = rd_kafka_conf_new();
    rd_kafka_conf_set(settings, "client.id", "tester", problem, sizeof problem);
    rd_kafka_conf_set(settings, "test.mock.num.brokers", "1", problem, sizeof problem);
    producer_ = rd_kafka_new(RD_KAFKA_PRODUCER, settings, problem, sizeof problem);
    ASSERT_NE(producer_, nullptr) << problem;
    rd_kafka_conf_t* const other = rd_kafka_conf_new();
    const char* const brokers = rd_kafka_mock_cluster_bootstraps(rd_kafka_handle_mock_cluster(producer_));
    rd_kafka_conf_set(other, "bootstrap.servers", brokers, problem, sizeof problem);
    rd_kafka_conf_set(other, "group.id", "testers", problem, sizeof problem);
    consumer_ = rd_kafka_new(RD_KAFKA_CONSUMER, other, problem, sizeof problem);
    ASSERT_NE(consumer_, nullptr) << problem;
  }
  void TearDown() override {
    rd_kafka_destroy(consumer_);
    rd_kafka_destroy(producer_);
    SpansTest::TearDown();
  }

  // The next message of partition 0, from the beginning. To be destroyed.
  rd_kafka_message_t* receive(const char* topic) {
    rd_kafka_topic_partition_list_t* const from = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(from, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
    rd_kafka_assign(consumer_, from);
    rd_kafka_topic_partition_list_destroy(from);
    while (true) {
      rd_kafka_message_t* const message = rd_kafka_consumer_poll(consumer_, 10000);
      if (message == nullptr || message->err == 0) return message;
      rd_kafka_message_destroy(message);
    }
  }

  rd_kafka_t *producer_ = nullptr, *consumer_ = nullptr;
};

KafkaMessage order() {
  KafkaMessage message;
  message.topic = "orders";
  message.partition = 0;
  message.key = "k1";
  message.value = "two books";
  return message;
}

TEST_F(KafkaTest, FromProducerToConsumer) {
  rd_kafka_headers_t* const own = rd_kafka_headers_new(1);
  rd_kafka_header_add(own, "mine", -1, "yes", -1);
  {
    auto a = tracer_.start("a");
    KafkaMessage message = order();
    message.headers = own;
    EXPECT_EQ(kafka_produce(producer_, message), RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  rd_kafka_headers_destroy(own);
  ASSERT_EQ(rd_kafka_flush(producer_, 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_message_t* const message = receive("orders");
  ASSERT_NE(message, nullptr);
  rd_kafka_headers_t* headers = nullptr;
  ASSERT_EQ(rd_kafka_message_headers(message, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
  EXPECT_EQ(rd_kafka_header_cnt(headers), 2u);
  {
    auto span = kafka_process_span(*message, KafkaParent::kProducer, "testers");
    auto work = tracer_.start("work");
  }
  {
    auto batch = tracer_.start("batch");
    auto span = kafka_process_span(*message, KafkaParent::kLink);
    span.name("linked");
  }
  rd_kafka_message_destroy(message);

  expect_child("send orders", "a");
  expect_child("process orders", "send orders");
  expect_child("work", "process orders");
  expect_child("linked", "batch");
  ASSERT_THAT(span_called("linked").links, testing::SizeIs(1));
  EXPECT_EQ(span_called("linked").links[0].span.span_id, span_called("send orders").context.span_id);
  EXPECT_EQ(span_called("send orders").kind, kProducer);
  EXPECT_EQ(span_called("process orders").kind, kConsumer);
  const struct {
    const char *span, *key, *value;
  } expected[] = {
      {"send orders", "messaging.system", "kafka"},
      {"send orders", "messaging.destination.name", "orders"},
      {"send orders", "messaging.operation.type", "send"},
      {"send orders", "messaging.destination.partition.id", "0"},
      {"send orders", "messaging.message.body.size", "9"},
      {"send orders", "messaging.kafka.message.key", "k1"},
      {"process orders", "messaging.operation.type", "process"},
      {"process orders", "messaging.kafka.offset", "0"},
      {"process orders", "messaging.kafka.message.key", "k1"},
      {"process orders", "messaging.consumer.group.name", "testers"},
  };
  for (const auto& [span, key, text] : expected) EXPECT_EQ(value(span, key), text) << span << " " << key;
}

TEST_F(KafkaTest, AMessageThatIsRefused) {
  const std::string large(2 << 20, 'x');
  KafkaMessage message = order();
  message.value = large;
  EXPECT_EQ(kafka_produce(producer_, message), RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  EXPECT_EQ(span_called("send orders").status, Status::kError);
  EXPECT_EQ(value("send orders", "error.type"), "MSG_SIZE_TOO_LARGE");
}

TEST_F(KafkaTest, AMessageFromSomebodyWithoutTraces) {
  ASSERT_EQ(rd_kafka_producev(producer_, RD_KAFKA_V_TOPIC("plain"), RD_KAFKA_V_PARTITION(0),
                              RD_KAFKA_V_VALUE(const_cast<char*>("x"), 1), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                              RD_KAFKA_V_END),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  ASSERT_EQ(rd_kafka_flush(producer_, 10000), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_message_t* const message = receive("plain");
  ASSERT_NE(message, nullptr);
  {
    auto span = kafka_process_span(*message);
  }
  {
    auto span = kafka_process_span(*message, KafkaParent::kLink);
    span.name("linked");
  }
  rd_kafka_message_destroy(message);
  expect_root("process plain");
  EXPECT_THAT(span_called("linked").links, testing::IsEmpty());
}

}  // namespace
}  // namespace clew
