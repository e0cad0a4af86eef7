// How far long work has come: one line on stderr that is drawn anew, only where stderr is a terminal. Used by one
// thread.
#pragma once

#include <cstdint>
#include <string>

namespace clew::cli {

class Progress {
 public:
  // `whole` 0: the end is not known. `what` is the plural of what is counted.
  Progress(std::string what, uint64_t whole);
  ~Progress() { finish(); }

  void add(uint64_t done) { set(done_ + done); }
  void set(uint64_t done);
  // Removes the line.
  void finish();

 private:
  const std::string what_;
  const uint64_t whole_;
  const bool shown_;
  uint64_t done_ = 0;
  uint64_t begun_ns_ = 0;
  uint64_t drawn_ns_ = 0;
};

}  // namespace clew::cli
