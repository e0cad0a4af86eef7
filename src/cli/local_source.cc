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
      : where_("the data directory " + folder), store_(std::move(store)), api_(store_->source(), options()) {}

  Result<std::string> get(std::string_view path, const QueryParameters& parameters, std::string_view accept) override {
    net::Request request;
    request.method = "GET";
    request.path = path;
    request.query = form_text(parameters);
    if (!accept.empty()) request.headers.add("accept", std::string(accept));
    net::Response response = api_.answer(request);
    return body_of({response.status, std::move(response.body)}, where_);
  }
  const std::string& where() const override { return where_; }

 private:
  static api::ApiOptions options() {
    api::ApiOptions options;
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

Result<std::unique_ptr<TempoSource>> local_source(const std::string& folder) {
  auto is_folder = env::system_files().is_folder(folder);
  if (!is_folder || !*is_folder)
    return fail(ErrorCode::unavailable, fmt::format("there is no data directory '{}'", folder));
  store::StoreOptions options;
  options.folder = folder;
  options.read_only = true;
  auto store = store::Store::open(options, env::system_files(), env::system_clock());
  if (!store) return std::unexpected(std::move(store.error()).context("cannot read the data directory " + folder));
  return std::make_unique<LocalSource>(folder, std::move(*store));
}

}  // namespace clew::cli
