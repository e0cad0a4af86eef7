#include "resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>

#include <atomic>
#include <cstring>

CLEW_BEGIN
namespace detail {

struct Resolver::Question {
  std::string host;
  uint16_t port = 0;
  std::vector<Address> addresses;
  std::atomic<bool> answered{false};
};

namespace {

constexpr uint64_t kLookNs = 2'000'000;

void add_v4(std::vector<Address>& addresses, const in_addr& address, uint16_t port) noexcept {
  Address made;
  auto* const v4 = reinterpret_cast<sockaddr_in*>(&made.socket);
  v4->sin_family = AF_INET;
  v4->sin_port = htons(port);
  v4->sin_addr = address;
  made.size = sizeof *v4;
  addresses.push_back(made);
}

void add_v6(std::vector<Address>& addresses, const in6_addr& address, uint16_t port) noexcept {
  Address made;
  auto* const v6 = reinterpret_cast<sockaddr_in6*>(&made.socket);
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  v6->sin6_addr = address;
  made.size = sizeof *v6;
  addresses.push_back(made);
}

bool at_once(const std::string& host, uint16_t port, std::vector<Address>& addresses) noexcept {
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    add_v4(addresses, v4, port);
  } else if (inet_pton(AF_INET6, host.c_str(), &v6) == 1) {
    add_v6(addresses, v6, port);
  } else if (host == "localhost") {
    v4.s_addr = htonl(INADDR_LOOPBACK);
    add_v4(addresses, v4, port);
    add_v6(addresses, in6addr_loopback, port);
  }
  return !addresses.empty();
}

void ask_system(const std::string& host, uint16_t port, std::vector<Address>& addresses) noexcept {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return;
  for (const addrinfo* info = found; info != nullptr; info = info->ai_next) {
    Address made;
    if (info->ai_addrlen > sizeof made.socket) continue;
    std::memcpy(&made.socket, info->ai_addr, info->ai_addrlen);
    made.size = info->ai_addrlen;
    addresses.push_back(made);
  }
  freeaddrinfo(found);
}

}  // namespace

std::vector<Address> Resolver::resolve(const std::string& host, uint16_t port, Waiter& waiter,
                                       uint64_t deadline_ns) noexcept {
  std::vector<Address> addresses;
  if (at_once(host, port, addresses)) return addresses;
  if (asking_ == nullptr) {
    asking_ = std::make_shared<Question>();
    asking_->host = host;
    asking_->port = port;
    auto* const own = new std::shared_ptr<Question>(asking_);
    pthread_t thread;
    const auto run = [](void* memory) -> void* {
      auto* const question = static_cast<std::shared_ptr<Question>*>(memory);
      ask_system((*question)->host, (*question)->port, (*question)->addresses);
      (*question)->answered.store(true, std::memory_order_release);
      delete question;
      return nullptr;
    };
    // The worker's signal mask, with all signals blocked, is inherited.
    if (pthread_create(&thread, nullptr, run, own) != 0) {
      delete own;
      asking_.reset();
      return addresses;
    }
    pthread_detach(thread);
  }
  while (!asking_->answered.load(std::memory_order_acquire)) {
    const uint64_t now = waiter.now_ns();
    if (now >= deadline_ns || !waiter.may_go_on()) return addresses;
    waiter.wait(-1, 0, now + kLookNs < deadline_ns ? now + kLookNs : deadline_ns);
  }
  addresses = std::move(asking_->addresses);
  asking_.reset();
  return addresses;
}

}  // namespace detail
CLEW_END
