// What goes through the queue: headers and a body. On the wire "name: value" lines, an empty line, the body.
#pragma once

#include <map>
#include <string>

namespace shop {

struct Message {
  std::map<std::string, std::string> headers;
  std::string body;
};

inline std::string to_text(const Message& message) {
  std::string all;
  for (const auto& [name, value] : message.headers) all += name + ": " + value + "\n";
  return all + "\n" + message.body;
}

inline Message message_from(const std::string& all) {
  Message message;
  size_t at = 0;
  while (at < all.size() && all[at] != '\n') {
    const size_t end = all.find('\n', at), colon = all.find(": ", at);
    if (end == std::string::npos || colon == std::string::npos || colon > end) return message;
    message.headers[all.substr(at, colon - at)] = all.substr(colon + 2, end - colon - 2);
    at = end + 1;
  }
  if (at < all.size()) message.body = all.substr(at + 1);
  return message;
}

}  // namespace shop
