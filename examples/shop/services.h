// The six processes of the shop. Each function sets a server up; what runs beside it is in the object returned.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "../http/http.h"

namespace shop {

using example::answer;
using example::call;
using example::CallOptions;
using example::HttpServer;
using example::Request;
using example::Response;

// Where the others are, by name: "queue" -> "http://127.0.0.1:4711".
using Others = std::map<std::string, std::string>;

// Work beside a server, ended by its destructor.
class Beside {
 public:
  virtual ~Beside() = default;
};

std::unique_ptr<Beside> gateway(HttpServer& server, Others& others);
std::unique_ptr<Beside> pricing(HttpServer& server, Others& others);
std::unique_ptr<Beside> queue(HttpServer& server, Others& others);
std::unique_ptr<Beside> fulfilment(HttpServer& server, Others& others);
std::unique_ptr<Beside> inventory(HttpServer& server, Others& others);
std::unique_ptr<Beside> payment(HttpServer& server, Others& others);

// A line on standard error, with the ids of the current span.
void log(const char* level, const std::string& message);

}  // namespace shop
