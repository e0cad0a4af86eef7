// OTLP as a plain tree, for tests: made at random, written as protobuf or JSON and read back by code that shares
// nothing with the room's own. Its canonical form is a sorted list of texts, one a span, resource and scope included.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace clew::wire::tree {

struct Value;
using Pairs = std::vector<std::pair<std::string, Value>>;
struct Value {
  int type = 0;  // the field of AnyValue, 0: none
  std::string text;
  uint64_t bits = 0;
  Pairs items;  // of an array: with empty keys
  bool operator==(const Value&) const = default;
};

struct Event {
  uint64_t time = 0;
  std::string name;
  Pairs attributes;
  uint32_t dropped = 0;
};
struct Link {
  std::string trace_id, span_id, state;
  Pairs attributes;
  uint32_t dropped = 0, flags = 0;
};
struct Span {
  std::string trace_id, span_id, state, parent_id, name, message;
  uint32_t kind = 0, code = 0, flags = 0;
  uint64_t start = 0, end = 0;
  Pairs attributes;
  std::vector<Event> events;
  std::vector<Link> links;
  uint32_t dropped_attributes = 0, dropped_events = 0, dropped_links = 0;
};
struct EntityRef {
  std::string schema_url, type;
  std::vector<std::string> id_keys, description_keys;
};
struct ScopeSpans {
  std::string name, version, schema_url;
  Pairs attributes;
  uint32_t dropped = 0;
  std::vector<Span> spans;
};
struct ResourceSpans {
  Pairs attributes;
  uint32_t dropped = 0;
  std::vector<EntityRef> refs;
  std::string schema_url;
  std::vector<ScopeSpans> scopes;
};
using Request = std::vector<ResourceSpans>;

// --- canonical form --------------------------------------------------------------------------------------------------
inline std::string canonical(const Value& value);
inline std::string canonical(const Pairs& pairs) {
  std::string out = "[";
  for (const auto& [key, value] : pairs) out += fmt::format("{}:{}={};", key.size(), key, canonical(value));
  return out + "]";
}
inline std::string canonical(const Value& value) {
  return fmt::format("<{} {} {}:{} {}>", value.type, value.bits, value.text.size(), value.text, canonical(value.items));
}
inline std::string canonical(const Span& s) {
  std::string out =
      fmt::format("span {}/{}/{} state={} name={} kind={} {}..{} dropped={},{},{} status={},{} flags={} {}", s.trace_id,
                  s.span_id, s.parent_id, s.state, s.name, s.kind, s.start, s.end, s.dropped_attributes,
                  s.dropped_events, s.dropped_links, s.code, s.message, s.flags, canonical(s.attributes));
  for (const Event& e : s.events)
    out += fmt::format(" event {} {} {} {}", e.time, e.name, e.dropped, canonical(e.attributes));
  for (const Link& l : s.links) {
    out += fmt::format(" link {}/{} {} {} {} {}", l.trace_id, l.span_id, l.state, l.dropped, l.flags,
                       canonical(l.attributes));
  }
  return out;
}
inline std::vector<std::string> canonical(const Request& request) {
  std::vector<std::string> out;
  for (const auto& r : request) {
    std::string resource = fmt::format("resource {} {} {}", canonical(r.attributes), r.dropped, r.schema_url);
    for (const auto& ref : r.refs) {
      resource += fmt::format(" ref {} {}", ref.schema_url, ref.type);
      for (const auto& key : ref.id_keys) resource += " id=" + key;
      for (const auto& key : ref.description_keys) resource += " description=" + key;
    }
    for (const auto& s : r.scopes) {
      std::string scope =
          fmt::format("scope {} {} {} {} {}", s.name, s.version, canonical(s.attributes), s.dropped, s.schema_url);
      for (const auto& span : s.spans) out.push_back(resource + " " + scope + " " + canonical(span));
    }
  }
  std::ranges::sort(out);
  return out;
}

