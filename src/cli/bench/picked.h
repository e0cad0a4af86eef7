// One of several encoded pieces, by weight.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace clew::cli {

class Picked {
 public:
  void add(std::string encoded, uint32_t weight = 1);
  const std::string& pick(uint64_t random) const { return pieces_[place(random)]; }
  // The number of the piece that pick() gives, in the order they were added.
  uint32_t place(uint64_t random) const { return slots_[random % slots_.size()]; }
  size_t size() const { return pieces_.size(); }
  const std::string& at(size_t place) const { return pieces_[place]; }
  double share(size_t place) const;  // how often it is picked, of 1
  double entropy_bits() const;

 private:
  std::vector<std::string> pieces_;
  std::vector<uint32_t> slots_;
};

}  // namespace clew::cli
