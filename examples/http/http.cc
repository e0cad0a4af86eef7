#include "http.h"

#include <clew/instrument/beast_client.h>
#include <clew/instrument/beast_server.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

namespace example {

namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

Response answer(unsigned status, std::string body) {
  Response response;
  response.version(11);
  response.result(status);
  response.body() = std::move(body);
  return response;
}

uint16_t HttpServer::start(uint16_t port) {
  error_code error;
  const tcp::endpoint wanted(boost::asio::ip::address_v4::loopback(), port);
  acceptor_.open(wanted.protocol(), error);
  acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (acceptor_.bind(wanted, error)) return 0;
  if (acceptor_.listen(boost::asio::socket_base::max_listen_connections, error)) return 0;
  for (unsigned i = 0; i < thread_count_; ++i) threads_.emplace_back([this] { accept_all(); });
  return acceptor_.local_endpoint(error).port();
}

void HttpServer::stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
    for (int socket : open_) ::shutdown(socket, SHUT_RD);
  }
  if (!threads_.empty()) ::shutdown(acceptor_.native_handle(), SHUT_RDWR);  // wakes accept()
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

void HttpServer::accept_all() {
  while (true) {
    error_code error;
    tcp::socket socket(io_);
    acceptor_.accept(socket, error);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (stopping_) return;
      if (error) continue;
      open_.insert(socket.native_handle());
    }
    serve(socket);
    std::lock_guard<std::mutex> lock(mutex_);
    open_.erase(socket.native_handle());
    socket.close(error);
  }
}

void HttpServer::serve(Socket& socket) {
  error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  boost::beast::flat_buffer buffer;
  Request request;
  http::read(socket, buffer, request, error);
  if (error) return;
  Response response = respond(request, peer.address().to_string(), peer.port());
  response.keep_alive(false);
  response.prepare_payload();
  http::write(socket, response, error);
}

Response HttpServer::respond(const Request& request, const std::string& peer, uint16_t peer_port) {
  const auto route = handlers_.find(std::string(request.target()));
  if (route == handlers_.end()) return answer(404, "there is no such place here\n");
  if (!route->second.traced) return route->second.handler(request);
  clew::BeastServerOptions options;
  options.route = route->first;
  options.peer_address = peer;
  options.peer_port = peer_port;
  auto span = clew::beast_server_span(request, options);
  Response response = route->second.handler(request);
  clew::beast_server_answered(span, response);
  return response;
}

namespace {
Response exchange(const std::string& host, const std::string& port, const Request& request, error_code& error) {
  Response response;
  boost::asio::io_context io;
  tcp::resolver resolver(io);
  tcp::socket socket(io);
  const auto addresses = resolver.resolve(host, port, error);
  if (!error) boost::asio::connect(socket, addresses, error);
  if (!error) http::write(socket, request, error);
  boost::beast::flat_buffer buffer;
  if (!error) http::read(socket, buffer, response, error);
  return response;
}
}  // namespace

Response call(const std::string& origin, const std::string& target, std::string body, const CallOptions& options) {
  const size_t host = origin.find("://") + 3, colon = origin.find(':', host);
  Request request(http::verb::post, target, 11);
  request.set(http::field::host, origin.substr(host));
  request.set(http::field::user_agent, "clew-example");
  request.set(http::field::content_type, options.content_type);
  request.keep_alive(false);
  request.body() = std::move(body);
  request.prepare_payload();
  clew::Span span = options.traced ? clew::beast_client_span(request, origin, true, options.resends) : clew::Span();
  error_code error;
  const std::string port = colon == std::string::npos ? "80" : origin.substr(colon + 1);
  Response response = exchange(origin.substr(host, colon - host), port, request, error);
  clew::beast_client_done(span, error, response);
  if (error) response.result(0u);
  return response;
}

}  // namespace example
