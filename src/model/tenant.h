// Whose data it is. Every sink and source call, log frame and path carries a tenant.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clew {

// The tenant of everything while tenancy.enabled is off.
inline constexpr std::string_view kSingleTenant = "single-tenant";

// Accepts 1 to 150 of Tempo's characters (letters, digits, ! - _ . * ' ( ) ), but neither "." nor ".."; the name is a
// folder on disk.
Status check_tenant_name(std::string_view name);

}  // namespace clew
