// The client's HTTP/2 with prior knowledge (h2c), and gRPC over it.
#pragma once

#include <chrono>
#include <memory>

#include "net/client.h"

namespace clew::net {

std::unique_ptr<Client> make_http2_client(Url url, std::chrono::milliseconds timeout);

}  // namespace clew::net
