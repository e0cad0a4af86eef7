// The frames of log files, read and judged without rebuilding anything (docs/internals/wal.md).
//
// A torn end is what a stop leaves and is no problem, unless the next file goes on beyond a frame that is missing: then
// the end was whole once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace clew::store {

class LogCheck {
 public:
  // A sentence for each problem is added.
  explicit LogCheck(std::vector<std::string>& problems) : problems_(problems) {}

  // In the order of their numbers, which are those of their names. The last one may be growing.
  void add_file(uint64_t number, const std::string& path, std::string_view bytes);

 private:
  struct Tail {
    std::string path;
    uint64_t bytes = 0;
    uint64_t last_frame = 0;  // of this file, or of those right before it; 0: not known
  };

  std::vector<std::string>& problems_;
  Tail tail_;  // of the file before
  uint64_t last_file_ = 0;
};

}  // namespace clew::store
