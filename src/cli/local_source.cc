// A data directory behind Tempo's API, without a socket.
#include <fmt/format.h>

#include "api/api.h"
#include "cli/tempo_source.h"
#include "env/clock.h"
#include "env/files.h"
#include "store/store.h"

namespace clew::cli {
namespace {

class LocalSource final : public TempoSource {
 public:
  LocalSource(std::string folder, std::unique_ptr<store::Store> store)
      : where_("the data directory " + folder),
        store_(std::move(store)),
        api_(store_->source(), options(store_->admin())) {}

  Result<std::string> get(std::string_view path, const QueryParameters& parameters, std::string_view accept) override {
    net::Request request;
    request.method = "GET";
    request.path = path;
    request.query = form_text(parameters);
    if (!accept.empty()) request.headers.add("accept", std::string(accept));
    return answer(request);
  }
  Result<std::string> post(std::string_view path, std::string body) override {
    net::Request request;
    request.method = "POST";
    request.path = path;
    request.body = std::move(body);
    return answer(request);
  }
  const std::string& where() const override { return where_; }

 private:
  Result<std::string> answer(const net::Request& request) {
    net::Response response = api_.answer(request);
    return body_of({response.status, std::move(response.body)}, where_);
  }

  static api::ApiOptions options(StoreAdmin& admin) {
    api::ApiOptions options;
    options.admin = &admin;
    // Whoever waits at a terminal may end it there.
    options.time_limit_ns = 0;
    options.threads = 1;
    return options;
  }

  const std::string where_;
  std::unique_ptr<store::Store> store_;
  api::Api api_;
};

}  // namespace

Result<std::unique_ptr<TempoSource>> local_source(const std::string& folder, bool changes) {
  env::Files& files = env::system_files();
  ASSIGN_OR_RETURN(bool exists, files.exists(folder));
  if (!exists) return fail(ErrorCode::unavailable, fmt::format("there is no data directory '{}'", folder));
  ASSIGN_OR_RETURN(bool has_log, files.is_folder(folder + "/log"));
  ASSIGN_OR_RETURN(bool has_blocks, files.is_folder(folder + "/tenants"));
  if (!has_log && !has_blocks) {
    return fail(ErrorCode::unavailable,
                fmt::format("'{}' is not a data directory: it has neither a folder log nor tenants", folder));
  }
  store::StoreOptions options;
  options.folder = folder;
  options.read_only = !changes;
  auto store = store::Store::open(options, env::system_files(), env::system_clock());
  if (!store) return std::unexpected(std::move(store.error()).context("cannot open the data directory " + folder));
  return std::make_unique<LocalSource>(folder, std::move(*store));
}

}  // namespace clew::cli
