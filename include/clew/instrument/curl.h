// Requests that go out by libcurl:
//
//   CURLcode done = clew::curl_perform(easy, headers);       // instead of CURLOPT_HTTPHEADER and curl_easy_perform
//
// or, with the multi interface, a CurlSpan that lives from before curl_multi_add_handle until its message came.
#pragma once

#include <curl/curl.h>

#include "clew/instrument/http.h"
#include "clew/propagators.h"

CLEW_BEGIN

// Adds "name: value" to a list. Where there is no memory the header is missing.
class CurlWriter : public HeaderWriter {
 public:
  explicit CurlWriter(curl_slist*& list) noexcept : list_(list) {}
  void set(std::string_view name, std::string_view value) noexcept override {
    std::string line(name);
    (line += ": ") += value;
    if (curl_slist* const longer = curl_slist_append(list_, line.c_str())) list_ = longer;
  }

 private:
  curl_slist*& list_;
};

// The span of one transfer. Its URL must have been set. `headers` are copied, as CURLOPT_HTTPHEADER belongs to this
// object until done(). Ended by done() or by the destructor, in any thread.
class CurlSpan {
 public:
  explicit CurlSpan(CURL* easy, const curl_slist* headers = nullptr, std::string_view method = {}, bool current = false)
      : easy_(easy) {
    static const Tracer made = tracer("clew.curl");
    const char* url = nullptr;
    curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
    HttpRequest info;
    info.method = method.empty() ? std::string_view("GET") : method;
    info.url = url == nullptr ? "" : url;
    span_ = http_client_span(made, info, current);
    named_ = !method.empty();
    for (; headers != nullptr; headers = headers->next) {
      if (curl_slist* const longer = curl_slist_append(list_, headers->data)) list_ = longer;
    }
    inject(CurlWriter(list_), span_.context());
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, list_);
  }
  CurlSpan(const CurlSpan&) = delete;
  CurlSpan& operator=(const CurlSpan&) = delete;
  ~CurlSpan() {
    if (list_ != nullptr) give_back();
  }

  void done(CURLcode result) {
    long status = 0, protocol = 0;
    curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(easy_, CURLINFO_HTTP_VERSION, &protocol);
    name_method();
    const std::string_view version = protocol == CURL_HTTP_VERSION_1_0   ? "1.0"
                                     : protocol == CURL_HTTP_VERSION_1_1 ? "1.1"
                                     : protocol == CURL_HTTP_VERSION_2_0 ? "2"
                                     : protocol == CURL_HTTP_VERSION_3   ? "3"
                                                                         : "";
    detail::set_named(span_, detail::http_names(), "network.protocol.version", "net.protocol.version", version);
    if (status != 0) http_client_status(span_, unsigned(status));
    if (result != CURLE_OK) {
      char type[24];
      std::snprintf(type, sizeof type, "curl:%d", int(result));
      http_client_failed(span_, type, curl_easy_strerror(result));
    }
    span_.end();
    give_back();
  }
  Span& span() noexcept { return span_; }

 private:
  // libcurl tells its method only afterwards.
  void name_method() {
    const char* method = nullptr;
    if (named_ || curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_METHOD, &method) != CURLE_OK || method == nullptr) return;
    const bool known = detail::known_method(method);
    span_.name(detail::http_span_name(method, {}));
    detail::set_named(span_, detail::http_names(), "http.request.method", "", known ? method : "_OTHER");
    detail::set_named(span_, detail::http_names(), "", "http.method", method);
    if (!known) detail::set_named(span_, detail::http_names(), "http.request.method_original", "", method);
  }
  void give_back() noexcept {
    curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, nullptr);
    curl_slist_free_all(list_);
    list_ = nullptr;
  }

  CURL* easy_;
  curl_slist* list_ = nullptr;
  Span span_;
  bool named_ = false;
};

// curl_easy_perform in a span, which is current for the callbacks. A method that is given is only a name: curl is told
// by its options what to send.
inline CURLcode curl_perform(CURL* easy, const curl_slist* headers = nullptr, std::string_view method = {}) {
  CurlSpan span(easy, headers, method, true);
  const CURLcode result = curl_easy_perform(easy);
  span.done(result);
  return result;
}

CLEW_END
