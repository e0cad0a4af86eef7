#include <gmock/gmock.h>

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <map>
#include <unordered_map>

#include "clew/carriers/beast.h"
#include "clew/carriers/environment.h"
#include "clew/carriers/grpc.h"
#include "clew/carriers/kafka.h"
#include "propagate/header_list_for_test.h"

// librdkafka's C interface, as much of it as headers take.
struct rd_kafka_headers_s {
  std::vector<std::pair<std::string, std::string>> list;
};
using rd_kafka_headers_t = rd_kafka_headers_s;

int rd_kafka_header_add(rd_kafka_headers_t* headers, const char* name, ssize_t name_size, const void* value,
                        ssize_t value_size) {
  headers->list.emplace_back(std::string(name, size_t(name_size)),
                             std::string(static_cast<const char*>(value), size_t(value_size)));
  return 0;
}
int rd_kafka_header_remove(rd_kafka_headers_t* headers, const char* name) {
  auto& list = headers->list;
  for (size_t i = list.size(); i-- > 0;) {
    if (list[i].first == name) list.erase(list.begin() + ptrdiff_t(i));
  }
  return 0;
}
int rd_kafka_header_get_all(const rd_kafka_headers_t* headers, size_t at, const char** name, const void** value,
                            size_t* size) {
  if (at >= headers->list.size()) return -1;
  *name = headers->list[at].first.c_str();
  *value = headers->list[at].second.data();
  *size = headers->list[at].second.size();
  return 0;
}

