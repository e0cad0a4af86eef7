// One value as protobuf's JSON mapping of OTLP's AnyValue: {"intValue":"7"}.
#pragma once

#include <string>

#include "column/value.h"

namespace clew {

void append_any_value(std::string& out, const ValueView& value);

// A double as JSON: the shortest text that reads back equal; NaN and the infinities as strings.
void append_double(std::string& out, double value);

}  // namespace clew
