// What must not leave the process: attributes by their keys, and what looks like an e-mail address, a card number, a
// token or a national id in any text of a span and in baggage.
//
//   auto redactor = std::make_shared<clew::Redactor>(clew::RedactionOptions());
//   config.processors.push_back(redacting_processor(redactor));
//   config.propagator = redacting_propagator(redactor, config.propagator);
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "clew/exporter.h"
#include "clew/propagator.h"

CLEW_BEGIN

enum class Redact : uint8_t {
  kKeep,  // of a key: its value is not even looked through
  kDrop,  // the attribute, or what was found, goes
  kMask,  // "[redacted]", "[email]", "[card]", "[token]", "[id]" stands in its place
  kHash,  // "[email:0123456789abcdef]": equal values can be told from others
};

struct RedactionOptions {
  // For attributes and baggage: the first pattern that fits a key ('*' is any text, '?' any byte; case does not count)
  // says what becomes of its value, of any type.
  struct Key {
    std::string pattern;
    Redact action = Redact::kMask;
  };
  std::vector<Key> keys = {{"*password*"},    {"*passwd*"},       {"*secret*"},    {"*authorization*"},
                           {"*cookie*"},      {"*api_key*"},      {"*api-key*"},   {"*apikey*"},
                           {"*private_key*"}, {"*access_token*"}, {"*auth_token*"}};

  // What becomes of what is found in the values of all other keys, names of spans and events, messages.
  Redact emails = Redact::kMask;
  Redact cards = Redact::kMask;         // 13 to 19 digits with a valid check digit; IBANs
  Redact tokens = Redact::kMask;        // JWTs, Bearer, keys of AWS, GitHub, Slack …; password=… and its like
  Redact national_ids = Redact::kMask;  // social security numbers of the USA, national insurance numbers of the UK

  // For kHash. "": a random one, so that hashes are equal in this process only. (Without a secret, whoever has the hash
  // of a card number finds the number by trying all.)
  std::string hash_key;
};

// Immutable but for its counter; any thread.
class Redactor {
 public:
  CLEW_API explicit Redactor(RedactionOptions options) noexcept;

  // The text without what must not be seen. False: nothing was found, and `out` is not written.
  CLEW_API bool redact(std::string_view text, std::string& out) const noexcept;
  // What the keys say about this one. False: nothing.
  CLEW_API bool by_key(std::string_view key, Redact& action) const noexcept;
  // In the place of a value of such a key: for kMask and kHash.
  CLEW_API std::string replacement(Redact action, std::string_view value) const noexcept;
  CLEW_API Baggage redact(const Baggage& baggage) const noexcept;

  // How many values and findings have been redacted.
  uint64_t count() const noexcept { return count_.load(std::memory_order_relaxed); }

 private:
  void append(std::string& out, Redact action, std::string_view kind, std::string_view found) const noexcept;

  RedactionOptions options_;
  mutable std::atomic<uint64_t> count_{0};
};

// Null for null, each: nothing goes out rather than everything.
//
// Attributes of span, events and links, names of span and events, the status's message. The resource is as configured.
CLEW_API std::unique_ptr<Processor> redacting_processor(std::shared_ptr<const Redactor> redactor) noexcept;
// Writes with `inner`, but redacted baggage. What it reads is as it came.
CLEW_API std::shared_ptr<Propagator> redacting_propagator(std::shared_ptr<const Redactor> redactor,
                                                          std::shared_ptr<Propagator> inner) noexcept;

CLEW_END
