// For propagation_test.py: reads requests (lines "NAME: VALUE" up to an empty one), takes the context out of each, and
// answers with the headers that go on with it. Arguments: what to read and what to write, as in OTEL_PROPAGATORS.
#include <clew/carriers/map.h>

#include <cstdio>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

void answer(const clew::Propagator& reading, const clew::Propagator& writing, const Headers& request) {
  Headers answer;
  clew::MapWriter<Headers> writer(answer);
  writing.inject(reading.extract(clew::MapReader<Headers>(request), clew::Context()), writer);
  for (const auto& header : answer) std::cout << header.first << ": " << header.second << "\n";
  std::cout << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
  std::string problem;
  const auto reading = clew::propagator_from(argc > 1 ? argv[1] : "", &problem);
  const auto writing = clew::propagator_from(argc > 2 ? argv[2] : "", &problem);
  if (reading == nullptr || writing == nullptr || !problem.empty()) {
    std::fprintf(stderr, "%s\n", problem.c_str());
    return 2;
  }
  Headers request;
  std::string line;
  while (std::getline(std::cin, line)) {
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) {
      request.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    } else {
      answer(*reading, *writing, request);
      request.clear();
    }
  }
}
