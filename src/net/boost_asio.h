// The one way Boost.Asio and Beast enter this room. Their function bodies are compiled once, in boost_asio.cc: the two
// macros must be the same in every file, and keep a session's build at seconds instead of a minute.
#pragma once

#define BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_BEAST_SEPARATE_COMPILATION
#define BOOST_ASIO_NO_DEPRECATED

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace clew::net {
namespace asio = boost::asio;
using asio::ip::tcp;
using SystemError = boost::system::error_code;
using Clock = std::chrono::steady_clock;
}  // namespace clew::net
