#include "model/tenant.h"

namespace clew {

Status check_tenant_name(std::string_view name) {
  if (name.empty() || name.size() > 150) return invalid("a tenant's name has 1 to 150 characters");
  if (name == "." || name == "..") return invalid("'.' and '..' are not names of tenants");
  for (char c : name) {
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!letter && std::string_view("!-_.*'()").find(c) == std::string_view::npos) {
      return invalid("a tenant's name consists of letters, digits and ! - _ . * ' ( )");
    }
  }
  return {};
}

}  // namespace clew
