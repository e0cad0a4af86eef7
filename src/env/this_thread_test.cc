#include "env/this_thread.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <thread>

namespace clew::env {
namespace {

std::string name_of_this_thread() {
  std::string name;
  std::getline(std::ifstream("/proc/self/task/" + std::to_string(::gettid()) + "/comm"), name);
  return name;
}

TEST(ThisThread, HasItsNameCutAtFifteenCharacters) {
  std::string before = name_of_this_thread();
  std::string named;
  std::string cut;
  std::thread([&] {
    name_thread("clew-log");
    named = name_of_this_thread();
    name_thread("clew-of-a-long-name");
    cut = name_of_this_thread();
  }).join();
  EXPECT_EQ(named, "clew-log");
  EXPECT_EQ(cut, "clew-of-a-long-");
  EXPECT_EQ(name_of_this_thread(), before);
}

TEST(ThisThread, StepsBackAlone) {
  int others = ::getpriority(PRIO_PROCESS, 0);
  int lowered = others;
  std::thread([&] {
    lower_thread_priority();
    lowered = ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()));
  }).join();
  EXPECT_GT(lowered, others);
  EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), others);
}

}  // namespace
}  // namespace clew::env
