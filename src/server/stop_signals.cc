#include "server/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/check.h"

namespace clew::server {
namespace {

enum State : int { starting, armed, asked };

std::atomic<int> g_state{starting};
static_assert(std::atomic<int>::is_always_lock_free);
int g_pipe[2] = {-1, -1};

void on_signal(int signal_number) {
  int saved_errno = errno;
  int expected = armed;
  if (g_state.load() == starting) _exit(0);
  if (!g_state.compare_exchange_strong(expected, asked)) _exit(128 + signal_number);
  char byte = 0;
  [[maybe_unused]] ssize_t written = write(g_pipe[1], &byte, 1);
  errno = saved_errno;
}

void handle_with(void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int signal_number : {SIGTERM, SIGINT}) CHECK(sigaction(signal_number, &action, nullptr) == 0);
}

}  // namespace

StopSignals::StopSignals() {
  CHECK(g_pipe[0] == -1);
  CHECK(pipe2(g_pipe, O_CLOEXEC | O_NONBLOCK) == 0);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a write beyond a limit of the system fails like one on a full disk
  handle_with(on_signal);
}

StopSignals::~StopSignals() {
  handle_with(SIG_DFL);
  close(g_pipe[0]);
  close(g_pipe[1]);
  g_pipe[0] = g_pipe[1] = -1;
  g_state = starting;
}

void StopSignals::arm() {
  g_state = armed;
}

bool StopSignals::wait(std::chrono::milliseconds time) {
  pollfd readable = {g_pipe[0], POLLIN, 0};
  return poll(&readable, 1, static_cast<int>(time.count())) > 0;
}

}  // namespace clew::server
