// Names to addresses without waiting longer than one wants to: the system's resolver may hang for minutes, so it runs
// in a thread of its own, one at a time, that nobody waits for in the end. One user at a time.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

#include "clew/exporter.h"

CLEW_BEGIN
namespace detail {

struct Address {
  sockaddr_storage socket{};
  socklen_t size = 0;
};

class Resolver {
 public:
  // In the order to be tried. Empty: there is no such name, or no answer by the deadline. Numbers and "localhost" are
  // answered at once, without the system.
  std::vector<Address> resolve(const std::string& host, uint16_t port, Waiter& waiter, uint64_t deadline_ns) noexcept;
  // In the child of a fork: the thread that was asking is not there.
  void forked() noexcept { new (&asking_) std::shared_ptr<Question>; }

 private:
  struct Question;
  std::shared_ptr<Question> asking_;
};

}  // namespace detail
CLEW_END
