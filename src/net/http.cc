#include "net/http.h"

#include <optional>

#include "base/check.h"
#include "net/answer_stream.h"
#include "net/fields.h"
#include "net/grpc.h"
#include "net/url_text.h"

namespace clew::net {
namespace {

std::optional<std::string> find_in_form(std::string_view form, std::string_view name) {
  while (!form.empty()) {
    std::string_view pair = form.substr(0, form.find('&'));
    form.remove_prefix(std::min(form.size(), pair.size() + 1));
    std::string_view key = pair.substr(0, pair.find('='));
    if (form_decode(key) != name) continue;
    return form_decode(pair.substr(std::min(pair.size(), key.size() + 1)));
  }
  return std::nullopt;
}

std::optional<std::string> find_parameter(const Request& request, std::string_view name) {
  if (auto value = find_in_form(request.query, name)) return value;
  std::string_view type = media_type(request.headers.get("content-type"));
  if (!equals_without_case(type, "application/x-www-form-urlencoded")) return std::nullopt;
  return find_in_form(request.body, name);
}

}  // namespace

std::string_view Headers::get(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (equals_without_case(key, name)) return value;
  }
  return {};
}

bool Request::has_parameter(std::string_view name) const {
  return find_parameter(*this, name).has_value();
}

std::string Request::parameter(std::string_view name, std::string_view otherwise) const {
  auto value = find_parameter(*this, name);
  return value ? std::move(*value) : std::string(otherwise);
}

Response Response::text(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("content-type", "text/plain; charset=utf-8");
  response.body = std::move(body);
  return response;
}

Response Response::json(std::string body, int status) {
  Response response;
  response.status = status;
  response.headers.add("content-type", "application/json");
  response.body = std::move(body);
  return response;
}

Response plain_refusal(const Request& head, const Refusal& refusal) {
  constexpr int kHttp2 = 20;
  if (head.http_version == kHttp2 && is_grpc_type(head.headers.get("content-type"))) {
    return grpc_failure(refusal.code, refusal.message, refusal.retry_delay);
  }
  Response response = Response::text(refusal.status, refusal.message + "\n");
  add_retry_after(response.headers, refusal.retry_delay);
  return response;
}

Responder& Responder::operator=(Responder&& other) noexcept {
  if (stream_ && this != &other) stream_->abandon();
  stream_ = std::move(other.stream_);
  return *this;
}

Responder::~Responder() {
  if (stream_) stream_->abandon();
}

void Responder::add(const Headers& fields) {
  CHECK(stream_);
  stream_->add(fields);
}

void Responder::send(Response response) {
  CHECK(stream_);
  stream_->begin(response.status, std::move(response.headers), true);
  stream_->write(std::move(response.body), true);
  stream_->end(std::move(response.trailers));
}

void Responder::begin(int status, Headers headers) {
  CHECK(stream_);
  stream_->begin(status, std::move(headers), false);
}

bool Responder::write(std::string piece) {
  CHECK(stream_);
  return stream_->write(std::move(piece), false);
}

void Responder::end(Headers trailers) {
  CHECK(stream_);
  stream_->end(std::move(trailers));
}

bool Responder::gone() const {
  CHECK(stream_);
  return stream_->gone();
}

void Responder::on_gone(std::function<void()> callback) {
  CHECK(stream_);
  stream_->on_gone(std::move(callback));
}

}  // namespace clew::net
