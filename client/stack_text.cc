#include "stack_text.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstdio>

CLEW_BEGIN
namespace detail {
namespace {

// A text that grows up to the memory it was given; what is beyond is cut off.
class Line {
 public:
  Line(char* text, size_t room) noexcept : text_(text), room_(room) {}
  void add(std::string_view more) noexcept {
    const size_t size = more.size() < room_ - size_ ? more.size() : room_ - size_;
    if (size != 0) std::memcpy(text_ + size_, more.data(), size);
    size_ += size;
  }
  void add_number(const char* format, unsigned long number) noexcept {
    char digits[32];
    const int size = std::snprintf(digits, sizeof digits, format, number);
    add({digits, size_t(size)});
  }
  std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char* text_;
  size_t room_;
  size_t size_ = 0;
};

void add_frame(Line& line, size_t number, uintptr_t address, Arena& arena) noexcept {
  line.add_number("#%lu ", number);
  Dl_info info{};
  // The call is before the return address.
  const bool known = dladdr(reinterpret_cast<void*>(address - 1), &info) != 0;
  if (known && info.dli_sname != nullptr) {
    line.add(demangled(info.dli_sname, arena));
    line.add_number("+0x%lx", address - reinterpret_cast<uintptr_t>(info.dli_saddr));
  } else if (known) {
    line.add_number("+0x%lx", address - reinterpret_cast<uintptr_t>(info.dli_fbase));
  } else {
    line.add_number("0x%lx", address);
  }
  if (known && info.dli_fname != nullptr) {
    const char* const slash = std::strrchr(info.dli_fname, '/');
    line.add(" (");
    line.add(slash == nullptr ? info.dli_fname : slash + 1);
    line.add(")");
  }
  line.add("\n");
}

void add_causes(Line& line, std::string_view causes, Arena& arena) noexcept {
  constexpr std::string_view kCause = "Caused by: ";
  while (!causes.empty()) {
    const size_t newline = causes.find('\n');
    std::string_view cause = causes.substr(0, newline);
    causes.remove_prefix(newline == std::string_view::npos ? causes.size() : newline + 1);
    const size_t colon = cause.find(": ", kCause.size());
    if (cause.substr(0, kCause.size()) == kCause && colon != std::string_view::npos) {
      line.add(kCause);
      line.add(demangled(cause.substr(kCause.size(), colon - kCause.size()), arena));
      cause.remove_prefix(colon);
    }
    line.add(cause);
    line.add("\n");
  }
}

}  // namespace

std::string_view demangled(std::string_view name, Arena& arena) noexcept {
  char* const ended = static_cast<char*>(arena.take(name.size() + 1));
  if (ended == nullptr) return name;
  std::memcpy(ended, name.data(), name.size());
  ended[name.size()] = 0;
  int status = 0;
  char* const text = abi::__cxa_demangle(ended, nullptr, nullptr, &status);
  if (status != 0 || text == nullptr) return name;
  const std::string_view kept = arena.keep(text);
  std::free(text);
  return kept;
}

std::string_view stack_text(const char* addresses, size_t count, std::string_view causes, Arena& arena) noexcept {
  const size_t room = 512 * count + 4 * causes.size() + 64;
  char* const memory = static_cast<char*>(arena.take(room));
  if (memory == nullptr) return {};
  Line line(memory, room);
  for (size_t i = 0; i < count; ++i) {
    uintptr_t address;
    std::memcpy(&address, addresses + i * sizeof address, sizeof address);
    add_frame(line, i, address, arena);
  }
  add_causes(line, causes, arena);
  return line.view();
}

}  // namespace detail
CLEW_END
