#include "clew/trace_state.h"

#include "context/characters.h"

CLEW_BEGIN
namespace detail {
namespace {

constexpr unsigned kMaxMemberBytes = TraceState::kMaxKeyBytes + 1 + TraceState::kMaxValueBytes;
constexpr unsigned kMaxTextBytes = TraceState::kMaxMembers * (kMaxMemberBytes + 1);

struct Member {
  const char* at;
  uint16_t key_bytes, bytes;

  std::string_view key() const noexcept { return {at, key_bytes}; }
  std::string_view value() const noexcept { return {at + key_bytes + 1, size_t(bytes - key_bytes - 1)}; }
};

bool is_key(std::string_view key) noexcept {
  if (key.empty() || key.size() > TraceState::kMaxKeyBytes || !is_a(key[0], kStateKeyFirst)) return false;
  for (char c : key) {
    if (!is_a(c, kStateKey)) return false;
  }
  return true;
}

bool is_value(std::string_view value) noexcept {
  if (value.empty() || value.size() > TraceState::kMaxValueBytes || value.back() == ' ') return false;
  for (char c : value) {
    if (!is_a(c, kStateValue)) return false;
  }
  return true;
}

struct Members {
  Member list[TraceState::kMaxMembers];
  unsigned count = 0;

  // False: already there, or one too many.
  bool add(const Member& member) noexcept {
    if (count == TraceState::kMaxMembers) return false;
    for (unsigned i = 0; i < count; ++i) {
      if (CLEW_UNLIKELY(list[i].key() == member.key())) return false;
    }
    list[count++] = member;
    return true;
  }

  // The members of one header. False: not valid. `plain` stays true while the header is what would be written.
  bool read(std::string_view header, bool& plain) noexcept {
    const char* at = header.data();
    const char* const end = at + header.size();
    while (true) {
      const char* const begin = at;
      while (at != end && is_a(*at, kSpace)) ++at;
      plain &= at == begin;
      if (at != end && *at != ',') {
        Member member;
        member.at = at;
        if (!is_a(*at, kStateKeyFirst)) return false;
        while (at != end && is_a(*at, kStateKey)) ++at;
        const size_t key_bytes = size_t(at - member.at);
        if (at == end || *at != '=' || key_bytes > TraceState::kMaxKeyBytes) return false;
        const char* const value = ++at;
        while (at != end && is_a(*at, kStateValue)) ++at;
        const char* last = at;
        while (last != value && last[-1] == ' ') --last;
        while (at != end && is_a(*at, kSpace)) ++at;
        plain &= at == last;
        const size_t value_bytes = size_t(last - value);
        if ((at != end && *at != ',') || value_bytes == 0 || value_bytes > TraceState::kMaxValueBytes) return false;
        member.key_bytes = uint16_t(key_bytes);
        member.bytes = uint16_t(last - member.at);
        if (!add(member)) return false;
        if (at == end) return true;
      } else {
        plain = false;
        if (at == end) return true;
      }
      ++at;
      if (at == end) {
        plain = false;
        return true;
      }
    }
  }
};

// Of members that are known to be valid.
CLEW_COLD TraceState joined(const Member* first, unsigned count, std::string_view key = {},
                            std::string_view value = {}) noexcept {
  char text[kMaxTextBytes];
  size_t size = 0;
  const auto add = [&](std::string_view part) {
    std::memcpy(text + size, part.data(), part.size());
    size += part.size();
  };
  if (!key.empty()) {
    add(key);
    add("=");
    add(value);
    if (count == TraceState::kMaxMembers) --count;
  }
  for (unsigned i = 0; i < count; ++i) {
    if (size != 0) add(",");
    add({first[i].at, first[i].bytes});
  }
  return TraceState::of_valid(SharedText({text, size}));
}

// The members of a valid text, without the one of that key.
unsigned others(const TraceState& state, std::string_view key, Members& members) noexcept {
  bool plain = true;
  members.read(state.header(), plain);
  unsigned kept = 0;
  for (unsigned i = 0; i < members.count; ++i) {
    if (members.list[i].key() != key) members.list[kept++] = members.list[i];
  }
  return kept;
}

}  // namespace

TraceState parse_trace_state(List<const std::string_view> headers) noexcept {
  Members members;
  bool plain = headers.size() == 1;
  for (std::string_view header : headers) {
    if (!members.read(header, plain)) return {};
  }
  if (CLEW_LIKELY(plain)) return TraceState::of_valid(SharedText(headers[0]));
  return joined(members.list, members.count);
}

}  // namespace detail

TraceState TraceState::parse(std::string_view header) noexcept {
  return detail::parse_trace_state({&header, 1});
}

std::string_view TraceState::get(std::string_view key) const noexcept {
  std::string_view rest = header();
  while (!rest.empty()) {
    const size_t comma = rest.find(',');
    const std::string_view member = rest.substr(0, comma);
    if (member.size() > key.size() && member[key.size()] == '=' && member.substr(0, key.size()) == key) {
      return member.substr(key.size() + 1);
    }
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  return {};
}

TraceState TraceState::with(std::string_view key, std::string_view value) const noexcept {
  if (!detail::is_key(key) || !detail::is_value(value)) return *this;
  detail::Members members;
  const unsigned kept = detail::others(*this, key, members);
  return detail::joined(members.list, kept, key, value);
}

TraceState TraceState::without(std::string_view key) const noexcept {
  if (get(key).data() == nullptr) return *this;
  detail::Members members;
  const unsigned kept = detail::others(*this, key, members);
  return detail::joined(members.list, kept);
}

CLEW_END
