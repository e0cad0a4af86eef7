// As much JSON as the interface of the harness needs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace w3c {

struct Callback {
  std::string url;
  std::string arguments;  // the JSON text, as it came
};

// [{"url": …, "arguments": …}, …]. False when that is not what it is.
bool callbacks_from(std::string_view json, std::vector<Callback>& callbacks);

}  // namespace w3c