// --- protobuf --------------------------------------------------------------------------------------------------------
inline void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

// The fields of one message; written in the order of their numbers, or (with a generator) in a random one that keeps
// equal fields in order, with unknown fields in between.
class Message {
 public:
  Message& varint(uint32_t field, uint64_t value) {
    std::string& out = add(field, 0);
    put_varint(out, value);
    return *this;
  }
  Message& bytes(uint32_t field, std::string_view content) {
    std::string& out = add(field, 2);
    put_varint(out, content.size());
    out += content;
    return *this;
  }
  Message& fixed64(uint32_t field, uint64_t value) { return fixed(field, 1, &value, 8); }
  Message& fixed32(uint32_t field, uint32_t value) { return fixed(field, 5, &value, 4); }
  Message& text_if(uint32_t field, const std::string& content) {
    return content.empty() ? *this : bytes(field, content);
  }
  Message& count_if(uint32_t field, uint32_t value) { return value == 0 ? *this : varint(field, value); }

  std::string str(std::mt19937* shuffle = nullptr) {
    if (shuffle != nullptr) {
      uint32_t ranks[64];
      for (auto& rank : ranks) rank = static_cast<uint32_t>((*shuffle)());
      if ((*shuffle)() % 8 == 0) varint(60, (*shuffle)()).bytes(61, "unknown").fixed32(62, 7).fixed64(63, 8);
      std::ranges::stable_sort(fields_, {}, [&](const auto& f) { return ranks[f.first % 64]; });
    }
    std::string out;
    for (const auto& [number, content] : fields_) out += content;
    return out;
  }

 private:
  std::string& add(uint32_t field, uint32_t wire) {
    std::string& out = fields_.emplace_back(field, "").second;
    put_varint(out, field << 3 | wire);
    return out;
  }
  Message& fixed(uint32_t field, uint32_t wire, const void* value, size_t size) {
    add(field, wire).append(static_cast<const char*>(value), size);
    return *this;
  }
  std::vector<std::pair<uint32_t, std::string>> fields_;
};

struct ProtobufWriter {
  std::mt19937* shuffle = nullptr;

