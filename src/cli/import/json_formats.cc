#include "cli/import/json_formats.h"

namespace clew::cli {

std::span<const JsonFormat> json_formats() {
  static const JsonFormat kAll[] = {kJaegerJson, kSimpleJson, kZipkinJson};
  return kAll;
}

}  // namespace clew::cli
