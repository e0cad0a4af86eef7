#include "net/grpc.h"

#include <gtest/gtest.h>

#include "base/hex.h"
#include "net/content_encoding.h"

namespace clew::net {
namespace {

std::string frame(int flag, size_t length, std::string_view bytes) {
  std::string out = grpc_frame(std::string(length, 'x')).substr(0, 5);
  out[0] = static_cast<char>(flag);
  return out.append(bytes);
}

Request request(const char* encoding, std::string body) {
  Request request;
  if (*encoding) request.headers.add("grpc-encoding", encoding);
  request.body = std::move(body);
  return request;
}

std::string hex(std::string_view bytes) {
  std::string out;
  append_hex(out, bytes);
  return out;
}

TEST(GrpcMessage, IsReadInEveryEncoding) {
  std::string gzipped = encode_body("gzip", "message");
  std::string zstded = encode_body("zstd", "message");
  struct Case {
    const char* encoding;
    std::string body;
    const char* message;
  };
  for (const Case& c : {Case{"", grpc_frame("message"), "message"}, Case{"identity", grpc_frame("message"), "message"},
                        Case{"gzip", grpc_frame("message"), "message"}, Case{"", grpc_frame(""), ""},
                        Case{"gzip", frame(1, gzipped.size(), gzipped), "message"},
                        Case{"zstd", frame(1, zstded.size(), zstded), "message"},
                        Case{"br", grpc_frame("not compressed"), "not compressed"}}) {
    auto message = read_grpc_message(request(c.encoding, c.body), 100);
    ASSERT_TRUE(message) << c.encoding << ": " << message.error().message;
    EXPECT_EQ(*message, c.message);
  }
}

TEST(GrpcMessage, RefusesWithTheCodeOfTheCall) {
  std::string gzipped = encode_body("gzip", std::string(5000, 'a'));
  struct Case {
    const char* encoding;
    std::string body;
    ErrorCode code;
  };
  for (const Case& c : {Case{"", "", ErrorCode::invalid_argument}, Case{"", "\0\0\0", ErrorCode::invalid_argument},
                        Case{"", frame(0, 3, "ab"), ErrorCode::invalid_argument},
                        Case{"", frame(0, 1, "ab"), ErrorCode::invalid_argument},
                        Case{"", grpc_frame("a") + grpc_frame("b"), ErrorCode::invalid_argument},
                        Case{"gzip", frame(2, 1, "a"), ErrorCode::invalid_argument},
                        Case{"", frame(1, 1, "a"), ErrorCode::invalid_argument},
                        Case{"identity", frame(1, 1, "a"), ErrorCode::invalid_argument},
                        Case{"gzip", frame(1, 1, "a"), ErrorCode::invalid_argument},
                        Case{"gzip,gzip", frame(1, 1, "a"), ErrorCode::invalid_argument},
                        Case{"br", frame(1, 1, "a"), ErrorCode::unimplemented},
                        Case{"", frame(0, 1001, "a"), ErrorCode::resource_exhausted},
                        Case{"gzip", frame(1, gzipped.size(), gzipped), ErrorCode::resource_exhausted}}) {
    auto message = read_grpc_message(request(c.encoding, c.body), 1000);
    ASSERT_FALSE(message) << c.encoding << " " << hex(c.body.substr(0, 20));
    EXPECT_EQ(message.error().code, c.code) << message.error().message;
  }
}

TEST(GrpcMessage, ViewNeedsNoCopy) {
  Request uncompressed = request("", grpc_frame("message"));
  std::string storage;
  auto view = view_grpc_message(uncompressed, 100, storage);
  ASSERT_TRUE(view);
  EXPECT_EQ(view->data(), uncompressed.body.data() + 5);
}

TEST(GrpcFrame, HasABigEndianLength) {
  EXPECT_EQ(hex(grpc_frame("abc")), "0000000003616263");
  EXPECT_EQ(hex(grpc_frame("abc", true)), "0100000003616263");
  EXPECT_EQ(hex(grpc_frame(std::string(0x010203, 'x')).substr(0, 5)), "0000010203");
  EXPECT_EQ(grpc_frame_bytes(grpc_frame(std::string(1000, 'x')).substr(0, 7)), 1005u);
  EXPECT_EQ(grpc_frame_bytes("\0\0"), grpc_frame_bytes("\0\0"));
}

TEST(IsGrpc, ByMethodAndType) {
  Request call;
  call.method = "POST";
  call.headers.add("content-type", "application/grpc+proto");
  EXPECT_TRUE(is_grpc(call));
  call.method = "GET";
  EXPECT_FALSE(is_grpc(call));
}

TEST(GrpcTimeout, Units) {
  using std::chrono::nanoseconds;
  struct Case {
    const char* text;
    int64_t ns;
  };
  constexpr int64_t kNone = -1;
  for (const Case& c :
       {Case{"1H", 3'600'000'000'000}, Case{"2M", 120'000'000'000}, Case{"3S", 3'000'000'000}, Case{"10m", 10'000'000},
        Case{"5u", 5'000}, Case{"99999999n", 99'999'999}, Case{"99999999H", nanoseconds::max().count()}, Case{"0S", 0},
        Case{"", kNone}, Case{"1", kNone}, Case{"S", kNone}, Case{"-1S", kNone}, Case{"1s", kNone}, Case{"1.5S", kNone},
        Case{"123456789S", kNone}}) {
    Request call;
    if (*c.text) call.headers.add("grpc-timeout", c.text);
    auto timeout = grpc_timeout(call);
    EXPECT_EQ(timeout ? timeout->count() : kNone, c.ns) << c.text;
  }
}

TEST(GrpcStatus, MessageIsPercentEncoded) {
  struct Case {
    const char* text;
    const char* encoded;
  };
  for (const Case& c : {Case{"plain text ~!", "plain text ~!"}, Case{"100%", "100%25"}, Case{"a\r\nb", "a%0D%0Ab"},
                        Case{"\xe2\x82\xac", "%E2%82%AC"}, Case{"\x7f", "%7F"}, Case{"", ""}}) {
    EXPECT_EQ(encode_grpc_message_text(c.text), c.encoded);
    EXPECT_EQ(decode_grpc_message_text(c.encoded), c.text);
  }
  EXPECT_EQ(decode_grpc_message_text("50% off %zz %4"), "50% off %zz %4");
}

TEST(GrpcStatus, ErrorIsTrailersOnly) {
  Response response = grpc_error(8, "busy", "\x08\x08");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "");
  EXPECT_EQ(response.headers.get("content-type"), "application/grpc");
  EXPECT_EQ(response.trailers.get("grpc-status"), "8");
  EXPECT_EQ(response.trailers.get("grpc-message"), "busy");
  EXPECT_EQ(response.trailers.get("grpc-status-details-bin"), "CAg");
  Response reply = grpc_reply("abc");
  EXPECT_EQ(reply.body, grpc_frame("abc"));
  EXPECT_EQ(reply.trailers.get("grpc-status"), "0");
}

}  // namespace
}  // namespace clew::net