  std::string value(const Value& v) const {
    Message m;
    if (v.type == 1 || v.type == 7) m.bytes(static_cast<uint32_t>(v.type), v.text);
    if (v.type == 2 || v.type == 3) m.varint(static_cast<uint32_t>(v.type), v.bits);
    if (v.type == 4) m.fixed64(4, v.bits);
    if (v.type == 5 || v.type == 6) {
      Message list;
      for (const auto& item : v.items) list.bytes(1, v.type == 5 ? value(item.second) : pair(item));
      m.bytes(static_cast<uint32_t>(v.type), list.str(shuffle));
    }
    return m.str(shuffle);
  }
  std::string pair(const std::pair<std::string, Value>& p) const {
    Message m;
    m.text_if(1, p.first);
    if (p.second.type != 0) m.bytes(2, value(p.second));
    return m.str(shuffle);
  }
  void pairs(Message& m, uint32_t field, const Pairs& all) const {
    for (const auto& p : all) m.bytes(field, pair(p));
  }
  std::string event(const Event& e) const {
    Message m;
    if (e.time != 0) m.fixed64(1, e.time);
    m.text_if(2, e.name);
    pairs(m, 3, e.attributes);
    return m.count_if(4, e.dropped).str(shuffle);
  }
  std::string link(const Link& l) const {
    Message m;
    m.text_if(1, l.trace_id).text_if(2, l.span_id).text_if(3, l.state);
    pairs(m, 4, l.attributes);
    m.count_if(5, l.dropped);
    if (l.flags != 0) m.fixed32(6, l.flags);
    return m.str(shuffle);
  }
  std::string span(const Span& s) const {
    Message m;
    m.text_if(1, s.trace_id).text_if(2, s.span_id).text_if(3, s.state).text_if(4, s.parent_id).text_if(5, s.name);
    m.count_if(6, s.kind);
    if (s.start != 0) m.fixed64(7, s.start);
    if (s.end != 0) m.fixed64(8, s.end);
    pairs(m, 9, s.attributes);
    m.count_if(10, s.dropped_attributes);
    for (const auto& e : s.events) m.bytes(11, event(e));
    m.count_if(12, s.dropped_events);
    for (const auto& l : s.links) m.bytes(13, link(l));
    m.count_if(14, s.dropped_links);
    // In two pieces when shuffling: they are merged.
    if (!s.message.empty()) m.bytes(15, Message().bytes(2, s.message).str());
    if (s.code != 0) m.bytes(15, Message().varint(3, s.code).str());
    if (s.flags != 0) m.fixed32(16, s.flags);
    return m.str(shuffle);
  }
  std::string scope_spans(const ScopeSpans& s) const {
    Message scope;
    scope.text_if(1, s.name).text_if(2, s.version);
    pairs(scope, 3, s.attributes);
    Message m;
    m.bytes(1, scope.count_if(4, s.dropped).str(shuffle));
    for (const auto& one : s.spans) m.bytes(2, span(one));
    return m.text_if(3, s.schema_url).str(shuffle);
  }
  std::string resource_spans(const ResourceSpans& r) const {
    Message resource;
    pairs(resource, 1, r.attributes);
    resource.count_if(2, r.dropped);
    for (const auto& ref : r.refs) {
      Message m;
      m.text_if(1, ref.schema_url).text_if(2, ref.type);
      for (const auto& key : ref.id_keys) m.bytes(3, key);
      for (const auto& key : ref.description_keys) m.bytes(4, key);
      resource.bytes(3, m.str());
    }
    Message m;
    m.bytes(1, resource.str(shuffle));
    for (const auto& s : r.scopes) m.bytes(2, scope_spans(s));
    return m.text_if(3, r.schema_url).str(shuffle);
  }
  std::string request(const Request& all) const {
    Message m;
    for (const auto& r : all) m.bytes(1, resource_spans(r));
    return m.str(shuffle);
  }
};

// Calls field(number, scalar, bytes) for each; the input is trusted.
inline void each_field(std::string_view in, const std::function<void(uint32_t, uint64_t, std::string_view)>& field) {
  auto varint = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      auto byte = static_cast<uint8_t>(in.at(0));
      in.remove_prefix(1);
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (!in.empty()) {
    uint64_t tag = varint();
    uint64_t scalar = 0;
    std::string_view bytes;
    size_t size = (tag & 7) == 1 ? 8 : (tag & 7) == 5 ? 4 : 0;
    if ((tag & 7) == 0) scalar = varint();
    if ((tag & 7) == 2) {
      size = varint();
      bytes = in.substr(0, size);
    } else {
      std::memcpy(&scalar, in.substr(0, size).data(), size);
    }
    if ((tag & 7) != 0) in.remove_prefix(size);
    field(static_cast<uint32_t>(tag >> 3), scalar, bytes);
  }
}

