// What is at the other end of stdout and stderr, and how things are shown there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace clew::cli {

bool stdout_is_terminal();
bool stderr_is_terminal();
bool stdin_is_terminal();
// Columns of the terminal on stdout (COLUMNS wins); 100 where there is none.
int terminal_width();
// A terminal, and neither NO_COLOR nor TERM=dumb.
bool use_colours();

// Writes to stdout; false when nobody reads any more.
bool print(std::string_view text);
// One line on stderr: "clew: " and the message.
void complain(std::string_view message);

// Columns that the text takes; every character counts one, control characters none (see printable()).
size_t columns_of(std::string_view text);
// The text without control characters (a span's name must not drive the terminal), cut to `columns` with "…".
std::string printable(std::string_view text, size_t columns = SIZE_MAX);

// "12.3 ms", "1.50 s", "850 ns": three digits.
std::string duration_text(uint64_t duration_ns);
// "1,234,567".
std::string count_text(uint64_t count);
// "1 trace", "2 traces".
std::string counted(uint64_t count, std::string_view noun);
// "12.3 MiB".
std::string bytes_text(uint64_t bytes);
// "2026-11-21 03:14:15.123" in UTC.
std::string time_text(uint64_t unix_ns);

}  // namespace clew::cli
