// Where a reading command gets its answers: Tempo's HTTP API, of a running server (Clew's or Tempo itself) or over a
// data directory, which is opened read-only for that. Used by one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace clew::cli {

using QueryParameters = std::vector<std::pair<std::string, std::string>>;

class TempoSource {
 public:
  virtual ~TempoSource() = default;
  // The body of a 200. Another status is an error whose message is the server's text: 400 invalid_argument, 404
  // not_found, else unavailable. `accept` may be empty (JSON). The path is plain ASCII.
  virtual Result<std::string> get(std::string_view path, const QueryParameters& parameters,
                                  std::string_view accept) = 0;
  // What an operator asks for (/api/clew/admin/…), with the header that it needs; errors as those of get().
  virtual Result<std::string> post(std::string_view path, std::string body) = 0;
  virtual const std::string& where() const = 0;  // "http://127.0.0.1:3200", "the data directory clew-data"
};

// --url and --data of a command.
struct SourceArguments {
  std::string url;
  std::string data;
};
void add_source_options(Command& command, SourceArguments& arguments);

// Without both: the server that runs on ./clew-data, else http://127.0.0.1:3200.
Result<std::unique_ptr<TempoSource>> open_source(const SourceArguments& arguments);
// For what a server on the folder (--data, else ./clew-data) knows better than its files: that server where one runs,
// else the folder.
Result<std::unique_ptr<TempoSource>> open_store_source(const SourceArguments& arguments);

// The same for work that takes as long as there is data. A folder is opened to be changed when `changes`:
// failed_precondition when another process has it open.
Result<std::unique_ptr<TempoSource>> open_admin_source(const SourceArguments& arguments, bool changes);

std::unique_ptr<TempoSource> remote_source(const std::string& url, uint64_t timeout_ms);
Result<std::unique_ptr<TempoSource>> local_source(const std::string& folder, bool changes = false);

// Asks which times are stored, for the message of an empty answer; "" when it cannot be known.
std::string stored_times(TempoSource& source);

// Where FOLDER/endpoints.json says that an API is ("tempo", "otlp_http", …), as a URL; not_found when it does not.
Result<std::string> named_endpoint(const std::string& folder, std::string_view name);
// The same; unavailable when nobody answers there, because a server that was killed leaves the file.
Result<std::string> running_endpoint(const std::string& folder, std::string_view name);

// Percent-encoding of a query parameter's key or value.
std::string form_encode(std::string_view text);
std::string form_text(const QueryParameters& parameters);

// The response of status 200, or what to tell the user.
struct HttpAnswer {
  int status = 0;
  std::string body;
};
Result<std::string> body_of(HttpAnswer answer, const std::string& where);

}  // namespace clew::cli
