#include "server/serve.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/log.h"
#include "env/clock.h"
#include "env/process_memory.h"
#include "net/server.h"
#include "receive/ingest.h"
#include "server/endpoint.h"
#include "server/port_holder.h"
#include "server/query_api.h"
#include "server/routes.h"
#include "server/service_notify.h"
#include "server/settings.h"
#include "server/stop_signals.h"
#include "store/store.h"

namespace clew::server {
namespace {

using namespace std::chrono_literals;

constexpr int kExitUsage = 2;
constexpr int kExitUnreachable = 3;
constexpr int kExitBadData = 4;
constexpr auto kTick = 1s;
constexpr auto kGraceOfRequests = 3s;
constexpr auto kMostTimeToStop = 4500ms;

int exit_code_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::already_exists:
    case ErrorCode::failed_precondition:
    case ErrorCode::invalid_argument:
    case ErrorCode::permission_denied: return kExitUsage;
    case ErrorCode::corruption:
    case ErrorCode::data_loss: return kExitBadData;
    default: return kExitUnreachable;
  }
}

int complain(const Error& error) {
  fmt::print(stderr, "clew: {}\n", error.message);
  return exit_code_of(error);
}

// Ends the process when stopping takes too long: what was acknowledged is in the log, the rest is only manners.
class StopDeadline {
 public:
  StopDeadline()
      : thread_([this](const std::stop_token& stop) {
          std::unique_lock lock(mutex_);
          if (stopped_.wait_for(lock, stop, kMostTimeToStop, [&] { return stop.stop_requested(); })) return;
          log::warn("stopping takes too long, leaving; the log has everything that was acknowledged");
          std::_Exit(0);
        }) {}

 private:
  std::mutex mutex_;
  std::condition_variable_any stopped_;
  std::jthread thread_;
};

class Service {
 public:
  Service(Config config, BuildInfo build)
      : config_(std::move(config)),
        build_(std::move(build)),
        ingest_(env::system_clock(), {config_.limits, config_.decoder_limits(), config_.tenancy}),
        routes_(ingest_, config_.listen.share || is_loopback_address(config_.listen.address),
                Cors::parse(config_.cors_origins).value_or(Cors())),
        net_(net::Server::start(config_.io_threads(), config_.net_limits())) {}

  // Everything is open, nobody has been told.
  Status start() {
    TRY(bind_all());
    store::StoreOptions options = config_.store_options();
    // A killed server leaves its addresses, and they are wrong as long as the log is replayed.
    options.on_locked = [this] { return env::system_files().remove(endpoints_file()); };
    ASSIGN_OR_RETURN(store_, store::Store::open(options, env::system_files(), env::system_clock()));
    ingest_.open(store_->sink());
    api_ = make_query_api(config_, build_, store_->source(), store_->admin());
    routes_.open(*api_);
    return {};
  }

  Status announce() {
    fmt::print("Clew {} is ready, its data is in {}\n", build_.version, config_.store.folder);
    for (const Endpoint& endpoint : endpoints_) {
      fmt::print("  {:<10} {:<22} {}\n", endpoint.name, endpoint.text(), endpoint.about);
    }
    std::fflush(stdout);
    TRY(env::system_files().replace(endpoints_file(), endpoints_json(endpoints_)));
    notify_service_manager("READY=1");
    log::info("ready", {{"version", build_.version}, {"commit", build_.commit}, {"data", config_.store.folder}});
    return {};
  }

  void run(StopSignals& signals) {
    while (!signals.wait(kTick)) ingest_.drop_idle();
  }

  Status stop() {
    notify_service_manager("STOPPING=1");
    log::info("stopping");
    routes_.stop();
    Status removed = env::system_files().remove(endpoints_file());
    net_->stop(kGraceOfRequests);
    ingest_.stop();
    api_.reset();
    net_.reset();
    TRY(store_->close());
    log::info("stopped");
    return removed;
  }

 private:
  std::string endpoints_file() const { return config_.store.folder + "/endpoints.json"; }

  Status bind_all() {
    const ListenSettings& listen = config_.listen;
    TRY(bind("otlp_grpc", "OTLP/gRPC", listen.otlp_grpc, Purpose::receive));
    TRY(bind("otlp_http", "OTLP/HTTP, POST /v1/traces", listen.otlp_http, Purpose::receive));
    TRY(bind("tempo", "Tempo's HTTP API", listen.tempo, Purpose::query));
    return bind("ui", "HTTP APIs; the web UI is not there yet", listen.ui, Purpose::query);
  }

  Status bind(std::string_view name, std::string_view about, Port port, Purpose purpose) {
    if (!port) return {};
    auto bound = net_->listen(
        {std::string(name), config_.listen.address, *port, routes_.handler(purpose), routes_.refusal_answer(purpose)});
    if (!bound) return std::unexpected(explain(std::move(bound.error()), name, *port));
    endpoints_.push_back({name, about, config_.listen.address, *bound});
    return {};
  }

  static Error explain(Error error, std::string_view name, uint16_t port) {
    if (error.code != ErrorCode::already_exists) return error;
    std::string holder = port_holder(port, env::system_files());
    error.message += fmt::format("{}{}; set listen.{} to another port, 0 for any free one, or off",
                                 holder.empty() ? "" : " by ", holder, name);
    return error;
  }

  const Config config_;
  const BuildInfo build_;
  receive::Ingest ingest_;
  Routes routes_;
  std::vector<Endpoint> endpoints_;
  // Destroyed from the last to the first: those that call before those that are called.
  std::unique_ptr<store::Store> store_;
  std::shared_ptr<const QueryApi> api_;
  std::unique_ptr<net::Server> net_;
};

}  // namespace

int serve(const ServeOptions& options, const BuildInfo& build) {
  auto config = load_config(options, env::system_files());
  if (!config) return complain(config.error());
  log::configure(config->log.level, config->log.format);
  env::prefer_small_heap();
  StopSignals signals;
  std::optional<StopDeadline> deadline;  // outlives the service, whose destruction it watches too
  Service service(std::move(*config), build);
  if (Status started = service.start(); !started) return complain(started.error());
  signals.arm();
  if (Status announced = service.announce(); !announced) return complain(announced.error());
  service.run(signals);
  deadline.emplace();
  if (Status stopped = service.stop(); !stopped) return complain(stopped.error());
  return 0;
}

int print_example_config() {
  fmt::print("{}", example_config());
  return 0;
}

int check_config(const ServeOptions& options) {
  auto config = load_config(options, env::system_files());
  if (!config) return complain(config.error());
  fmt::print("ok\n");
  return 0;
}

}  // namespace clew::server
