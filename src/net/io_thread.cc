#include "net/io_thread.h"

#include <algorithm>

#include "env/this_thread.h"
#include "net/transport.h"

namespace clew::net {
namespace {

constexpr size_t kScratchBytes = 256 << 10;
constexpr std::chrono::milliseconds kLongestSweepInterval{200};

std::chrono::milliseconds sweep_interval(const ServerLimits& limits) {
  using std::chrono::milliseconds;
  milliseconds shortest = std::min(
      {limits.header_timeout, limits.body_timeout, limits.request_timeout, limits.write_timeout, limits.idle_timeout});
  return std::clamp(shortest / 4, milliseconds(2), kLongestSweepInterval);
}

}  // namespace

IoThread::IoThread(ServerState& state)
    : state_(state),
      work_(context_.get_executor()),
      sweep_timer_(context_),
      sweep_interval_(sweep_interval(state.limits)),
      scratch_(kScratchBytes, '\0') {
  schedule_sweep();
  thread_ = std::thread([this] {
    env::name_thread("clew-io");
    context_.run();
  });
}

IoThread::~IoThread() {
  stop();
}

void IoThread::drain() {
  asio::post(context_, [this] {
    for (const auto& transport : transports()) transport->drain();
  });
}

void IoThread::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    stopping_ = true;
    for (const auto& transport : transports()) transport->close();
    sweep_timer_.cancel();
    work_.reset();
  });
  thread_.join();
}

void IoThread::add(std::shared_ptr<Transport> transport) {
  Transport* key = transport.get();
  transports_.emplace(key, std::move(transport));
}

void IoThread::remove(const std::shared_ptr<Transport>& transport) {
  transports_.erase(transport.get());
}

void IoThread::schedule_sweep() {
  sweep_timer_.expires_after(sweep_interval_);
  sweep_timer_.async_wait([this](SystemError error) {
    if (error || stopping_) return;
    auto now = Clock::now();
    for (const auto& transport : transports()) transport->on_sweep(now);
    schedule_sweep();
  });
}

std::vector<std::shared_ptr<Transport>> IoThread::transports() const {
  std::vector<std::shared_ptr<Transport>> all;
  all.reserve(transports_.size());
  for (const auto& [key, transport] : transports_) all.push_back(transport);
  return all;
}

}  // namespace clew::net
