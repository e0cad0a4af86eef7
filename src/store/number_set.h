// A set of numbers that come mostly in runs, as the numbers of log frames do: a run costs as much as a number.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>

namespace clew::store {

class NumberSet {
 public:
  // False when it is there already. Precondition: number < 2^64 − 1.
  bool insert(uint64_t number) {
    auto next = runs_.upper_bound(number);
    auto before = next == runs_.begin() ? runs_.end() : std::prev(next);
    if (before != runs_.end() && number < before->second) return false;
    bool joins_next = next != runs_.end() && next->first == number + 1;
    uint64_t end = joins_next ? next->second : number + 1;
    if (joins_next) runs_.erase(next);
    if (before != runs_.end() && before->second == number) {
      before->second = end;
    } else {
      runs_.emplace(number, end);
    }
    return true;
  }
  size_t runs() const { return runs_.size(); }

 private:
  std::map<uint64_t, uint64_t> runs_;  // begin → end, apart from each other
};

}  // namespace clew::store
