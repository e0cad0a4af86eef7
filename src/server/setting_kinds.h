// How a kind of value is read and shown: builders for the table in settings.cc. `field` is a generic lambda that
// answers a reference to the Config's member, const or not (the macro FIELD writes it).
#pragma once

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "server/settings.h"
#include "server/value_text.h"

namespace clew::server {

#define FIELD(member) [](auto& config) -> auto& { return config.member; }

template <typename Value>
struct Between {
  Value least = 0;
  Value most = std::numeric_limits<Value>::max();
};

// The word for a value of 0 where that means "as the machine suggests" or "without limit".
struct ZeroMeans {
  std::string_view word;
};

template <typename Field>
using FieldType = std::remove_cvref_t<decltype(std::declval<Field>()(std::declval<Config&>()))>;

template <typename Field>
Setting size_setting(std::string_view path, Field field, Between<uint64_t> allowed, std::string_view help,
                     ZeroMeans zero = {}) {
  auto set = [=](Config& config, std::string_view text) -> Status {
    bool is_zero = !zero.word.empty() && text == zero.word;
    uint64_t bytes = 0;
    if (!is_zero) {
      ASSIGN_OR_RETURN(bytes, parse_size(text));
    }
    bool fits = bytes >= allowed.least && bytes <= allowed.most && std::in_range<FieldType<Field>>(bytes);
    if (!is_zero && !fits) {
      return invalid(fmt::format("{} is not between {} and {}{}{}", text, size_text(allowed.least),
                                 size_text(allowed.most), zero.word.empty() ? "" : ", or ", zero.word));
    }
    field(config) = static_cast<FieldType<Field>>(bytes);
    return {};
  };
  auto show = [=](const Config& config) {
    uint64_t bytes = field(config);
    return bytes == 0 && !zero.word.empty() ? std::string(zero.word) : size_text(bytes);
  };
  return {path, help, set, show};
}

template <typename Field>
Setting count_setting(std::string_view path, Field field, Between<uint64_t> allowed, std::string_view help,
                      ZeroMeans zero = {}) {
  auto set = [=](Config& config, std::string_view text) -> Status {
    uint64_t count = 0;
    bool is_zero = !zero.word.empty() && text == zero.word;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    bool is_number = error == std::errc() && end == text.data() + text.size();
    bool fits = is_number && count >= allowed.least && count <= allowed.most;
    if (!is_zero && !fits) {
      return invalid(fmt::format("'{}' is not a whole number from {} to {}{}{}", text, allowed.least, allowed.most,
                                 zero.word.empty() ? "" : ", or ", zero.word));
    }
    field(config) = static_cast<FieldType<Field>>(is_zero ? 0 : count);
    return {};
  };
  auto show = [=](const Config& config) {
    auto count = field(config);
    return count == 0 && !zero.word.empty() ? std::string(zero.word) : std::to_string(count);
  };
  return {path, help, set, show};
}

inline constexpr uint64_t kMillisecond = 1'000'000;
inline constexpr uint64_t kSecond = 1000 * kMillisecond;
inline constexpr uint64_t kDay = 86'400 * kSecond;

template <typename Value>
auto count_of(Value value) {
  if constexpr (std::integral<Value>) {
    return value;
  } else {
    return value.count();
  }
}
template <typename Value>
using Count = decltype(count_of(std::declval<Value>()));

// `unit_ns` is what the member counts in.
template <typename Field>
Setting duration_setting(std::string_view path, Field field, uint64_t unit_ns, Between<uint64_t> allowed_ns,
                         std::string_view help) {
  using Value = FieldType<Field>;
  auto set = [=](Config& config, std::string_view text) -> Status {
    ASSIGN_OR_RETURN(uint64_t ns, parse_duration_ns(text));
    if (ns < allowed_ns.least || ns > allowed_ns.most) {
      return invalid(fmt::format("{} is not between {} and {}", text, duration_text(allowed_ns.least),
                                 duration_text(allowed_ns.most)));
    }
    field(config) = Value(static_cast<Count<Value>>(ns / unit_ns));
    return {};
  };
  auto show = [=](const Config& config) {
    return duration_text(static_cast<uint64_t>(count_of(field(config))) * unit_ns);
  };
  return {path, help, set, show};
}

// A small closed set of words.
template <typename Value, size_t n>
struct Words {
  std::array<std::pair<std::string_view, Value>, n> all;
};

template <typename Field, typename Value, size_t n>
Setting word_setting(std::string_view path, Field field, Words<Value, n> words, std::string_view help) {
  auto set = [=](Config& config, std::string_view text) -> Status {
    std::string expected;
    for (const auto& [word, value] : words.all) {
      if (word == text) {
        field(config) = value;
        return {};
      }
      expected.append(expected.empty() ? "" : ", ").append(word);
    }
    return invalid(fmt::format("'{}' is not one of: {}", text, expected));
  };
  auto show = [=](const Config& config) {
    for (const auto& [word, value] : words.all) {
      if (value == field(config)) return std::string(word);
    }
    return std::string();
  };
  return {path, help, set, show};
}

template <typename Field>
Setting switch_setting(std::string_view path, Field field, std::string_view help) {
  return word_setting(path, field, Words<bool, 2>{{{{"true", true}, {"false", false}}}}, help);
}

template <typename Field>
Setting port_setting(std::string_view path, Field field, std::string_view help) {
  auto set = [=](Config& config, std::string_view text) -> Status {
    uint16_t port = 0;
    if (text == "off" || text == "-1") {
      field(config) = std::nullopt;
      return {};
    }
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) {
      return invalid(fmt::format("'{}' is not a port (1 to 65535, 0 for any free one, or off)", text));
    }
    field(config) = port;
    return {};
  };
  auto show = [=](const Config& config) { return field(config) ? std::to_string(*field(config)) : std::string("off"); };
  return {path, help, set, show};
}

}  // namespace clew::server
