#include "cli/tempo_source.h"

#include <fmt/format.h>
#include <simdjson.h>

#include "cli/stored_units.h"
#include "cli/terminal.h"
#include "env/files.h"
#include "net/client.h"

namespace clew::cli {
namespace {

constexpr std::string_view kDefaultFolder = "./clew-data";
constexpr std::string_view kDefaultUrl = "http://127.0.0.1:3200";
constexpr uint64_t kEndpointsBytes = 64 << 10;
constexpr uint64_t kTimeoutMs = 60000;
constexpr uint64_t kWorkTimeoutMs = uint64_t{7} * 86'400'000;

class RemoteSource final : public TempoSource {
 public:
  RemoteSource(std::string url, uint64_t timeout_ms) : where_(std::move(url)), timeout_ms_(timeout_ms) {}

  Result<std::string> get(std::string_view path, const QueryParameters& parameters, std::string_view accept) override {
    net::Headers headers;
    headers.add("accept", accept.empty() ? "application/json" : std::string(accept));
    std::string target(path);
    if (!parameters.empty()) target += "?" + form_text(parameters);
    return call("GET", target, std::move(headers), "");
  }
  Result<std::string> post(std::string_view path, std::string body) override {
    net::Headers headers;
    headers.add("content-type", "application/json");
    headers.add("x-clew-admin", "cli");
    return call("POST", std::string(path), std::move(headers), std::move(body));
  }
  const std::string& where() const override { return where_; }

 private:
  Result<std::string> call(std::string_view method, const std::string& target, net::Headers headers, std::string body) {
    if (!client_) {
      ASSIGN_OR_RETURN(net::Url url, net::Url::parse(where_));
      if (url.scheme != "http") return invalid(fmt::format("'{}': an http:// URL is needed here", where_));
      client_ = net::Client::make(std::move(url), std::chrono::milliseconds(timeout_ms_));
    }
    auto response = client_->call(method, target, std::move(headers), std::move(body));
    if (!response) return unreachable(std::move(response.error()));
    return body_of({response->status, std::move(response->body)}, where_);
  }

  std::unexpected<Error> unreachable(Error error) const {
    if (error.code == ErrorCode::unavailable) {
      error.message += fmt::format(
          "\nNothing answers at {}. Start a server with `clew serve`, name another with --url, or read a data "
          "directory with --data.",
          where_);
    }
    return std::unexpected(std::move(error));
  }

  const std::string where_;
  const uint64_t timeout_ms_;
  std::unique_ptr<net::Client> client_;
};

}  // namespace

std::string form_encode(std::string_view text) {
  constexpr std::string_view kPlain = "-._~/:";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    bool plain = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
                 kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out.push_back(c);
    } else {
      fmt::format_to(std::back_inserter(out), "%{:02X}", byte);
    }
  }
  return out;
}

std::string form_text(const QueryParameters& parameters) {
  std::string out;
  for (const auto& [key, value] : parameters) {
    if (!out.empty()) out.push_back('&');
    out += form_encode(key) + "=" + form_encode(value);
  }
  return out;
}

Result<std::string> body_of(HttpAnswer answer, const std::string& where) {
  if (answer.status == 200) return std::move(answer.body);
  while (answer.body.ends_with('\n')) answer.body.pop_back();
  switch (answer.status) {
    case 400: return invalid(std::move(answer.body));
    case 404: return fail(ErrorCode::not_found, fmt::format("{} answers: not found", where));
    default: return fail(ErrorCode::unavailable, fmt::format("{} answers {}: {}", where, answer.status, answer.body));
  }
}

std::unique_ptr<TempoSource> remote_source(const std::string& url, uint64_t timeout_ms) {
  std::string plain = url.find("://") == std::string::npos ? "http://" + url : url;
  while (plain.ends_with('/')) plain.pop_back();
  return std::make_unique<RemoteSource>(std::move(plain), timeout_ms);
}

void add_source_options(Command& command, SourceArguments& arguments) {
  command.options.push_back({"--url",
                             "URL",
                             &arguments.url,
                             "Ask this server, Clew's or any with Tempo's HTTP API. Default: the one that runs on "
                             "./clew-data, else http://127.0.0.1:3200.",
                             {}});
  command.options.push_back(
      {"--data", "DIR", &arguments.data, "Read this data directory instead; a server may be using it.", {}});
}

Result<std::string> named_endpoint(const std::string& folder, std::string_view name) {
  ASSIGN_OR_RETURN(std::string text, env::system_files().read_all(folder + "/endpoints.json", kEndpointsBytes));
  simdjson::dom::parser parser;
  std::string_view address;
  simdjson::error_code failed = parser.parse(text)[name].get(address);
  if (failed) return fail(ErrorCode::not_found, fmt::format("{}/endpoints.json names no '{}'", folder, name));
  return fmt::format("http://{}", address);
}

Result<std::string> running_endpoint(const std::string& folder, std::string_view name) {
  constexpr uint64_t kAskMs = 1000;
  ASSIGN_OR_RETURN(std::string url, named_endpoint(folder, name));
  auto answer = remote_source(url, kAskMs)->get("/ready", {}, "");
  // A listener that serves only its own API answers "not found".
  bool answers = answer || answer.error().code == ErrorCode::not_found;
  if (!answers) return fail(ErrorCode::unavailable, fmt::format("nothing answers at {}", url));
  return url;
}

Result<std::unique_ptr<TempoSource>> open_source(const SourceArguments& arguments) {
  if (!arguments.url.empty() && !arguments.data.empty()) {
    return invalid("--url and --data exclude each other: ask a server, or read a folder");
  }
  if (!arguments.data.empty()) return local_source(arguments.data);
  if (!arguments.url.empty()) return remote_source(arguments.url, kTimeoutMs);
  auto running = running_endpoint(std::string(kDefaultFolder), "tempo");
  return remote_source(running ? *running : std::string(kDefaultUrl), kTimeoutMs);
}

Result<std::unique_ptr<TempoSource>> open_store_source(const SourceArguments& arguments) {
  if (!arguments.url.empty()) return open_source(arguments);
  std::string folder = arguments.data.empty() ? std::string(kDefaultFolder) : arguments.data;
  auto running = running_endpoint(folder, "tempo");
  if (running) return remote_source(*running, kTimeoutMs);
  return local_source(folder);
}

Result<std::unique_ptr<TempoSource>> open_admin_source(const SourceArguments& arguments, bool changes) {
  if (!arguments.url.empty() && !arguments.data.empty()) return open_source(arguments);  // which refuses that
  if (!arguments.url.empty()) return remote_source(arguments.url, kWorkTimeoutMs);
  std::string folder = arguments.data.empty() ? std::string(kDefaultFolder) : arguments.data;
  auto running = running_endpoint(folder, "tempo");
  if (running) return remote_source(*running, kWorkTimeoutMs);
  return local_source(folder, changes);
}

std::string stored_times(TempoSource& source) {
  auto body = source.get("/api/clew/units", {}, "");
  if (!body) return "";
  auto stored = parse_units(*body);
  if (!stored) return "";
  StoreTotals totals = totals_of(*stored);
  if (totals.rows == 0) return source.where() + " holds no spans";
  return fmt::format("{} holds spans from {} to {} UTC", source.where(), time_text(totals.min_start_ns),
                     time_text(totals.max_end_ns));
}

}  // namespace clew::cli
