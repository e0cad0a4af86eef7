// The writing half of system_files.cc on a descriptor that is already open, so that tests can give it one that is full,
// slow or interrupted.
#pragma once

#include <memory>
#include <string>

#include "env/files.h"

namespace clew::env {

// Owns the descriptor. `path` is for messages.
std::unique_ptr<AppendFile> append_to_descriptor(int descriptor, std::string path);

// The error of a failed system call, by the table at the head of files.h: "cannot <action> '<path>': <reason>".
Error system_error(int error_number, std::string_view action, std::string_view path);

}  // namespace clew::env
