// The client's HTTP/1.1.
#pragma once

#include <chrono>
#include <memory>

#include "net/client.h"

namespace clew::net {

std::unique_ptr<Client> make_http1_client(Url url, std::chrono::milliseconds timeout);

}  // namespace clew::net
