// A command tree as text: --help, the manual page clew(1), and bash's completion.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace clew::cli {

// Of the last command of the path (from the root), at most `width` columns wide.
std::string help_text(const std::vector<const Command*>& path, int width);
// roff, section 1.
std::string manual_page(const Command& root, std::string_view version);
std::string bash_completion(const Command& root);

}  // namespace clew::cli
