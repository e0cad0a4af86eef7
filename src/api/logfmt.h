// logfmt (`k=v k2="v 2" flag`), as Tempo's older search takes tags.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace clew::api {

// A key without '=' has the value "". In quotes \" \\ \n \r \t and \u00e9 are understood. Errors name the place.
Result<std::vector<std::pair<std::string, std::string>>> parse_logfmt(std::string_view text);

}  // namespace clew::api
