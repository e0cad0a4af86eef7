#include "net/client.h"

#include "net/http1_client.h"
#include "net/http2_client.h"

namespace clew::net {

std::unique_ptr<Client> Client::make(Url url, std::chrono::milliseconds timeout) {
  return url.scheme == "grpc" ? make_http2_client(std::move(url), timeout) : make_http1_client(std::move(url), timeout);
}

}  // namespace clew::net
