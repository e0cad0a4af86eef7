// Where spans are made: what the configuration says and what can be found out.
#pragma once

#include "clew/init.h"

CLEW_BEGIN
namespace detail {

// Service, SDK; with detect_resource host, process, container and Kubernetes too. What the configuration names wins
// over what is found. Lives for ever.
Resource make_resource(const Config& config) noexcept;

// The same for the process that a fork made.
Resource with_this_process(const Resource& resource) noexcept;

// The container's id in the text of /proc/self/mountinfo or /proc/self/cgroup: 64 hex digits, or nothing.
std::string container_id(std::string_view text);

}  // namespace detail
CLEW_END
