// Logging with spdlog inside spans. Two flags for patterns:
//
//   logger->set_formatter(clew::spdlog_formatter("[%T] [%l] [trace_id=%q span_id=%Q] %v"));
//
// or, when the pattern is not yours, a sink around another; and a sink that writes lines into the current span:
//
//   spdlog::logger logger("shop", {std::make_shared<clew::IdSink>(file), std::make_shared<clew::SpanEventSink>()});
//
// All of them look at the thread that calls them. An asynchronous logger calls from a thread of its own, where no span
// is current: there the ids belong into the message, logger->info("{} paid", clew::log_ids()).
#pragma once

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/sink.h>

#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "clew/log/fmt.h"

CLEW_BEGIN

// %q: the trace id.
class TraceIdFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& to) override {
    const IdText ids = log_ids();
    to.append(ids.trace_id, ids.trace_id + std::strlen(ids.trace_id));
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<TraceIdFlag>(); }
};

// %Q: the span id.
class SpanIdFlag : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& to) override {
    const IdText ids = log_ids();
    to.append(ids.span_id, ids.span_id + std::strlen(ids.span_id));
  }
  std::unique_ptr<spdlog::custom_flag_formatter> clone() const override { return std::make_unique<SpanIdFlag>(); }
};

// A formatter that knows %q and %Q beside spdlog's own flags.
inline std::unique_ptr<spdlog::formatter> spdlog_formatter(std::string pattern) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  formatter->add_flag<TraceIdFlag>('q').add_flag<SpanIdFlag>('Q').set_pattern(std::move(pattern));
  return formatter;
}

// Puts "trace_id=… span_id=… " before each message and hands it on.
class IdSink : public spdlog::sinks::sink {
 public:
  explicit IdSink(std::shared_ptr<spdlog::sinks::sink> next) : next_(std::move(next)) {}

  void log(const spdlog::details::log_msg& message) override {
    if (!next_->should_log(message.level)) return;
    spdlog::memory_buf_t line;
    fmt::format_to(std::back_inserter(line), "{} {}", log_ids(),
                   fmt::string_view(message.payload.data(), message.payload.size()));
    spdlog::details::log_msg longer = message;
    longer.payload = spdlog::string_view_t(line.data(), line.size());
    next_->log(longer);
  }
  void flush() override { next_->flush(); }
  void set_pattern(const std::string& pattern) override { next_->set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    next_->set_formatter(std::move(formatter));
  }

 private:
  std::shared_ptr<spdlog::sinks::sink> next_;
};

// Adds each line to the current span, as an event "log" with log.severity, log.message and log.logger. Its level says
// from which severity on.
class SpanEventSink : public spdlog::sinks::sink {
 public:
  void log(const spdlog::details::log_msg& message) override {
    SpanRef span = current_span();
    if (!span.is_recording()) return;
    const spdlog::string_view_t level = spdlog::level::to_string_view(message.level);
    const auto since_epoch = message.time.time_since_epoch();
    const auto unix_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count();
    span.event_at(uint64_t(unix_ns), "log",
                  {{"log.severity", text(level)},
                   {"log.message", text(message.payload)},
                   {"log.logger", text(message.logger_name)}});
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

 private:
  static std::string_view text(spdlog::string_view_t from) { return {from.data(), from.size()}; }
};

CLEW_END
