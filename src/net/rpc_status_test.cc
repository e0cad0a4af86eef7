#include "net/rpc_status.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace clew::net {
namespace {

using std::chrono::milliseconds;

std::string hex_of(std::string_view bytes) {
  std::string out;
  append_hex(out, bytes);
  return out;
}

TEST(RpcStatus, MatchesProtobuf) {
  EXPECT_EQ(hex_of(encode_rpc_status(0, "")), "");
  EXPECT_EQ(hex_of(encode_rpc_status(3, "bad")), "08031203626164");
  // code 8, message "x", details {type_url, value: RetryInfo{Duration{seconds: 1, nanos: 500000000}}}
  std::string url = "type.googleapis.com/google.rpc.RetryInfo";
  std::string expected = "0808120178";
  expected +=
      "1a36"
      "0a28" +
      hex_of(url) +
      "120a"
      "0a08"
      "0801"
      "1080cab5ee01";
  EXPECT_EQ(hex_of(encode_rpc_status(8, "x", std::chrono::milliseconds(1500))), expected);
}

TEST(RpcStatus, RetryDelayIsReadBack) {
  for (int64_t ms : {0, 1, 999, 1000, 1500, 86'400'000}) {
    EXPECT_EQ(retry_delay_of(encode_rpc_status(14, "wait", milliseconds(ms))), milliseconds(ms)) << ms;
  }
  EXPECT_EQ(retry_delay_of(encode_rpc_status(8, "never")), std::nullopt);
  std::string whole = encode_rpc_status(14, "wait", milliseconds(1500));
  for (size_t cut = 0; cut < whole.size(); ++cut) {
    EXPECT_EQ(retry_delay_of(whole.substr(0, cut)), std::nullopt) << cut;
  }
}

std::string bytes_field(int number, std::string_view bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) + std::string(bytes);
}

TEST(RpcStatus, OtherDetailsAndNonsenseAreNoDelay) {
  std::string url = bytes_field(1, "type.googleapis.com/google.rpc.RetryInfo");
  std::string other = bytes_field(1, "type.googleapis.com/google.rpc.BadRequest");
  std::string one_second = bytes_field(2, bytes_field(1, "\x08\x01"));
  struct Case {
    std::string status;
    std::optional<milliseconds> delay;
  };
  for (const Case& c :
       {Case{"", std::nullopt}, Case{"\xff\xff\xff", std::nullopt},
        Case{bytes_field(3, other + one_second), std::nullopt},
        Case{bytes_field(3, other + one_second) + bytes_field(3, url + one_second), milliseconds(1000)},
        Case{bytes_field(3, one_second + url), milliseconds(1000)}, Case{bytes_field(3, url), milliseconds(0)},
        // A nanosecond is rounded up; a negative duration is none; ten thousand years are a day.
        Case{bytes_field(3, url + bytes_field(2, bytes_field(1, std::string("\x10\x01")))), milliseconds(1)},
        Case{bytes_field(3, url + bytes_field(2, bytes_field(1, "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))),
             milliseconds(0)},
        Case{bytes_field(3, url + bytes_field(2, bytes_field(1, "\x08\x80\x80\x80\x80\x80\x10"))),
             milliseconds(86'400'000)}}) {
    EXPECT_EQ(retry_delay_of(c.status), c.delay) << hex_of(c.status);
  }
}

}  // namespace
}  // namespace clew::net
