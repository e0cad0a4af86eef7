// An HTTP server of Asio coroutines: coroutine_server [PORT]. Each connection is a coroutine with a context of its own;
// its spans are current after each co_await again, whatever else the threads have done in between. Prints its port,
// ends at SIGTERM.
#include <clew/async/asio.h>
#include <clew/instrument/beast_server.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

auto tracer = clew::tracer("coroutine_server");

asio::awaitable<void> work() {
  auto span = tracer.start("wait for disk");
  asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::milliseconds(5));
  co_await timer.async_wait(asio::use_awaitable);
  auto after = tracer.start("render");
}

asio::awaitable<void> serve(tcp::socket socket) {
  boost::beast::flat_buffer buffer;
  error_code error;
  while (true) {
    http::request<http::string_body> request;
    co_await http::async_read(socket, buffer, request, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    auto span = clew::beast_server_span(request);
    co_await work();
    http::response<http::string_body> response(http::status::ok, request.version());
    response.body() = "hello\n";
    response.keep_alive(request.keep_alive());
    response.prepare_payload();
    clew::beast_server_answered(span, response);
    co_await http::async_write(socket, response, asio::redirect_error(asio::use_awaitable, error));
    if (error || !request.keep_alive()) co_return;
  }
}

asio::awaitable<void> listen(tcp::acceptor acceptor) {
  const auto executor = co_await asio::this_coro::executor;
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    asio::co_spawn(clew::context_executor(executor, clew::Context()), serve(std::move(socket)), asio::detached);
  }
}

}  // namespace

int main(int argc, char** argv) {
  asio::io_context io(2);
  const auto port = uint16_t(argc > 1 ? std::strtol(argv[1], nullptr, 10) : 0);
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), port});
  std::printf("%u\n", acceptor.local_endpoint().port());
  std::fflush(stdout);
  asio::signal_set ends(io, SIGTERM, SIGINT);
  ends.async_wait([&io](error_code, int) { io.stop(); });
  asio::co_spawn(io, listen(std::move(acceptor)), asio::detached);
  std::thread other([&io] { io.run(); });
  io.run();
  other.join();
}
