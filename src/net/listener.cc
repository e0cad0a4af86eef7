#include "net/listener.h"

#include <fmt/format.h>

#include "base/log.h"
#include "net/io_thread.h"
#include "net/transport.h"

namespace clew::net {
namespace {

constexpr std::chrono::milliseconds kAcceptRetry{100};
constexpr std::chrono::seconds kQuietAfterWarning{10};

std::unexpected<Error> bind_error(const ListenerOptions& options, const SystemError& error) {
  std::string place = options.address.find(':') == std::string::npos
                          ? fmt::format("{}:{}", options.address, options.port)
                          : fmt::format("[{}]:{}", options.address, options.port);
  if (error == asio::error::address_in_use) {
    return fail(ErrorCode::already_exists, fmt::format("listener {}: {} is already in use", options.name, place));
  }
  if (error == asio::error::access_denied) {
    return fail(ErrorCode::permission_denied,
                fmt::format("listener {}: no permission to listen on {}; ports below 1024 need a privilege",
                            options.name, place));
  }
  return fail(ErrorCode::unavailable,
              fmt::format("listener {}: cannot listen on {}: {}", options.name, place, error.message()));
}

}  // namespace

Listener::Listener(IoThread& home, std::vector<IoThread*> threads, ListenerOptions options)
    : home_(home),
      threads_(std::move(threads)),
      state_(std::make_shared<ListenerState>(std::move(options))),
      acceptor_(home.context()),
      retry_timer_(home.context()) {}

Result<uint16_t> Listener::bind() {
  const ListenerOptions& options = state_->options;
  SystemError error;
  auto address = asio::ip::make_address(options.address, error);
  if (error) {
    return invalid(
        fmt::format("listener {}: '{}' is not a numeric IPv4 or IPv6 address", options.name, options.address));
  }
  tcp::endpoint endpoint(address, options.port);
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(tcp::acceptor::max_listen_connections, error);
  if (error) return bind_error(options, error);
  uint16_t port = acceptor_.local_endpoint(error).port();
  if (error) return bind_error(options, error);
  return port;
}

void Listener::start() {
  asio::post(home_.context(), [self = shared_from_this()] { self->accept(); });
}

void Listener::close(std::function<void()> closed) {
  asio::post(home_.context(), [self = shared_from_this(), closed = std::move(closed)] {
    SystemError ignored;
    self->acceptor_.close(ignored);
    self->retry_timer_.cancel();
    closed();
  });
}

void Listener::accept() {
  if (!acceptor_.is_open()) return;
  IoThread& thread = *threads_[next_thread_++ % threads_.size()];
  acceptor_.async_accept(thread.context(), [self = shared_from_this(), &thread](SystemError error, tcp::socket socket) {
    if (!self->acceptor_.is_open()) return;
    if (error) return self->on_refused(error);
    self->on_accepted(std::move(socket), thread);
    self->accept();
  });
}

void Listener::on_accepted(tcp::socket socket, IoThread& thread) {
  ServerState& server = home_.state();
  if (!server.admit_connection()) {
    server.count(Limit::connections);
    return;
  }
  asio::post(thread.context(), [&thread, state = state_, socket = std::move(socket)]() mutable {
    std::make_shared<Transport>(thread, std::move(socket), std::move(state))->start();
  });
}

void Listener::on_refused(const SystemError& error) {
  home_.state().count(Limit::open_files);
  if (auto now = Clock::now(); now >= quiet_until_) {
    quiet_until_ = now + kQuietAfterWarning;
    log::warn("accepting pauses: the system gives no socket; raise the limit of open files (ulimit -n, LimitNOFILE)",
              {{"listener", state_->options.name}, {"error", error.message()}});
  }
  retry_timer_.expires_after(kAcceptRetry);
  retry_timer_.async_wait([self = shared_from_this()](SystemError error) {
    if (!error) self->accept();
  });
}

}  // namespace clew::net
