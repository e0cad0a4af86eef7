// The headers of Kafka messages: librdkafka's rd_kafka_headers_t and its C++ RdKafka::Headers. Templates, so that this
// header needs neither; include librdkafka's own before it. Names are compared without case.
//
//   Scope scope(clew::extract(clew::KafkaReader(headers)));   // what rd_kafka_message_headers() gave
//   clew::inject(clew::KafkaWriter(headers));
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>

#include "clew/detail/header_name.h"
#include "clew/propagators.h"

CLEW_BEGIN

// Null is no headers.
template <typename Headers>
class KafkaReader : public HeaderReader {
 public:
  explicit KafkaReader(const Headers* headers) noexcept : headers_(headers) {}

  unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept override {
    detail::Found found(values, room);
    walk([&](std::string_view key, std::string_view value) {
      if (detail::same_name(key, name)) found.add(value);
    });
    return found.count();
  }
  void each(Visit visit, void* state) const noexcept override {
    walk([&](std::string_view key, std::string_view value) { visit(state, key, value); });
  }

 private:
  template <typename Take>
  void walk(Take take) const noexcept {
    const char* key;
    const void* value;
    size_t size;
    for (size_t i = 0; headers_ != nullptr && rd_kafka_header_get_all(headers_, i, &key, &value, &size) == 0; ++i) {
      take(key, {static_cast<const char*>(value), value == nullptr ? 0 : size});
    }
  }

  const Headers* headers_;
};

// Takes the place of the values that are there.
template <typename Headers>
class KafkaWriter : public HeaderWriter {
 public:
  explicit KafkaWriter(Headers* headers) noexcept : headers_(headers) {}

  void set(std::string_view name, std::string_view value) noexcept override {
    rd_kafka_header_remove(headers_, std::string(name).c_str());
    rd_kafka_header_add(headers_, name.data(), ssize_t(name.size()), value.data(), ssize_t(value.size()));
  }

 private:
  Headers* headers_;
};

// The C++ interface. Its get_all() returns copies, which live in the reader.
template <typename Headers>
class KafkaCppReader : public HeaderReader {
 public:
  explicit KafkaCppReader(const Headers& headers) : all_(headers.get_all()) {}

  unsigned get(std::string_view name, std::string_view* values, unsigned room) const noexcept override {
    detail::Found found(values, room);
    for (const auto& header : all_) {
      if (detail::same_name(header.key(), name)) found.add(text(header));
    }
    return found.count();
  }
  void each(Visit visit, void* state) const noexcept override {
    for (const auto& header : all_) visit(state, header.key(), text(header));
  }

 private:
  template <typename Header>
  static std::string_view text(const Header& header) noexcept {
    const size_t size = header.value() == nullptr ? 0 : header.value_size();
    return {static_cast<const char*>(header.value()), size};
  }

  decltype(std::declval<const Headers&>().get_all()) all_;
};

template <typename Headers>
class KafkaCppWriter : public HeaderWriter {
 public:
  explicit KafkaCppWriter(Headers& headers) noexcept : headers_(headers) {}

  void set(std::string_view name, std::string_view value) noexcept override {
    headers_.remove(std::string(name));
    headers_.add(std::string(name), value.data(), value.size());
  }

 private:
  Headers& headers_;
};

CLEW_END
