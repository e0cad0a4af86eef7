#include "cli/bench_statistics.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/json_text.h"

namespace clew::cli {

double percentile(std::vector<double>& values_ms, double share) {
  if (values_ms.empty()) return 0;
  auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(values_ms.size())));
  size_t index = std::clamp<size_t>(rank, 1, values_ms.size()) - 1;
  std::nth_element(values_ms.begin(), values_ms.begin() + static_cast<ptrdiff_t>(index), values_ms.end());
  return values_ms[index];
}

double own_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

void Figures::add(std::string name, double value, int decimals) {
  figures_.push_back({std::move(name), fmt::format("{:.{}f}", value, decimals), false});
}

void Figures::add(std::string name, uint64_t value) {
  figures_.push_back({std::move(name), std::to_string(value), false});
}

void Figures::add_text(std::string name, std::string value) {
  figures_.push_back({std::move(name), std::move(value), true});
}

void Figures::print(const std::string& output) const {
  std::string out;
  if (output == "json") {
    out = "{";
    for (const Figure& figure : figures_) {
      if (out.size() > 1) out += ",";
      append_json_string(out, figure.name);
      out += ":";
      if (figure.quoted) {
        append_json_string(out, figure.text);
      } else {
        out += figure.text;
      }
    }
    out += "}\n";
  } else {
    for (const Figure& figure : figures_) out += fmt::format("{:<28} {:>16}\n", figure.name, figure.text);
  }
  std::fwrite(out.data(), 1, out.size(), stdout);
  std::fflush(stdout);
}

}  // namespace clew::cli
