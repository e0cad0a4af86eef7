#include "clew/redaction.h"

#include <gmock/gmock.h>

#include "arena.h"
#include "propagate/header_list_for_test.h"
#include "redact/findings.h"
#include "redact/sha256.h"

namespace clew {
namespace {

using testing::ElementsAre;
using testing::MatchesRegex;
using testing::Pair;

std::string redacted(const RedactionOptions& options, std::string_view text) {
  std::string out(text);
  Redactor(options).redact(text, out);
  return out;
}
std::string redacted(std::string_view text) {
  return redacted(RedactionOptions(), text);
}

TEST(FindingsTest, WhatIsFoundAndWhatIsNot) {
  const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U";
  const struct {
    std::string text, redacted;
  } cases[] = {
      {"", ""},
      {"nothing to see: 12, GET /a?b=c", "nothing to see: 12, GET /a?b=c"},
      // E-mail addresses.
      {"ann@example.com", "[email]"},
      {"from ann.lee+x@mail.example.co.uk.", "from [email]."},
      {"<a@b.cd>,<c_d@e-f.org>;", "<[email]>,<[email]>;"},
      {"4111111111111111@example.com", "[email]"},
      {"a@b@example.com", "a@[email]"},
      {"user=ann@example.com&x=1", "user=[email]&x=1"},
      {"@example.com", "@example.com"},
      {"a@localhost", "a@localhost"},
      {"a@b.c", "a@b.c"},
      {"a@1.2.3.4", "a@1.2.3.4"},
      {"a@.com", "a@.com"},
      {"...@example.com", "...@example.com"},
      {"foo@@bar=1", "foo@@bar=1"},
      // Cards.
      {"4111111111111111", "[card]"},
      {"card 4111 1111 1111 1111 12/26", "card [card] 12/26"},
      {"5500-0000-0000-0004", "[card]"},
      {"378282246310005 6011000990139424", "[card] [card]"},
      {"2223003122003222", "[card]"},
      {"4111111111111112", "4111111111111112"},
      {"41111111111111111", "41111111111111111"},
      {"x4111111111111111", "x4111111111111111"},
      {"4111111111111111x", "4111111111111111x"},
      {"4111  1111 1111 1111", "4111  1111 1111 1111"},
      {"1732662183123", "1732662183123"},
      {"0000000000000000", "0000000000000000"},
      {"463ac35c9f6413ad48485a3953bb6124", "463ac35c9f6413ad48485a3953bb6124"},
      // Accounts.
      {"to DE89370400440532013000.", "to [card]."},
      {"GB82 WEST 1234 5698 7654 32", "[card]"},
      {"DE89370400440532013001", "DE89370400440532013001"},
      {"DE8937040044", "DE8937040044"},
      // Tokens.
      {"Authorization: Bearer abcdef123456==", "Authorization: Bearer [token]"},
      {"basic dXNlcjpwYXNz", "basic [token]"},
      {"bearer of news", "bearer of news"},
      {jwt, "[token]"},
      {"t=" + jwt + ";", "t=[token];"},
      {"eyJhbGciOiJIUzI1NiJ9", "eyJhbGciOiJIUzI1NiJ9"},
      {"AKIAIOSFODNN7EXAMPLE", "[token]"},
      {"AKIAIOSFODNN7", "AKIAIOSFODNN7"},
      {"ghp_0123456789abcdefghijklmnopqrstuvwxyz", "[token]"},
      {"xoxb-123456789012-abcdef", "[token]"},
      {"https://h/p?a=1&access_token=abc&b=2", "https://h/p?a=1&access_token=[token]&b=2"},
      {"cannot log in: Password='x y'", "cannot log in: Password='x y'"},
      {"cannot log in: PASSWORD=hunter2, again", "cannot log in: PASSWORD=[token], again"},
      {"monkey=1", "monkey=1"},
      {"password=", "password="},
      // National ids.
      {"ssn 123-45-6789", "ssn [id]"},
      {"123 45 6789", "[id]"},
      {"123-45 6789", "123-45 6789"},
      {"000-45-6789 666-45-6789 900-45-6789 123-00-6789 123-45-0000",
       "000-45-6789 666-45-6789 900-45-6789 123-00-6789 123-45-0000"},
      {"123-45-67890", "123-45-67890"},
      {"123-45-6789-1", "123-45-6789-1"},
      {"AB123456C", "[id]"},
      {"AB 12 34 56 C", "[id]"},
      {"DA123456C AO123456C AB123456E AB12345C", "DA123456C AO123456C AB123456E AB12345C"},
  };
  for (const auto& c : cases) EXPECT_EQ(redacted(c.text), c.redacted) << c.text;
}

// Whatever stands there, and wherever it is cut: no reading beyond the end (AddressSanitizer), and always an end.
TEST(FindingsTest, EveryPrefixOfEverything) {
  const std::string all =
      "4111 1111 1111 1111 a@b.cd GB82 WEST 1234 5698 7654 32 Bearer abcdefghij 123-45-6789 AB 12 34 56 C "
      "eyJhbGciOiJI.eyJzdWIi.x AKIAIOSFODNN7EXAMPLE token=abc";
  for (size_t size = 0; size <= all.size(); ++size) {
    for (size_t from = 0; from < size; ++from) {
      const std::vector<char> exact(all.begin() + long(from), all.begin() + long(size));
      detail::Finding finding;
      const std::string_view text(exact.data(), exact.size());
      size_t found = 0;
      for (size_t at = 0; detail::find_next(text, at, finding); at = finding.end) {
        ASSERT_LT(finding.begin, finding.end);
        ASSERT_GE(finding.begin, at);
        ASSERT_LE(finding.end, text.size());
        ++found;
      }
      ASSERT_LE(found, 12u);
    }
  }
}

TEST(FindingsTest, LongTextsTakeNoLonger) {
  for (const char* part :
       {"a-", "eyJ-", "a@", "a.", "123-45-6789_", "4111 ", "xoxb-", "bearer ", "key=", "ab ", "@."}) {
    std::string text;
    while (text.size() < 300'000) text += part;
    std::string out;
    Redactor(RedactionOptions()).redact(text, out);
  }
}

TEST(RedactorTest, ActionsByKind) {
  RedactionOptions options;
  options.emails = Redact::kDrop;
  options.cards = Redact::kKeep;
  options.tokens = Redact::kHash;
  options.hash_key = "k";
  const std::string out = redacted(options, "a@b.com 4111111111111111 Bearer 12345678 Bearer 12345678 Bearer 12345679");
  EXPECT_THAT(out, MatchesRegex(" 4111111111111111 Bearer \\[token:[0-9a-f]+\\] Bearer \\[token:[0-9a-f]+\\] "
                                "Bearer \\[token:[0-9a-f]+\\]"));
  const std::string first = out.substr(25, 24), second = out.substr(57, 24), third = out.substr(89, 24);
  EXPECT_EQ(first, second);
  EXPECT_NE(first, third);
  EXPECT_EQ(out, redacted(options, "a@b.com 4111111111111111 Bearer 12345678 Bearer 12345678 Bearer 12345679"));
  options.hash_key.clear();
  EXPECT_NE(redacted(options, "Bearer 12345678"), redacted(options, "Bearer 12345678")) << "random keys";
}

TEST(RedactorTest, Counts) {
  const Redactor redactor{RedactionOptions()};
  std::string out;
  EXPECT_TRUE(redactor.redact("a@b.com, c@d.com", out));
  EXPECT_FALSE(redactor.redact("nothing", out));
  EXPECT_EQ(redactor.count(), 2u);
}

TEST(RedactingProcessorTest, EverythingOfASpan) {
  RedactionOptions options;
  options.keys.insert(options.keys.begin(), {{"keep.*", Redact::kKeep}, {"drop.*", Redact::kDrop}});
  const auto redactor = std::make_shared<Redactor>(options);
  const auto processor = redacting_processor(redactor);
  Value items[] = {"x", "a@b.com"};
  KeyValue pairs[] = {{"password", "p"}, {"inner", "a@b.com"}, {"drop.x", 1}};
  KeyValue attributes[] = {{"plain", "GET /"},
                           {"drop.me", "x"},
                           {"mail", "to a@b.com"},
                           {"keep.mail", "a@b.com"},
                           {"db.Password", 12.5},
                           {"card", 4111111111111111},
                           {"number", 4111111111111112},
                           {"list", List<const Value>{items, 2}},
                           {"map", List<const KeyValue>{pairs, 3}},
                           {"http.request.header.authorization", List<const Value>{items, 1}},
                           {"drop.too", true}};
  KeyValue event_attributes[] = {{"exception.message", "no user a@b.com"}, {"drop.e", "x"}};
  Event events[] = {{"mail to a@b.com", 0, {event_attributes, 2}, 0}};
  KeyValue link_attributes[] = {{"m", "a@b.com"}};
  Link links[] = {{SpanContext(), "", {link_attributes, 1}, 0}};
  SpanData span;
  span.name = "GET /users/a@b.com";
  span.status_message = "no password=secret";
  span.attributes = {attributes, 11};
  span.events = {events, 1};
  span.links = {links, 1};
  detail::Arena texts;
  ASSERT_TRUE(processor->on_end(span, texts));

  EXPECT_EQ(span.name, "GET /users/[email]");
  EXPECT_EQ(span.status_message, "no password=[token]");
  ASSERT_EQ(span.attributes.size(), 9u);
  const struct {
    const char *key, *value;
  } expected[] = {{"plain", "GET /"},
                  {"mail", "to [email]"},
                  {"keep.mail", "a@b.com"},
                  {"db.Password", "[redacted]"},
                  {"card", "[card]"}};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(span.attributes[i].key, expected[i].key);
    EXPECT_EQ(span.attributes[i].value.text(), expected[i].value);
  }
  EXPECT_EQ(span.attributes[5].value.integer(), 4111111111111112);
  EXPECT_EQ(span.attributes[6].value.items()[1].text(), "[email]");
  const List<const KeyValue> map = span.attributes[7].value.pairs();
  ASSERT_EQ(map.size(), 2u);
  EXPECT_EQ(map[0].value.text(), "[redacted]");
  EXPECT_EQ(map[1].value.text(), "[email]");
  EXPECT_EQ(span.attributes[8].value.text(), "[redacted]");
  EXPECT_EQ(events[0].name, "mail to [email]");
  ASSERT_EQ(events[0].attributes.size(), 1u);
  EXPECT_EQ(event_attributes[0].value.text(), "no user [email]");
  EXPECT_EQ(link_attributes[0].value.text(), "[email]");
  EXPECT_EQ(redactor->count(), 16u);
}

// The memo of keys: more keys than it has places, long ones, the same again.
TEST(RedactingProcessorTest, KeysAreRememberedRightly) {
  const auto processor = redacting_processor(std::make_shared<Redactor>(RedactionOptions()));
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 2000; ++i) {
      const bool secret = i % 3 == 0;
      std::string key = std::to_string(i) + (secret ? ".Password" : ".other");
      if (i % 5 == 0) key += std::string(100, 'x');
      KeyValue attributes[] = {{key, "value"}};
      SpanData span;
      span.attributes = {attributes, 1};
      detail::Arena texts;
      ASSERT_TRUE(processor->on_end(span, texts));
      EXPECT_EQ(attributes[0].value.text(), secret ? "[redacted]" : "value") << key;
    }
  }
}