inline std::pair<std::string, Value> read_pair(std::string_view in);
inline Value read_value(std::string_view in) {
  Value out;
  each_field(in, [&](uint32_t number, uint64_t scalar, std::string_view bytes) {
    out.type = static_cast<int>(number);
    if (number == 1 || number == 7) out.text = bytes;
    if (number >= 2 && number <= 4) out.bits = scalar;
    if (number == 5 || number == 6) {
      each_field(bytes, [&](uint32_t, uint64_t, std::string_view item) {
        out.items.push_back(number == 5 ? std::pair(std::string(), read_value(item)) : read_pair(item));
      });
    }
  });
  return out;
}
inline std::pair<std::string, Value> read_pair(std::string_view in) {
  std::pair<std::string, Value> out;
  each_field(in, [&](uint32_t number, uint64_t, std::string_view bytes) {
    if (number == 1) out.first = bytes;
    if (number == 2) out.second = read_value(bytes);
  });
  return out;
}
inline Event read_event(std::string_view in) {
  Event e;
  each_field(in, [&](uint32_t number, uint64_t scalar, std::string_view bytes) {
    if (number == 1) e.time = scalar;
    if (number == 2) e.name = bytes;
    if (number == 3) e.attributes.push_back(read_pair(bytes));
    if (number == 4) e.dropped = static_cast<uint32_t>(scalar);
  });
  return e;
}
inline Link read_link(std::string_view in) {
  Link l;
  each_field(in, [&](uint32_t number, uint64_t scalar, std::string_view bytes) {
    if (number == 1) l.trace_id = bytes;
    if (number == 2) l.span_id = bytes;
    if (number == 3) l.state = bytes;
    if (number == 4) l.attributes.push_back(read_pair(bytes));
    if (number == 5) l.dropped = static_cast<uint32_t>(scalar);
    if (number == 6) l.flags = static_cast<uint32_t>(scalar);
  });
  return l;
}
inline Span read_span(std::string_view in) {
  Span s;
  each_field(in, [&](uint32_t number, uint64_t scalar, std::string_view bytes) {
    switch (number) {
      case 1: s.trace_id = bytes; break;
      case 2: s.span_id = bytes; break;
      case 3: s.state = bytes; break;
      case 4: s.parent_id = bytes; break;
      case 5: s.name = bytes; break;
      case 6: s.kind = static_cast<uint32_t>(scalar); break;
      case 7: s.start = scalar; break;
      case 8: s.end = scalar; break;
      case 9: s.attributes.push_back(read_pair(bytes)); break;
      case 10: s.dropped_attributes = static_cast<uint32_t>(scalar); break;
      case 11: s.events.push_back(read_event(bytes)); break;
      case 12: s.dropped_events = static_cast<uint32_t>(scalar); break;
      case 13: s.links.push_back(read_link(bytes)); break;
      case 14: s.dropped_links = static_cast<uint32_t>(scalar); break;
      case 15:
        each_field(bytes, [&](uint32_t n, uint64_t code, std::string_view message) {
          if (n == 2) s.message = message;
          if (n == 3) s.code = static_cast<uint32_t>(code);
        });
        break;
      case 16: s.flags = static_cast<uint32_t>(scalar); break;
      default: break;
    }
  });
  return s;
}
inline EntityRef read_ref(std::string_view in) {
  EntityRef ref;
  each_field(in, [&](uint32_t number, uint64_t, std::string_view bytes) {
    if (number == 1) ref.schema_url = bytes;
    if (number == 2) ref.type = bytes;
    if (number == 3) ref.id_keys.emplace_back(bytes);
    if (number == 4) ref.description_keys.emplace_back(bytes);
  });
  return ref;
}
inline ScopeSpans read_scope_spans(std::string_view in) {
  ScopeSpans out;
  each_field(in, [&](uint32_t number, uint64_t, std::string_view bytes) {
    if (number == 1) {
      each_field(bytes, [&](uint32_t n, uint64_t scalar, std::string_view content) {
        if (n == 1) out.name = content;
        if (n == 2) out.version = content;
        if (n == 3) out.attributes.push_back(read_pair(content));
        if (n == 4) out.dropped = static_cast<uint32_t>(scalar);
      });
    }
    if (number == 2) out.spans.push_back(read_span(bytes));
    if (number == 3) out.schema_url = bytes;
  });
  return out;
}
inline Request read_request(std::string_view in) {
  Request out;
  each_field(in, [&](uint32_t, uint64_t, std::string_view resource_spans) {
    ResourceSpans& r = out.emplace_back();
    each_field(resource_spans, [&](uint32_t number, uint64_t, std::string_view bytes) {
      if (number == 1) {
        each_field(bytes, [&](uint32_t n, uint64_t scalar, std::string_view content) {
          if (n == 1) r.attributes.push_back(read_pair(content));
          if (n == 2) r.dropped = static_cast<uint32_t>(scalar);
          if (n == 3) r.refs.push_back(read_ref(content));
        });
      }
      if (number == 2) r.scopes.push_back(read_scope_spans(bytes));
      if (number == 3) r.schema_url = bytes;
    });
  });
  return out;
}

