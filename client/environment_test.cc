#include "environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "problem.h"
#include "resource.h"

namespace clew {
namespace detail {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

std::map<std::string, std::string> variables;
std::vector<std::string> problems;

const char* look_up(const char* name) {
  const auto found = variables.find(name);
  return found == variables.end() ? nullptr : found->second.c_str();
}

struct EnvironmentTest : testing::Test {
  void SetUp() override {
    variables.clear();
    said();
  }
  ~EnvironmentTest() override { problems_go_to(nullptr); }
  // What has been reported since the last call.
  std::vector<std::string> said() {
    problems_go_to([](std::string_view message) { problems.emplace_back(message); });
    return std::exchange(problems, {});
  }
};

TEST_F(EnvironmentTest, WithoutVariablesThereIsOtlpToThisMachine) {
  const Config config = config_from(look_up);
  EXPECT_FALSE(config.disabled);
  EXPECT_EQ(config.schedule_delay_ms, 5000u);
  EXPECT_EQ(config.batch_spans, 512u);
  EXPECT_EQ(config.limits.attributes, 128u);
  EXPECT_EQ(config.limits.attribute_value_chars, UINT32_MAX);
  EXPECT_THAT(config.exporters, SizeIs(1));
  const OtlpHttpOptions otlp = otlp_options_from(look_up);
  EXPECT_EQ(otlp.url, "http://localhost:4318/v1/traces");
  EXPECT_EQ(otlp.timeout_ms, 10000u);
  EXPECT_EQ(otlp.queue_spans, 2048u);
  EXPECT_FALSE(otlp.gzip);
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(EnvironmentTest, EveryVariable) {
  variables = {{"OTEL_SERVICE_NAME", " shop "},
               {"OTEL_RESOURCE_ATTRIBUTES", "service.name=other, a=b%20c%3D ,x=%zz"},
               {"OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "7"},
               {"OTEL_ATTRIBUTE_COUNT_LIMIT", "9"},
               {"OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "100"},
               {"OTEL_SPAN_EVENT_COUNT_LIMIT", "3"},
               {"OTEL_SPAN_LINK_COUNT_LIMIT", "0"},
               {"OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", "1"},
               {"OTEL_BSP_SCHEDULE_DELAY", "250"},
               {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "64"},
               {"OTEL_BSP_MAX_QUEUE_SIZE", "99"},
               {"OTEL_TRACES_EXPORTER", "console, otlp,none"},
               {"OTEL_TRACES_SAMPLER", "always_off"},
               {"OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/"},
               {"OTEL_EXPORTER_OTLP_HEADERS", "a=1,b=%20"},
               {"OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"},
               {"OTEL_EXPORTER_OTLP_TIMEOUT", "1000"},
               {"OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "2000"}};
  const Config config = config_from(look_up);
  EXPECT_EQ(config.service_name, "shop");
  EXPECT_THAT(config.resource_attributes,
              ElementsAre(Pair("service.name", "other"), Pair("a", "b c="), Pair("x", "%zz")));
  EXPECT_EQ(config.limits.attributes, 7u);
  EXPECT_EQ(config.limits.event_attributes, 9u);
  EXPECT_EQ(config.limits.link_attributes, 1u);
  EXPECT_EQ(config.limits.attribute_value_chars, 100u);
  EXPECT_EQ(config.limits.events, 3u);
  EXPECT_EQ(config.limits.links, 0u);
  EXPECT_EQ(config.schedule_delay_ms, 250u);
  EXPECT_EQ(config.batch_spans, 64u);
  EXPECT_THAT(config.exporters, SizeIs(2));
  ASSERT_NE(config.sampler, nullptr);
  EXPECT_EQ(config.sampler->description(), "AlwaysOffSampler");
  const OtlpHttpOptions otlp = otlp_options_from(look_up);
  EXPECT_EQ(otlp.url, "http://collector:4318/v1/traces");
  EXPECT_THAT(otlp.headers, ElementsAre(Pair("a", "1"), Pair("b", " ")));
  EXPECT_TRUE(otlp.gzip);
  EXPECT_EQ(otlp.timeout_ms, 2000u);
  EXPECT_EQ(otlp.queue_spans, 99u);
  EXPECT_THAT(said(), IsEmpty());
  variables["OTEL_BSP_EXPORT_TIMEOUT"] = "1500";
  EXPECT_EQ(otlp_options_from(look_up).timeout_ms, 1500u);
  variables["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] = "http://own:1/as/it/is/";
  EXPECT_EQ(otlp_options_from(look_up).url, "http://own:1/as/it/is/");
}

TEST_F(EnvironmentTest, SamplerAndPropagators) {
  variables = {{"OTEL_TRACES_SAMPLER", "parentbased_traceidratio"}, {"OTEL_TRACES_SAMPLER_ARG", "0.25"}};
  Config config = config_from(look_up);
  ASSERT_NE(config.sampler, nullptr);
  EXPECT_THAT(std::string(config.sampler->description()), HasSubstr("0.25"));
  ASSERT_NE(config.propagator, nullptr);
  EXPECT_EQ(config.propagator->fields().size(), 3u) << "traceparent, tracestate, baggage";
  variables = {{"OTEL_PROPAGATORS", "b3"}};
  config = config_from(look_up);
  ASSERT_NE(config.propagator, nullptr);
  EXPECT_EQ(config.propagator->fields()[0], "b3");
  variables = {{"OTEL_PROPAGATORS", "none"}};
  EXPECT_EQ(config_from(look_up).propagator, nullptr);
  EXPECT_THAT(said(), IsEmpty());
}

TEST_F(EnvironmentTest, WhatIsNotUnderstoodIsSaidAndIgnored) {
  const std::pair<const char*, const char*> cases[] = {
      {"OTEL_SDK_DISABLED", "yes"},
      {"OTEL_BSP_SCHEDULE_DELAY", "5s"},
      {"OTEL_BSP_SCHEDULE_DELAY", "-1"},
      {"OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0"},
      {"OTEL_SPAN_LINK_COUNT_LIMIT", "99999999999"},
      {"OTEL_TRACES_EXPORTER", "zipkin"},
      {"OTEL_TRACES_SAMPLER", "sometimes"},
      {"OTEL_PROPAGATORS", "ottrace"},
      {"OTEL_EXPORTER_OTLP_COMPRESSION", "brotli"},
      {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"},
      {"OTEL_EXPORTER_OTLP_ENDPOINT", "https://secure"},
      {"OTEL_RESOURCE_ATTRIBUTES", "novalue"},
      {"OTEL_EXPORTER_OTLP_HEADERS", "=x"},
  };
  for (const auto& [name, value] : cases) {
    variables = {{name, value}};
    const Config config = config_from(look_up);
    EXPECT_FALSE(config.disabled);
    EXPECT_EQ(config.schedule_delay_ms, 5000u);
    EXPECT_EQ(config.batch_spans, 512u);
    EXPECT_EQ(config.limits.links, 128u);
    EXPECT_EQ(config.sampler, nullptr);
    const auto messages = said();
    ASSERT_THAT(messages, SizeIs(1)) << name;
    EXPECT_THAT(messages[0], HasSubstr(value)) << name;
  }
}

TEST_F(EnvironmentTest, EmptyIsNotSetAndTrueHasAnyCase) {
  variables = {{"OTEL_SDK_DISABLED", "TruE"}, {"OTEL_TRACES_EXPORTER", ""}, {"OTEL_BSP_SCHEDULE_DELAY", " "}};
  EXPECT_TRUE(config_from(look_up).disabled);
  EXPECT_THAT(config_from(look_up).exporters, IsEmpty());
  EXPECT_THAT(said(), IsEmpty());
}

TEST(Resource, NamesTheServiceTheSdkAndTheProcess) {
  Config config;
  config.resource_attributes = {
      {"service.name", "ignored"}, {"deployment.environment.name", "test"}, {"host.name", "mine"}};
  config.service_name = "shop";
  const Resource resource = make_resource(config);
  EXPECT_EQ(resource.service_name(), "shop");
  std::map<std::string_view, Value> found;
  for (const KeyValue& pair : resource.attributes) EXPECT_TRUE(found.emplace(pair.key, pair.value).second) << pair.key;
  EXPECT_EQ(found["host.name"].text(), "mine");
  EXPECT_EQ(found["deployment.environment.name"].text(), "test");
  EXPECT_EQ(found["telemetry.sdk.language"].text(), "cpp");
  EXPECT_EQ(found["process.pid"].integer(), getpid());
  EXPECT_EQ(found["process.executable.name"].text(), "client_test");
  config.service_name.clear();
  EXPECT_EQ(make_resource(config).service_name(), "ignored");
  config.resource_attributes.clear();
  config.detect_resource = false;
  EXPECT_EQ(make_resource(config).service_name(), "unknown_service:client_test");
  EXPECT_THAT(make_resource(config).attributes, SizeIs(4));
}

TEST(Resource, ContainerIds) {
  const std::string id(64, 'a');
  EXPECT_EQ(container_id("0::/system.slice/docker-" + id + ".scope\n"), id);
  EXPECT_EQ(container_id("1 2 3 /var/lib/docker/containers/" + id + "/hostname /etc/hostname"), id);
  EXPECT_EQ(container_id("12:cpu:/kubepods/burstable/pod1/" + id), id);
  EXPECT_EQ(container_id("0::/" + id + "b"), "");
  EXPECT_EQ(container_id("0::/user.slice\n"), "");
}

}  // namespace
}  // namespace detail
}  // namespace clew
