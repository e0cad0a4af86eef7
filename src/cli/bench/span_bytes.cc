#include "cli/bench/span_bytes.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "base/bytes.h"
#include "base/check.h"

namespace clew::cli {
namespace {

constexpr uint32_t kLengthDelimited = 2;
constexpr char kTraceIdTag = 0x0a;
constexpr char kSpanIdTag = 0x12;
constexpr char kParentTag = 0x22;
constexpr char kStartTag = 0x39;
constexpr char kEndTag = 0x41;
constexpr uint32_t kSpanKind = 6;
constexpr uint32_t kSpanEvents = 11;
constexpr uint32_t kSpanLinks = 13;
constexpr uint32_t kSpanStatus = 15;
constexpr uint32_t kScopeSpansSpans = 2;
constexpr size_t kLengthBytes = 2;

std::string attribute(uint32_t field, std::string_view key, std::string_view value) {
  return bytes_field(field, bytes_field(1, key) + bytes_field(2, value));
}

std::string varint_field(uint32_t number, uint64_t value) {
  std::string out;
  ByteWriter writer(out);
  writer.varint(number << 3);
  writer.varint(value);
  return out;
}

}  // namespace

void append_field_head(std::string& out, uint32_t number, size_t length) {
  ByteWriter writer(out);
  writer.varint(number << 3 | kLengthDelimited);
  writer.varint(length);
}

size_t field_head_bytes(size_t length) {
  size_t bytes = 2;
  for (; length >= 0x80; length >>= 7) ++bytes;
  return bytes;
}

std::string bytes_field(uint32_t number, std::string_view content) {
  std::string out;
  append_field_head(out, number, content.size());
  out += content;
  return out;
}

std::string string_attribute(uint32_t field, std::string_view key, std::string_view value) {
  return attribute(field, key, bytes_field(1, value));
}

std::string int_attribute(uint32_t field, std::string_view key, int64_t value) {
  return attribute(field, key, varint_field(3, static_cast<uint64_t>(value)));
}

void append_string_attribute(std::string& out, uint32_t field, std::string_view key, std::string_view value) {
  size_t any = field_head_bytes(value.size()) + value.size();
  append_field_head(out, field, field_head_bytes(key.size()) + key.size() + field_head_bytes(any) + any);
  append_field_head(out, 1, key.size());
  out += key;
  append_field_head(out, 2, any);
  append_field_head(out, 1, value.size());
  out += value;
}

void append_int_attribute(std::string& out, uint32_t field, std::string_view key, uint64_t value) {
  // Its tag is one byte, as a length's would be; field_head_bytes() counts a byte for each 7 bits of either.
  size_t any = field_head_bytes(value);
  append_field_head(out, field, field_head_bytes(key.size()) + key.size() + field_head_bytes(any) + any);
  append_field_head(out, 1, key.size());
  out += key;
  append_field_head(out, 2, any);
  ByteWriter writer(out);
  writer.varint(3 << 3);
  writer.varint(value);
}

std::string kind_field(std::string_view kind) {
  constexpr std::string_view kKinds[] = {"internal", "server", "client", "producer", "consumer"};
  const auto* at = std::find(std::begin(kKinds), std::end(kKinds), kind);
  CHECK(at != std::end(kKinds));
  return varint_field(kSpanKind, static_cast<uint64_t>(at - std::begin(kKinds)) + 1);
}

std::string status_field(uint32_t code, std::string_view message) {
  std::string content = message.empty() ? "" : bytes_field(2, message);
  return bytes_field(kSpanStatus, content + varint_field(3, code));
}

SpanBytes::SpanBytes(std::string& out) : out_(out), begin_(out.size()) {
  constexpr char kTag = kScopeSpansSpans << 3 | kLengthDelimited;
  out_.push_back(kTag);
  out_.append(kLengthBytes, '\0');
}

void SpanBytes::ids(TraceId trace, SpanId span, SpanId parent) {
  char raw[2 + 16 + 2 + 8 + 2 + 8];
  raw[0] = kTraceIdTag;
  raw[1] = 16;
  trace.copy_to(raw + 2);
  raw[18] = kSpanIdTag;
  raw[19] = 8;
  span.copy_to(raw + 20);
  raw[28] = kParentTag;
  raw[29] = 8;
  parent.copy_to(raw + 30);
  out_.append(raw, parent.is_zero() ? 28 : 38);
}

void SpanBytes::times(uint64_t start_ns, uint64_t end_ns) {
  char raw[18];
  raw[0] = kStartTag;
  std::memcpy(raw + 1, &start_ns, sizeof start_ns);
  raw[9] = kEndTag;
  std::memcpy(raw + 10, &end_ns, sizeof end_ns);
  out_.append(raw, sizeof raw);
}

void SpanBytes::peer(uint32_t number, uint32_t port) {
  constexpr std::string_view kAddress = "network.peer.address";
  constexpr std::string_view kPort = "network.peer.port";
  // "10." and three numbers of a byte, with room for what to_chars() might ask for.
  char text[32] = "10.";
  char* at = text + 3;
  auto put = [&](uint32_t part) { at = std::to_chars(at, at + 3, part & 0xff).ptr; };
  put(number / (256 * 254));
  *at++ = '.';
  put(number / 254);
  *at++ = '.';
  put(number % 254 + 1);
  auto length = static_cast<size_t>(at - text);
  append_field_head(out_, kSpanAttributes, 2 + kAddress.size() + 2 + 2 + length);
  append_field_head(out_, 1, kAddress.size());
  out_ += kAddress;
  append_field_head(out_, 2, 2 + length);
  append_field_head(out_, 1, length);
  out_.append(text, length);
  // A port takes two or three bytes as a varint.
  size_t port_bytes = port < (1 << 14) ? 2 : 3;
  append_field_head(out_, kSpanAttributes, 2 + kPort.size() + 2 + 1 + port_bytes);
  append_field_head(out_, 1, kPort.size());
  out_ += kPort;
  append_field_head(out_, 2, 1 + port_bytes);
  constexpr char kIntValueTag = 3 << 3;
  out_.push_back(kIntValueTag);
  ByteWriter(out_).varint(port);
}

void SpanBytes::uuid(uint64_t high, uint64_t low) {
  constexpr std::string_view kKey = "app.request.id";
  constexpr size_t kTextBytes = 36;
  constexpr char kDigits[] = "0123456789abcdef";
  char text[kTextBytes];
  size_t at = 0;
  for (int digit = 0; digit < 32; ++digit) {
    if (digit == 8 || digit == 12 || digit == 16 || digit == 20) text[at++] = '-';
    uint64_t half = digit < 16 ? high : low;
    text[at++] = kDigits[half >> (60 - 4 * (digit % 16)) & 15];
  }
  append_field_head(out_, kSpanAttributes, 2 + kKey.size() + 2 + 2 + kTextBytes);
  append_field_head(out_, 1, kKey.size());
  out_ += kKey;
  append_field_head(out_, 2, 2 + kTextBytes);
  append_field_head(out_, 1, kTextBytes);
  out_.append(text, kTextBytes);
}

void SpanBytes::event(uint64_t time_ns, std::string_view fields) {
  constexpr char kTimeTag = 0x09;
  append_field_head(out_, kSpanEvents, 1 + sizeof time_ns + fields.size());
  out_.push_back(kTimeTag);
  ByteWriter(out_).fixed(time_ns);
  out_ += fields;
}

void SpanBytes::link(TraceId trace, SpanId span, std::string_view fields) {
  char raw[2 + 16 + 2 + 8];
  raw[0] = kTraceIdTag;
  raw[1] = 16;
  trace.copy_to(raw + 2);
  raw[18] = kSpanIdTag;
  raw[19] = 8;
  span.copy_to(raw + 20);
  append_field_head(out_, kSpanLinks, sizeof raw + fields.size());
  out_.append(raw, sizeof raw);
  out_ += fields;
}

void SpanBytes::finish() {
  size_t length = out_.size() - begin_ - 1 - kLengthBytes;
  CHECK(length >= 128 && length < 16384);
  out_[begin_ + 1] = static_cast<char>(0x80 | (length & 0x7f));
  out_[begin_ + 2] = static_cast<char>(length >> 7);
}

}  // namespace clew::cli
