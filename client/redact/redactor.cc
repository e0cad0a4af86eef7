#include <sys/random.h>

#include "clew/ids.h"
#include "clew/redaction.h"
#include "pattern.h"
#include "redact/findings.h"
#include "redact/sha256.h"

CLEW_BEGIN
namespace detail {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = is_upper(c) ? char(c - 'A' + 'a') : c;
  return lower;
}

constexpr std::string_view kKinds[] = {"email", "card", "token", "id"};

}  // namespace
}  // namespace detail

Redactor::Redactor(RedactionOptions options) noexcept : options_(std::move(options)) {
  for (auto& key : options_.keys) key.pattern = detail::lower_case(key.pattern);
  if (!options_.hash_key.empty()) return;
  options_.hash_key.resize(32);
  if (getrandom(options_.hash_key.data(), options_.hash_key.size(), 0) == ssize_t(options_.hash_key.size())) return;
  // Without chance there are no hashes.
  for (auto& key : options_.keys) {
    if (key.action == Redact::kHash) key.action = Redact::kMask;
  }
  for (Redact* each : {&options_.emails, &options_.cards, &options_.tokens, &options_.national_ids}) {
    if (*each == Redact::kHash) *each = Redact::kMask;
  }
}

void Redactor::append(std::string& out, Redact action, std::string_view kind, std::string_view found) const noexcept {
  count_.fetch_add(1, std::memory_order_relaxed);
  if (action == Redact::kDrop) return;
  out += "[";
  out += kind;
  if (action == Redact::kHash) {
    uint8_t digest[detail::Sha256::kBytes];
    detail::hmac_sha256(options_.hash_key, found, digest);
    char hex[16];
    detail::hex_from_bytes(digest, sizeof hex / 2, hex);
    out += ":";
    out.append(hex, sizeof hex);
  }
  out += "]";
}

bool Redactor::redact(std::string_view text, std::string& out) const noexcept {
  const Redact actions[] = {options_.emails, options_.cards, options_.tokens, options_.national_ids};
  std::string redacted;
  size_t written = 0;
  detail::Finding finding;
  for (size_t from = 0; detail::find_next(text, from, finding); from = finding.end) {
    const Redact action = actions[unsigned(finding.kind)];
    if (action == Redact::kKeep) continue;
    redacted += text.substr(written, finding.begin - written);
    append(redacted, action, detail::kKinds[unsigned(finding.kind)],
           text.substr(finding.begin, finding.end - finding.begin));
    written = finding.end;
  }
  if (written == 0) return false;
  redacted += text.substr(written);
  out = std::move(redacted);
  return true;
}

bool Redactor::by_key(std::string_view key, Redact& action) const noexcept {
  if (options_.keys.empty()) return false;
  const std::string lower = detail::lower_case(key);
  for (const auto& each : options_.keys) {
    if (!detail::matches(each.pattern, lower)) continue;
    action = each.action;
    return true;
  }
  return false;
}

std::string Redactor::replacement(Redact action, std::string_view value) const noexcept {
  std::string out;
  append(out, action, "redacted", value);
  return out;
}

Baggage Redactor::redact(const Baggage& baggage) const noexcept {
  Baggage redacted = baggage;
  for (Baggage::Entry entry : baggage) {
    Redact action = Redact::kKeep;
    std::string value;
    if (by_key(entry.key, action)) {
      if (action == Redact::kKeep) continue;
      value = replacement(action, entry.value);
    } else if (!redact(entry.value, value)) {
      continue;
    }
    redacted =
        action == Redact::kDrop ? redacted.without(entry.key) : redacted.with(entry.key, value, entry.properties);
  }
  return redacted;
}

CLEW_END
