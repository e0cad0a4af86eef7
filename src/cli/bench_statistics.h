// What the bench commands print: latencies and the process's own CPU.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace clew::cli {

// Milliseconds; the smallest value that at least `share` of the values do not exceed. 0 of nothing.
double percentile(std::vector<double>& values_ms, double share);

// User and system time of this process so far, in seconds.
double own_cpu_seconds();

// Named numbers, printed as one JSON object or as a table.
class Figures {
 public:
  void add(std::string name, double value, int decimals = 3);
  void add(std::string name, uint64_t value);
  void add_text(std::string name, std::string value);
  void print(const std::string& output) const;

 private:
  struct Figure {
    std::string name;
    std::string text;
    bool quoted = false;
  };
  std::vector<Figure> figures_;
};

}  // namespace clew::cli