// --- JSON ------------------------------------------------------------------------------------------------------------
struct JsonWriter {
  std::mt19937& random;

  static std::string text(std::string_view in) {
    std::string out = "\"";
    for (char c : in) {
      if (c == '"' || c == '\\') out += '\\';
      if (static_cast<unsigned char>(c) < 0x20) {
        out += fmt::format("\\u{:04X}", static_cast<int>(c));
      } else {
        out += c;
      }
    }
    return out + "\"";
  }
  std::string hex(std::string_view in) const {
    std::string out;
    bool upper = random() % 2 == 0;
    for (char c : in) {
      auto byte = static_cast<unsigned char>(c);
      out += upper ? fmt::format("{:02X}", byte) : fmt::format("{:02x}", byte);
    }
    return "\"" + out + "\"";
  }
  std::string base64(std::string_view in) const {
    bool url = random() % 2 == 0;
    std::string_view digits = url ? "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
                                  : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    uint32_t bits = 0;
    int count = 0;
    for (char c : in) {
      bits = bits << 8 | static_cast<unsigned char>(c);
      for (count += 8; count >= 6; count -= 6) out += digits[bits >> (count - 6) & 63];
    }
    if (count > 0) out += digits[bits << (6 - count) & 63];
    while (!url && out.size() % 4 != 0) out += '=';
    return "\"" + out + "\"";
  }
  template <typename T>
  std::string integer(T value) const {
    return random() % 2 == 0 ? fmt::format("{}", value) : fmt::format("\"{}\"", value);
  }
  std::string real(uint64_t bits) const {
    auto value = std::bit_cast<double>(bits);
    if (std::isnan(value)) return "\"NaN\"";
    if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
    return fmt::format("{:.17e}", value);
  }
  // Members in random order, sometimes with unknown ones and nulls.
  std::string object(std::vector<std::pair<std::string, std::string>> members) const {
    if (random() % 8 == 0) members.emplace_back("unknownField", R"({"a":[1,2,{"b":null}]})");
    if (random() % 8 == 0) members.emplace_back("otherField", "null");
    std::shuffle(members.begin(), members.end(), random);
    std::string out = "{";
    for (const auto& [key, value] : members) {
      if (out.size() > 1) out += random() % 2 == 0 ? "," : " ,\n";
      out += text(key) + ":" + value;
    }
    return out + "}";
  }
  template <typename Items, typename Write>
  static std::string array(const Items& items, Write&& write) {
    std::string out = "[";
    for (const auto& item : items) out += (out.size() > 1 ? "," : "") + write(item);
    return out + "]";
  }
  std::string value(const Value& v) const {
    switch (v.type) {
      case 1: return object({{"stringValue", text(v.text)}});
      case 2: return object({{"boolValue", v.bits != 0 ? "true" : "false"}});
      case 3: return object({{"intValue", integer(static_cast<int64_t>(v.bits))}});
      case 4: return object({{"doubleValue", real(v.bits)}});
      case 5:
        return object(
            {{"arrayValue", object({{"values", array(v.items, [&](const auto& i) { return value(i.second); })}})}});
      case 6: return object({{"kvlistValue", object({{"values", pairs(v.items)}})}});
      case 7: return object({{"bytesValue", base64(v.text)}});
      default: return object({});
    }
  }
  std::string pairs(const Pairs& all) const {
    return array(all, [&](const auto& p) { return object({{"key", text(p.first)}, {"value", value(p.second)}}); });
  }
  std::string event(const Event& e) const {
    return object({{"timeUnixNano", integer(e.time)},
                   {"name", text(e.name)},
                   {"attributes", pairs(e.attributes)},
                   {"droppedAttributesCount", integer(e.dropped)}});
  }
  std::string link(const Link& l) const {
    return object({{"traceId", hex(l.trace_id)},
                   {"spanId", hex(l.span_id)},
                   {"traceState", text(l.state)},
                   {"attributes", pairs(l.attributes)},
                   {"droppedAttributesCount", integer(l.dropped)},
                   {"flags", integer(l.flags)}});
  }
  std::string span(const Span& s) const {
    static constexpr const char* kKinds[] = {"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"};
    bool named = random() % 2 == 0 && s.kind < 6;
    return object({{"traceId", hex(s.trace_id)},
                   {"spanId", hex(s.span_id)},
                   {"parentSpanId", hex(s.parent_id)},
                   {"traceState", text(s.state)},
                   {"name", text(s.name)},
                   {"kind", named ? fmt::format("\"SPAN_KIND_{}\"", kKinds[s.kind]) : fmt::format("{}", s.kind)},
                   {"startTimeUnixNano", integer(s.start)},
                   {"endTimeUnixNano", integer(s.end)},
                   {"attributes", pairs(s.attributes)},
                   {"droppedAttributesCount", integer(s.dropped_attributes)},
                   {"events", array(s.events, [&](const auto& e) { return event(e); })},
                   {"droppedEventsCount", integer(s.dropped_events)},
                   {"links", array(s.links, [&](const auto& l) { return link(l); })},
                   {"droppedLinksCount", integer(s.dropped_links)},
                   {"status", object({{"message", text(s.message)}, {"code", fmt::format("{}", s.code)}})},
                   {"flags", integer(s.flags)}});
  }
  std::string scope_spans(const ScopeSpans& s) const {
    return object({{"scope", object({{"name", text(s.name)},
                                     {"version", text(s.version)},
                                     {"attributes", pairs(s.attributes)},
                                     {"droppedAttributesCount", integer(s.dropped)}})},
                   {"schemaUrl", text(s.schema_url)},
                   {"spans", array(s.spans, [&](const auto& one) { return span(one); })}});
  }
  std::string resource_spans(const ResourceSpans& r) const {
    auto texts = [](const auto& all) { return array(all, [](const std::string& one) { return text(one); }); };
    auto ref = [&](const EntityRef& e) {
      return object({{"schemaUrl", text(e.schema_url)},
                     {"type", text(e.type)},
                     {"idKeys", texts(e.id_keys)},
                     {"descriptionKeys", texts(e.description_keys)}});
    };
    return object({{"resource", object({{"attributes", pairs(r.attributes)},
                                        {"droppedAttributesCount", integer(r.dropped)},
                                        {"entityRefs", array(r.refs, ref)}})},
                   {"schemaUrl", text(r.schema_url)},
                   {"scopeSpans", array(r.scopes, [&](const auto& s) { return scope_spans(s); })}});
  }
  std::string request(const Request& all) const {
    return object({{"resourceSpans", array(all, [&](const auto& r) { return resource_spans(r); })}});
  }
};

