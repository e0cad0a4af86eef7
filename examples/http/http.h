// A small HTTP server and client on Boost.Beast, both traced by Clew's headers.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace example {

using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;

Response answer(unsigned status, std::string body);

// Serves each request in one of a number of threads, in a span that is the child of the caller's.
class HttpServer {
 public:
  using Handler = std::function<Response(const Request&)>;

  explicit HttpServer(unsigned threads) : thread_count_(threads) {}
  ~HttpServer() { stop(); }

  // Before start(). Untraced: for questions that are asked all the time.
  void on(std::string target, Handler handler) { handlers_[std::move(target)] = {std::move(handler), true}; }
  void on_untraced(std::string target, Handler handler) { handlers_[std::move(target)] = {std::move(handler), false}; }
  // The port, or 0 when it cannot be had.
  uint16_t start(uint16_t port);
  void stop();

 private:
  struct Route {
    Handler handler;
    bool traced;
  };
  using Socket = boost::asio::ip::tcp::socket;

  void accept_all();
  void serve(Socket& socket);
  Response respond(const Request& request, const std::string& peer, uint16_t peer_port);

  const unsigned thread_count_;
  std::map<std::string, Route> handlers_;
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_{io_};
  std::vector<std::thread> threads_;
  std::mutex mutex_;
  bool stopping_ = false;  // under mutex_
  std::set<int> open_;     // sockets being served, under mutex_
};

// A POST with a span of its own, unless `traced` is false. Status 0: no answer.
struct CallOptions {
  unsigned resends = 0;
  bool traced = true;
  const char* content_type = "text/plain";
};
Response call(const std::string& origin, const std::string& target, std::string body, const CallOptions& options = {});

}  // namespace example
