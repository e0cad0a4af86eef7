#include "env/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace clew::env {
namespace {

constexpr int kNice = 10;  // about a tenth of a normal thread's share

}  // namespace

void lower_thread_priority() {
  // Linux has a priority for each thread. Nothing depends on its success.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

}  // namespace clew::env