// --- at random -------------------------------------------------------------------------------------------------------
struct Generator {
  std::mt19937& random;

  uint32_t below(uint32_t n) const { return static_cast<uint32_t>(random() % n); }
  bool one_in(uint32_t n) const { return below(n) == 0; }
  uint32_t rare_count() const { return one_in(6) ? static_cast<uint32_t>(random()) : 0; }
  std::string id(size_t size) const {
    std::string out(size, '\0');
    for (char& c : out) c = static_cast<char>(below(256));
    out[0] = static_cast<char>(1 + below(255));
    return out;
  }
  std::string text() const {
    switch (below(8)) {
      case 0: return "";
      case 1: return "h\xc3\xa9llo \xe2\x9c\x93 \xf0\x9f\x8c\x8d";
      case 2: return "quote \" back \\ tab \t nul " + std::string(1, '\0') + " end";
      case 3: return std::string(100 + below(200), static_cast<char>('a' + below(26)));
      case 4: return fmt::format("{}", random());
      default: return fmt::format("text {}", below(5));
    }
  }
  std::string name() const { return one_in(10) ? text() : fmt::format("GET /path/{}", below(4)); }
  Value value(int depth = 0) const {
    static constexpr uint64_t kNumbers[] = {0, 1, 42, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff};
    static constexpr double kReals[] = {0.0, -0.0, 1.5, -3e300, 5e-324, 1e22, 0.1, __builtin_inf(), -__builtin_inf()};
    Value v;
    v.type = static_cast<int>(below(depth > 3 ? 5 : 8));
    if (depth == 0 && !one_in(4)) v.type = 1 + static_cast<int>(below(3));
    if (v.type == 1) v.text = text();
    if (v.type == 7) v.text = one_in(4) ? "" : id(1 + below(20));
    if (v.type == 2) v.bits = below(2);
    if (v.type == 3) v.bits = kNumbers[below(6)];
    if (v.type == 4) v.bits = std::bit_cast<uint64_t>(one_in(9) ? __builtin_nan("") : kReals[below(9)]);
    if (v.type == 5 || v.type == 6) {
      for (uint32_t n = below(4); n > 0; --n) v.items.emplace_back(v.type == 6 ? text() : "", value(depth + 1));
    }
    return v;
  }
  Pairs pairs(uint32_t most) const {
    Pairs out;
    for (uint32_t n = below(most + 1), i = 0; i < n; ++i) {
      uint32_t key = one_in(5) ? below(12) : i;  // mostly the same key at the same place; sometimes twice
      out.emplace_back(one_in(40) ? text() : fmt::format("key.{}", key), value());
    }
    return out;
  }
  Span span() const {
    Span s;
    s.trace_id = id(16);
    s.span_id = id(8);
    if (!one_in(3)) s.parent_id = id(8);
    if (one_in(4)) s.state = "ot=th:" + text();
    s.name = name();
    s.kind = below(7);
    s.start = one_in(10) ? 0 : 1'700'000'000'000'000'000ULL + random();
    s.end = one_in(10) ? 0 : s.start + random();
    s.attributes = pairs(10);
    for (uint32_t n = one_in(3) ? below(4) : 0; n > 0; --n) {
      s.events.push_back({one_in(5) ? 0 : s.start + random() - random(), name(), pairs(3), rare_count()});
    }
    for (uint32_t n = one_in(3) ? below(4) : 0; n > 0; --n) {
      s.links.push_back({id(16), id(8), one_in(2) ? text() : "", pairs(3), rare_count(), rare_count()});
    }
    s.dropped_attributes = rare_count();
    s.dropped_events = rare_count();
    s.dropped_links = rare_count();
    s.code = below(3);
    if (one_in(4)) s.message = text();
    if (one_in(2)) s.flags = 0x101;
    return s;
  }
  Request request() const {
    Request out(below(4));
    for (auto& r : out) {
      r.attributes = pairs(6);
      r.dropped = rare_count();
      if (one_in(3)) r.refs.push_back({text(), "service", {"service.name", text()}, {text()}});
      if (one_in(3)) r.refs.push_back({});
      if (one_in(2)) r.schema_url = "https://opentelemetry.io/schemas/" + text();
      r.scopes.resize(below(4));
      for (auto& s : r.scopes) {
        s.name = text();
        s.version = text();
        s.attributes = pairs(2);
        s.dropped = rare_count();
        if (one_in(2)) s.schema_url = text();
        for (uint32_t n = below(8); n > 0; --n) s.spans.push_back(span());
      }
    }
    return out;
  }
};

}  // namespace clew::wire::tree
