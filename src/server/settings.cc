#include "server/settings.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "server/cors.h"
#include "server/setting_kinds.h"

namespace clew::server {
namespace {

constexpr uint64_t kKiB = 1 << 10;
constexpr uint64_t kMiB = 1 << 20;
constexpr uint64_t kGiB = 1 << 30;
constexpr Between<uint64_t> kTimeout = {kMillisecond, kDay};

Status set_address(Config& config, std::string_view text) {
  std::string address(text);
  unsigned char binary[16];
  if (inet_pton(AF_INET, address.c_str(), binary) != 1 && inet_pton(AF_INET6, address.c_str(), binary) != 1) {
    return invalid(fmt::format("'{}' is not a numeric address such as 127.0.0.1, 0.0.0.0, ::1 or ::", text));
  }
  config.listen.address = std::move(address);
  return {};
}

Status set_folder(Config& config, std::string_view text) {
  if (text.empty()) return invalid("the folder has no name");
  config.store.folder = std::string(text);
  return {};
}

void add_listen(std::vector<Setting>& to) {
  to.push_back({"listen.address",
                "The address that all listeners bind. 127.0.0.1 is seen by this machine only, 0.0.0.0 and :: by all.",
                set_address, [](const Config& config) { return config.listen.address; }});
  to.push_back(switch_setting("listen.share", FIELD(listen.share),
                              "Beyond loopback every port serves only its own APIs; true: every port serves all."));
  to.push_back(port_setting("listen.otlp_grpc", FIELD(listen.otlp_grpc),
                            "OTLP/gRPC. As for every port: 0 takes any free one, off does not listen."));
  to.push_back(port_setting("listen.otlp_http", FIELD(listen.otlp_http), "OTLP/HTTP: POST /v1/traces."));
  to.push_back(port_setting("listen.tempo", FIELD(listen.tempo), "Tempo's HTTP API, for Grafana."));
  to.push_back(port_setting("listen.ui", FIELD(listen.ui), "The web UI."));
}

Status set_origins(Config& config, std::string_view text) {
  if (text.empty()) return invalid("no origin: name one, or off");
  if (text == "off") text = {};
  TRY(Cors::parse(text));
  config.cors_origins = std::string(text);
  return {};
}

void add_cors(std::vector<Setting>& to) {
  to.push_back({"cors.origins",
                "Pages of these origins may send spans and ask from a browser: off, or a list with commas such as "
                "https://app.example.com, https://*.example.com. \"*\" allows every page.",
                set_origins,
                [](const Config& config) { return config.cors_origins.empty() ? "off" : config.cors_origins; }});
}

void add_store(std::vector<Setting>& to) {
  to.push_back(size_setting("memory.limit", FIELD(memory_limit_bytes), {64 * kMiB, 1024 * kGiB},
                            "The process's own memory: live spans above all. Beyond it senders are told to wait. auto "
                            "is a quarter of the machine's memory, at most 4GiB.",
                            {"auto"}));
  to.push_back({"store.folder", "Where everything is kept; `--data DIR` is the same.", set_folder,
                [](const Config& config) { return config.store.folder; }});
  to.push_back(count_setting("store.lanes", FIELD(store.lanes), {1, 64},
                             "Traces are spread over this many lanes, each with its own live segment. auto is one per "
                             "core. May change between two starts.",
                             {"auto"}));
  to.push_back(count_setting("store.segment_rows", FIELD(store.segment_rows), {1000, 64 * kMiB},
                             "A lane's live segment is cut at this many spans, and sealed into a block later."));
  to.push_back(size_setting("store.segment_bytes", FIELD(store.segment_bytes), {kMiB, kGiB},
                            "… or when it takes this much memory; at most a sixteenth of memory.limit."));
  to.push_back(duration_setting("store.segment_age", FIELD(store.segment_age_ns), 1, {kSecond, 7 * kDay},
                                "… or when its first span was received this long ago."));
  to.push_back(duration_setting("store.idle", FIELD(store.idle_ns), 1, {0, kDay},
                                "How long a cut segment waits for the traces that are still under way."));
  to.push_back(duration_setting("store.duplicates_window", FIELD(store.duplicates_window_ns), 1, {0, kDay},
                                "A batch that is sent again within this time is recognised and not stored again."));
  to.push_back(size_setting("store.duplicates_bytes", FIELD(store.duplicates_bytes), {kMiB, 64 * kGiB},
                            "Memory for recognising them, over all lanes; at most an eighth of memory.limit."));
  to.push_back(duration_setting("store.retry_delay", FIELD(store.retry_delay_ms), kMillisecond,
                                {kMillisecond, 3600 * kSecond},
                                "What a sender is told to wait when the store is busy."));
  to.push_back(size_setting("disk.reserve", FIELD(store.disk_reserve_bytes), {0, 1024 * kGiB},
                            "With less free space than this on the disk, spans are refused; sealing goes on."));
}

void add_retention(std::vector<Setting>& to) {
  to.push_back(duration_setting("retention.age", FIELD(store.retention_age_ns), 1, {60 * kSecond, 36'500 * kDay},
                                "Spans are removed this long after they were received, block by block."));
  to.push_back(size_setting("retention.max_bytes", FIELD(store.retention_bytes), {kMiB, 1024 * 1024 * kGiB},
                            "When blocks and write-ahead log take more than this, the oldest blocks are removed. auto "
                            "is 80 % of the disk space that there is for them.",
                            {"auto"}));
  to.push_back(duration_setting("retention.look", FIELD(store.retention_look_ns), 1, {100 * kMillisecond, kDay},
                                "How often the blocks are looked after: those that are due removed, then small ones "
                                "merged."));
}

void add_compaction(std::vector<Setting>& to) {
  to.push_back(
      count_setting("compaction.max_rows", FIELD(store.compaction_rows), {0, 1 << 30},
                    "Small neighbouring blocks become one of at most so many spans; 0: they stay as they are."));
  to.push_back(duration_setting("compaction.window", FIELD(store.compaction_window_ns), 1, {60 * kSecond, 365 * kDay},
                                "Only blocks received within one window of this length are merged: the shorter, the "
                                "closer is retention."));
}

void add_erasure(std::vector<Setting>& to) {
  to.push_back(duration_setting("erasure.delay", FIELD(store.erasure_delay_ns), 1, {0, 30 * kDay},
                                "Files that hold erased spans are written again without them this long after the "
                                "request; clew store compact does it at once."));
  to.push_back(count_setting("erasure.max_traces", FIELD(store.erasure_ids), {1, 100'000'000},
                             "One request erases at most so many traces."));
  to.push_back(count_setting("erasure.max_outstanding", FIELD(store.erasure_records), {1, 100'000},
                             "At most so many requests of a tenant wait for their spans to leave the files."));
}

void add_wal(std::vector<Setting>& to) {
  using store::LogMode;
  to.push_back(word_setting(
      "wal.mode", FIELD(store.log_mode),
      Words<LogMode, 3>{{{{"fsync", LogMode::fsync}, {"write", LogMode::write}, {"memory", LogMode::memory}}}},
      "What an acknowledgement means. fsync: on the disk. write: with the kernel, survives a crash of Clew but not of "
      "the machine. memory: nothing."));
  to.push_back(size_setting("wal.max_bytes", FIELD(store.log_max_bytes), {64 * kMiB, 1024 * kGiB},
                            "A live segment that keeps more of the write-ahead log than this from being removed is "
                            "sealed."));
  to.push_back(size_setting("wal.file_bytes", FIELD(store.log_file_bytes), {kMiB, 4 * kGiB},
                            "Size of one file of the write-ahead log."));
}

void add_limits(std::vector<Setting>& to) {
  constexpr Between<uint64_t> kEntries = {1, 1 << 20};
  to.push_back(size_setting("limits.request_bytes", FIELD(limits.request_bytes), {kKiB, 2 * kGiB},
                            "The longest request body, before and after decompression; a longer one is refused."));
  to.push_back(count_setting("limits.attributes_per_span", FIELD(limits.attributes_per_span), kEntries,
                             "Attributes of a span, event, link, resource or scope; more are dropped and counted on "
                             "the span."));
  to.push_back(count_setting("limits.events_per_span", FIELD(limits.events_per_span), kEntries,
                             "Events of a span; more are dropped and counted on the span."));
  to.push_back(count_setting("limits.links_per_span", FIELD(limits.links_per_span), kEntries,
                             "Links of a span; more are dropped and counted on the span."));
  to.push_back(size_setting("limits.value_bytes", FIELD(limits.value_bytes), {16, 64 * kMiB},
                            "A longer attribute value is cut."));
  to.push_back(size_setting("limits.key_bytes", FIELD(limits.key_bytes), {16, kMiB},
                            "An attribute with a longer name is dropped."));
  to.push_back(size_setting("limits.name_bytes", FIELD(limits.name_bytes), {16, kMiB},
                            "Longer names of spans, events and scopes, trace states and status messages are cut."));
  to.push_back(count_setting("limits.value_depth", FIELD(limits.value_depth), {1, 64},
                             "Nesting of arrays and key-value lists; a request with deeper ones is refused."));
}

void add_net(std::vector<Setting>& to) {
  to.push_back(count_setting("net.threads", FIELD(net_threads), {1, 256},
                             "I/O threads, which decode as well. auto is one per core, at most 16.", {"auto"}));
  to.push_back(size_setting("net.header_bytes", FIELD(net.header_bytes), {kKiB, 16 * kMiB},
                            "The longest header of a request; a longer one is refused with 431."));
  to.push_back(count_setting("net.connections", FIELD(net.connections), {1, 1'000'000},
                             "Connections over all ports; a further one is closed at once. At most three quarters of "
                             "the files this process may open."));
  to.push_back(count_setting("net.streams_per_connection", FIELD(net.streams_per_connection), {1, 10'000},
                             "Requests under way on one HTTP/2 connection."));
  to.push_back(count_setting("net.control_frames", FIELD(net.control_frames), {10, 1'000'000},
                             "HTTP/2 frames that ask for nothing (PING, SETTINGS, …) within a second without a request "
                             "or an answer; more end the connection."));
  to.push_back(size_setting("net.unsent_bytes", FIELD(net.unsent_bytes), {64 * kKiB, kGiB},
                            "Of a streamed answer that the client does not read, per connection; then it is given "
                            "up."));
  to.push_back(size_setting("net.buffered_bytes", FIELD(net.buffered_bytes), {kMiB, 1024 * kGiB},
                            "Request bodies under way over all connections; beyond it 503 / UNAVAILABLE."));
  to.push_back(duration_setting("net.header_timeout", FIELD(net.header_timeout), kMillisecond, kTimeout,
                                "From the first byte of a connection to a complete header."));
  to.push_back(duration_setting("net.body_timeout", FIELD(net.body_timeout), kMillisecond, kTimeout,
                                "Between two pieces of a request's body."));
  to.push_back(duration_setting("net.request_timeout", FIELD(net.request_timeout), kMillisecond, kTimeout,
                                "From a request's complete header to the end of its body."));
  to.push_back(duration_setting("net.write_timeout", FIELD(net.write_timeout), kMillisecond, kTimeout,
                                "For a client that does not read its answer."));
  to.push_back(duration_setting("net.idle_timeout", FIELD(net.idle_timeout), kMillisecond, kTimeout,
                                "For a connection without a request."));
}

void add_query(std::vector<Setting>& to) {
  to.push_back(duration_setting("query.time_limit", FIELD(query.time_limit_ns), 1, {kMillisecond, kDay},
                                "A query that takes longer is given up with 504."));
  to.push_back(size_setting("query.bytes_limit", FIELD(query.bytes_limit), {kMiB, 1024 * kGiB},
                            "A query that reads more is given up with 422. off is without limit.", {"off"}));
  to.push_back(count_setting("query.concurrency", FIELD(query.threads), {1, 256},
                             "Queries that run at once. auto is one per core.", {"auto"}));
  to.push_back(count_setting("query.queue", FIELD(query.queue), {1, 100'000},
                             "Queries that wait; a further one is refused with 429."));
  to.push_back(duration_setting("query.slow_after", FIELD(query.slow_after_ns), 1, {kMillisecond, kDay},
                                "A query that runs for longer gives its thread up to others, and goes on behind "
                                "everything else on the machine."));
  to.push_back(count_setting("query.slow_queries", FIELD(query.slow_queries), {1, 10'000},
                             "Queries that do so at once; a further one keeps its thread."));
  to.push_back(count_setting("query.search_limit", FIELD(query.search_limit), {1, 10'000'000},
                             "The most traces that one search may ask for with `limit`."));
  to.push_back(count_setting("query.spans_per_spanset_limit", FIELD(query.spans_per_spanset_limit), {1, 100'000},
                             "The most spans of a spanset that one search may ask for with `spss`."));
  to.push_back(count_setting("query.tag_names_limit", FIELD(query.tag_names_limit), {1, 10'000'000},
                             "Attribute names of one scope in one answer."));
  to.push_back(size_setting("query.tag_values_bytes", FIELD(query.tag_values_bytes), {kKiB, kGiB},
                            "Attribute values in one answer."));
}

void add_admin(std::vector<Setting>& to) {
  using api::AdminListen;
  to.push_back(word_setting(
      "admin.listen", FIELD(query.admin_listen),
      Words<AdminListen, 3>{
          {{{"loopback", AdminListen::loopback}, {"all", AdminListen::all}, {"off", AdminListen::off}}}},
      "Who may verify, repair, compact and delete over HTTP, always with the header X-Clew-Admin. loopback: callers on "
      "this machine. all: whoever reaches a port of the query API. off: nobody."));
  to.push_back(count_setting("admin.delete_limit", FIELD(query.delete_limit), {1, 1'000'000},
                             "Traces that one call may delete; more are refused, never cut."));
}

void add_read(std::vector<Setting>& to) {
  to.push_back(size_setting("read.cache_bytes", FIELD(store.read_cache_bytes), {kMiB, 1024 * kGiB},
                            "Pages, dictionaries and indexes of blocks that are kept decoded for the next queries."));
}

void add_the_rest(std::vector<Setting>& to) {
  using log::Format;
  using log::Level;
  to.push_back(switch_setting("tenancy.enabled", FIELD(tenancy),
                              "true: every request names its tenant in the header X-Scope-OrgID. false: the header is "
                              "ignored and all data is one tenant's."));
  to.push_back(count_setting("tenancy.max_tenants", FIELD(store.tenants), {1, 100'000},
                             "Tenants that may exist; spans of a further one are refused."));
  to.push_back(word_setting("log.level", FIELD(log.level),
                            Words<Level, 5>{{{{"debug", Level::debug},
                                              {"info", Level::info},
                                              {"warn", Level::warn},
                                              {"error", Level::error},
                                              {"off", Level::off}}}},
                            "What is logged on stderr: debug, info, warn, error or off."));
  to.push_back(word_setting("log.format", FIELD(log.format),
                            Words<Format, 2>{{{{"text", Format::text}, {"json", Format::json}}}},
                            "One line an event, as text or json."));
}

std::string_view section_of(std::string_view path) {
  return path.substr(0, path.find('.'));
}
std::string_view name_in_section(std::string_view path) {
  return path.substr(path.find('.') + 1);
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = std::exchange(row[0], i + 1);
    for (size_t j = 0; j < b.size(); ++j) {
      size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

void append_wrapped_comment(std::string& out, std::string_view text) {
  constexpr size_t kColumns = 96;
  while (!text.empty()) {
    size_t length = text.size() <= kColumns ? text.size() : text.rfind(' ', kColumns);
    out.append("  # ").append(text.substr(0, length)).append("\n");
    text.remove_prefix(std::min(text.size(), length + 1));
  }
}

}  // namespace

std::span<const Setting> settings() {
  static const std::vector<Setting> kAll = [] {
    std::vector<Setting> all;
    for (auto* add : {add_listen, add_cors, add_store, add_retention, add_compaction, add_erasure, add_wal, add_limits,
                      add_net, add_query, add_admin, add_read, add_the_rest})
      add(all);
    return all;
  }();
  return kAll;
}

const Setting* find_setting(std::string_view path) {
  for (const Setting& one : settings()) {
    if (one.path == path) return &one;
  }
  return nullptr;
}

bool is_section(std::string_view path) {
  return std::ranges::any_of(settings(), [&](const Setting& one) { return section_of(one.path) == path; });
}

std::string suggestion_for(std::string_view path) {
  constexpr size_t kLongestJudged = 200;
  const Setting* nearest = nullptr;
  size_t least = std::string_view::npos;
  for (const Setting& one : settings()) {
    if (path.size() > kLongestJudged) break;
    size_t distance = edit_distance(path, one.path);
    // The right name in the wrong section, or without one, is nearer than it looks.
    distance = std::min(distance, 1 + edit_distance(path.substr(path.rfind('.') + 1), name_in_section(one.path)));
    if (distance >= least) continue;
    least = distance;
    nearest = &one;
  }
  if (nearest != nullptr && least <= std::max<size_t>(3, path.size() / 3)) {
    return fmt::format("did you mean {}?", nearest->path);
  }
  return "`clew config example` lists all settings";
}

std::string example_config() {
  std::string out =
      "# Clew's settings with their defaults. Leave out what you do not change.\n"
      "# Sizes: 64MiB, 4GiB. Durations: 250ms, 30s, 5m, 1h. Every setting is also --set section.name=value.\n";
  std::string_view section;
  const Config defaults;
  for (const Setting& one : settings()) {
    if (section_of(one.path) != section) {
      section = section_of(one.path);
      out.append(fmt::format("\n{}:\n", section));
    }
    append_wrapped_comment(out, one.help);
    out.append(fmt::format("  {}: {}\n", name_in_section(one.path), one.show(defaults)));
  }
  return out;
}

}  // namespace clew::server
