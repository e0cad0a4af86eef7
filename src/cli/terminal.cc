#include "cli/terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

namespace clew::cli {

bool stdout_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}
bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}
bool stdin_is_terminal() {
  return ::isatty(STDIN_FILENO) == 1;
}

int terminal_width() {
  constexpr int kDefault = 100;
  constexpr int kLeast = 40;
  if (const char* columns = std::getenv("COLUMNS")) {
    int width = std::atoi(columns);
    if (width > 0) return std::max(width, kLeast);
  }
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return std::max<int>(size.ws_col, kLeast);
  return kDefault;
}

bool use_colours() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return stdout_is_terminal() && (no_colour == nullptr || *no_colour == 0) &&
         (term == nullptr || std::string_view(term) != "dumb");
}

bool print(std::string_view text) {
  return std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
}

void complain(std::string_view message) {
  fmt::print(stderr, "clew: {}\n", message);
}

namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

}  // namespace

size_t columns_of(std::string_view text) {
  size_t columns = 0;
  for (char c : text) {
    if (!is_continuation(c)) ++columns;
  }
  return columns;
}

std::string printable(std::string_view text, size_t columns) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    auto byte = static_cast<unsigned char>(text[i]);
    // C0, DEL, and C1, which is two bytes in UTF-8.
    bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f || c1) {
      out.push_back(' ');
      if (c1) ++i;
    } else {
      out.push_back(text[i]);
    }
  }
  if (columns_of(out) <= columns) return out;
  if (columns == 0) return "";
  size_t kept = 0;
  size_t end = 0;
  for (; end < out.size(); ++end) {
    if (is_continuation(out[end])) continue;
    if (kept == columns - 1) break;
    ++kept;
  }
  return out.substr(0, end) + "…";
}

std::string duration_text(uint64_t duration_ns) {
  struct Unit {
    uint64_t ns;
    std::string_view name;
  };
  constexpr Unit kUnits[] = {{3'600'000'000'000, "h"}, {60'000'000'000, "min"}, {1'000'000'000, "s"},
                             {1'000'000, "ms"},        {1'000, "µs"},           {1, "ns"}};
  for (const Unit& unit : kUnits) {
    if (duration_ns < unit.ns) continue;
    if (unit.ns == 1) return fmt::format("{} ns", duration_ns);
    double value = static_cast<double>(duration_ns) / static_cast<double>(unit.ns);
    int decimals = value < 10 ? 2 : value < 100 ? 1 : 0;
    return fmt::format("{:.{}f} {}", value, decimals, unit.name);
  }
  return "0 ns";
}

std::string count_text(uint64_t count) {
  std::string digits = std::to_string(count);
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, ',');
  return digits;
}

std::string counted(uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string bytes_text(uint64_t bytes) {
  constexpr std::string_view kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string time_text(uint64_t unix_ns) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  constexpr uint64_t kNsPerMs = 1'000'000;
  auto seconds = static_cast<time_t>(unix_ns / kNsPerSecond);
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, unix_ns % kNsPerSecond / kNsPerMs);
}

}  // namespace clew::cli
