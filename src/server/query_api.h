// The one place where server meets api: builds it from the configuration and the store.
#pragma once

#include <memory>

#include "column/span_source.h"
#include "column/store_admin.h"
#include "server/config.h"
#include "server/routes.h"

namespace clew::server {

struct BuildInfo;

// The result keeps the api alive; its destruction waits for the queries under way. `source` and `admin` outlive it.
std::shared_ptr<const QueryApi> make_query_api(const Config& config, const BuildInfo& build, SpanSource& source,
                                               StoreAdmin& admin);

}  // namespace clew::server