namespace clew {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

const std::string kParent = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-01";

// A context with everything that propagators write.
Context full() {
  return extracted(*composite_propagator({w3c_propagator(), baggage_propagator()}),
                   {{"traceparent", kParent}, {"tracestate", "a=1,b=2"}, {"baggage", "k=v"}});
}

std::shared_ptr<Propagator> all() {
  return composite_propagator(
      {w3c_propagator(), baggage_propagator(), b3_multi_propagator(), jaeger_propagator(), xray_propagator()});
}

// What has been written is read again, and written twice it is still there once.
template <typename Reader, typename Writer>
void expect_round_trip(const Reader& reader, Writer&& writer) {
  const auto propagator = all();
  propagator->inject(Context(full().span()), writer);
  propagator->inject(full(), writer);
  const auto headers = reader();
  const Context found = propagator->extract(headers, Context());
  EXPECT_EQ(text_of(found.span()), text_of(full().span()));
  EXPECT_EQ(found.trace_state().header(), "a=1,b=2");
  EXPECT_EQ(text_of(found.baggage()), "k=v");
  std::string_view value;
  EXPECT_EQ(headers.get("traceparent", &value, 1), 1u);
  EXPECT_EQ(value, kParent);
  EXPECT_EQ(headers.get("no-such-header", &value, 1), 0u);
}

TEST(CarriersTest, Maps) {
  std::map<std::string, std::string> map;
  expect_round_trip([&] { return MapReader(map); }, MapWriter(map));
  std::unordered_map<std::string, std::string> hashed;
  expect_round_trip([&] { return MapReader(hashed); }, MapWriter(hashed));
  const std::multimap<std::string, std::string> several{{"TRACESTATE", "a=1"}, {"tracestate", "b=2"}};
  std::string_view values[1];
  EXPECT_EQ(MapReader(several).get("tracestate", values, 1), 2u) << "all are counted, one has room";
}

TEST(CarriersTest, MapsAnyCaseOfTheName) {
  std::map<std::string, std::string> map{{"TraceParent", "old"}};
  w3c_propagator()->inject(Context(full().span()), *std::make_unique<MapWriter<decltype(map)>>(map));
  EXPECT_THAT(map, UnorderedElementsAre(Pair("TraceParent", kParent)));
}

TEST(CarriersTest, Beast) {
  boost::beast::http::request<boost::beast::http::string_body> request;
  expect_round_trip([&] { return BeastReader(request); }, BeastWriter(request));
  request.insert("TraceState", "c=3");
  std::string_view values[4];
  EXPECT_EQ(BeastReader(request).get("tracestate", values, 4), 2u);
  EXPECT_EQ(values[1], "c=3");
}

// As gRPC has them: texts without an end, names in lower case.
struct StringRef {
  std::string_view view;
  const char* data() const { return view.data(); }
  size_t size() const { return view.size(); }
};
struct FakeClientContext {
  std::vector<std::pair<std::string, std::string>> sent;
  void AddMetadata(const std::string& key, const std::string& value) { sent.emplace_back(key, value); }
};

TEST(CarriersTest, Grpc) {
  FakeClientContext client;
  GrpcWriter writer(client);
  all()->inject(full(), writer);
  std::vector<std::pair<StringRef, StringRef>> metadata;
  for (const auto& pair : client.sent) {
    for (char c : pair.first) EXPECT_FALSE(c >= 'A' && c <= 'Z') << pair.first;
    metadata.push_back({{pair.first}, {pair.second}});
  }
  const Context found = all()->extract(GrpcReader(metadata), Context());
  EXPECT_EQ(text_of(found.span()), text_of(full().span()));
  EXPECT_EQ(found.trace_state().header(), "a=1,b=2");
  EXPECT_EQ(text_of(found.baggage()), "k=v");
}

TEST(CarriersTest, Kafka) {
  rd_kafka_headers_t headers;
  expect_round_trip([&] { return KafkaReader(&headers); }, KafkaWriter(&headers));
  const rd_kafka_headers_t* none = nullptr;
  EXPECT_EQ(text_of(all()->extract(KafkaReader(none), Context()).span()), "none");
}

struct FakeKafkaHeader {
  std::string name, text;
  std::string key() const { return name; }
  const void* value() const { return text.data(); }
  size_t value_size() const { return text.size(); }
};
struct FakeKafkaHeaders {
  std::vector<FakeKafkaHeader> list;
  std::vector<FakeKafkaHeader> get_all() const { return list; }
  int add(const std::string& key, const void* value, size_t size) {
    list.push_back({key, std::string(static_cast<const char*>(value), size)});
    return 0;
  }
  int remove(const std::string& key) {
    for (size_t i = list.size(); i-- > 0;) {
      if (list[i].name == key) list.erase(list.begin() + ptrdiff_t(i));
    }
    return 0;
  }
};

TEST(CarriersTest, KafkaInCpp) {
  FakeKafkaHeaders headers;
  expect_round_trip([&] { return KafkaCppReader(headers); }, KafkaCppWriter(headers));
}

TEST(CarriersTest, EnvironmentOfAChild) {
  std::vector<std::string> variables{"PATH=/bin", "TRACEPARENT=old", "TRACEPARENTS=other"};
  EnvironmentWriter writer(variables);
  composite_propagator({w3c_propagator(), b3_multi_propagator()})->inject(full(), writer);
  EXPECT_THAT(variables, ElementsAre("PATH=/bin", "TRACEPARENT=" + kParent, "TRACEPARENTS=other", "TRACESTATE=a=1,b=2",
                                     "X_B3_TRACEID=463ac35c9f6413ad48485a3953bb6124", "X_B3_SPANID=a2fb4a1d1a96d312",
                                     "X_B3_SAMPLED=1"));
}

TEST(CarriersTest, EnvironmentOfThisProcess) {
  ASSERT_EQ(setenv("TRACEPARENT", kParent.c_str(), 1), 0);
  ASSERT_EQ(setenv("TRACESTATE", "a=1", 1), 0);
  const Context found = w3c_propagator()->extract(EnvironmentReader(), Context());
  unsetenv("TRACEPARENT");
  unsetenv("TRACESTATE");
  EXPECT_EQ(text_of(found.span()), text_of(full().span()));
  EXPECT_EQ(found.trace_state().header(), "a=1");
  EXPECT_EQ(text_of(w3c_propagator()->extract(EnvironmentReader(), Context()).span()), "none");

  const char lambda[] = "Root=1-463ac35c-9f6413ad48485a3953bb6124;Parent=a2fb4a1d1a96d312;Sampled=1";
  ASSERT_EQ(setenv("_X_AMZN_TRACE_ID", lambda, 1), 0);
  const Context in_lambda = xray_propagator()->extract(EnvironmentReader(), Context());
  unsetenv("_X_AMZN_TRACE_ID");
  EXPECT_EQ(text_of(in_lambda.span()), text_of(full().span()));
}

}  // namespace
}  // namespace clew