// Memory that is not there.
class NoTexts : public TextStore {
 public:
  std::string_view keep(std::string_view) noexcept override { return {}; }
};

TEST(RedactingProcessorTest, WithoutMemoryNothingIsSeen) {
  const auto processor = redacting_processor(std::make_shared<Redactor>(RedactionOptions()));
  KeyValue attributes[] = {{"mail", "a@b.com"}, {"password", "p"}};
  SpanData span;
  span.name = "a@b.com";
  span.attributes = {attributes, 2};
  NoTexts texts;
  ASSERT_TRUE(processor->on_end(span, texts));
  EXPECT_EQ(span.name, "");
  EXPECT_EQ(attributes[0].value.text(), "");
  EXPECT_EQ(attributes[1].value.text(), "");
}

TEST(RedactingPropagatorTest, BaggageOnItsWayOut) {
  RedactionOptions options;
  options.keys.push_back({"internal.*", Redact::kDrop});
  const auto propagator = redacting_propagator(std::make_shared<Redactor>(options), baggage_propagator());
  const Context context = extracted(
      *propagator, {{"baggage", "mail=a@b.com;p=1,internal.id=7,tenant=x,user.password=p,page=/a?token=abc"}});
  EXPECT_EQ(context.baggage().get("mail"), "a@b.com") << "what comes in is as it came";
  EXPECT_THAT(injected(*propagator, context),
              ElementsAre(Pair("baggage", "tenant=x,mail=[email];p=1,user.password=[redacted],page=/a?token=[token]")));
  EXPECT_TRUE(injected(*propagator, Context()).empty());
  EXPECT_EQ(redacting_propagator(nullptr, nullptr), nullptr);
}

TEST(Sha256Test, KnownAnswers) {
  const auto hex = [](const uint8_t* digest) {
    char text[2 * detail::Sha256::kBytes];
    detail::hex_from_bytes(digest, detail::Sha256::kBytes, text);
    return std::string(text, sizeof text);
  };
  const struct {
    std::string text;
    const char* digest;
  } cases[] = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {std::string(1000, 'a'), "41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3"},
  };
  uint8_t digest[detail::Sha256::kBytes];
  for (const auto& c : cases) {
    detail::Sha256 hash;
    hash.add(c.text);
    hash.finish(digest);
    EXPECT_EQ(hex(digest), c.digest);
  }
  // RFC 4231, cases 2 and 6.
  detail::hmac_sha256("Jefe", "what do ya want for nothing?", digest);
  EXPECT_EQ(hex(digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  detail::hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First", digest);
  EXPECT_EQ(hex(digest), "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

}  // namespace
}  // namespace clew
