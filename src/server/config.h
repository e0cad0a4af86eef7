// Everything that can be set, with its default. How each value is named, read, shown and explained stands in one table
// (settings.h); nothing here knows YAML.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "api/api.h"
#include "base/log.h"
#include "model/limits.h"
#include "net/server.h"
#include "receive/decoders.h"
#include "store/store.h"

namespace clew::server {

// 0: any free port; nothing: that listener is off.
using Port = std::optional<uint16_t>;

struct ListenSettings {
  std::string address = "127.0.0.1";
  bool share = false;
  Port otlp_grpc = uint16_t{4317};
  Port otlp_http = uint16_t{4318};
  Port tempo = uint16_t{3200};
  Port ui = uint16_t{16686};

  friend bool operator==(const ListenSettings&, const ListenSettings&) = default;
};

struct LogSettings {
  log::Level level = log::Level::info;
  log::Format format = log::Format::text;
};

struct Config {
  ListenSettings listen;
  net::ServerLimits net;
  uint32_t net_threads = 0;  // 0: one per core
  Limits limits;
  store::StoreOptions store;        // lanes 0: one per core
  uint64_t memory_limit_bytes = 0;  // 0: by the machine
  bool tenancy = false;             // also copied into what needs it
  std::string cors_origins;
  api::ApiOptions query;  // threads 0: one per core
  LogSettings log;

  Config() {
    store.lanes = 0;
    query.threads = 0;
  }

  // What the zeroes above stand for on this machine.
  uint64_t memory_limit() const;
  store::StoreOptions store_options() const;
  receive::DecoderLimits decoder_limits() const;
  net::ServerLimits net_limits() const;
  int io_threads() const;
  api::ApiOptions query_options() const;
};

}  // namespace clew::server
