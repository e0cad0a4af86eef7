#include "env/this_thread.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

namespace clew::env {
namespace {

constexpr int kNice = 10;  // about a tenth of a normal thread's share

}  // namespace

// Nothing depends on the success of either.
void name_thread(const char* name) {
  ::prctl(PR_SET_NAME, name);
}

void lower_thread_priority() {
  // Linux has a priority for each thread.
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
}

}  // namespace clew::env
