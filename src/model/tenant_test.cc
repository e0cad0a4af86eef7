#include "model/tenant.h"

#include <gmock/gmock.h>

namespace clew {
namespace {

TEST(Tenant, NamesThatAreTaken) {
  for (std::string name : {"a", "Team-1", "...", ".a", "a.", "a!b-c_d.e*f'g(h)", "single-tenant"}) {
    EXPECT_TRUE(check_tenant_name(name)) << name;
  }
  EXPECT_TRUE(check_tenant_name(kSingleTenant));
  EXPECT_TRUE(check_tenant_name(std::string(150, 'z')));
}

TEST(Tenant, NamesThatAreRefused) {
  for (std::string name : {std::string(), std::string("."), std::string(".."), std::string("a/b"), std::string("../x"),
                           std::string("a b"), std::string("a\\b"), std::string("a\0b", 3), std::string("gr\xc3\xbcn"),
                           std::string("a|b"), std::string("~a"), std::string("a\n"), std::string(151, 'z')}) {
    Status status = check_tenant_name(name);
    ASSERT_FALSE(status) << testing::PrintToString(name);
    EXPECT_EQ(status.error().code, ErrorCode::invalid_argument);
  }
}

TEST(Tenant, EveryCharacterIsJudged) {
  int taken = 0;
  for (int c = 0; c < 256; ++c) taken += check_tenant_name(std::string("a") + static_cast<char>(c)).has_value();
  EXPECT_EQ(taken, 26 + 26 + 10 + 8);
}

}  // namespace
}  // namespace clew
