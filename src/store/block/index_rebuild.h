// The index and footer of a block made anew from whichever of them is still there and from the pages, when the other is
// damaged: for salvage, not for serving. The pages are taken as they are, damaged ones too.
//
// From the footer, the heads of the pages say how long they are; from the index, its places say which columns there
// are. Which rows belong to which trace comes from the trace ids of the rows. Left out, or allowed to be anything: what
// only queries ask (filters, page sets, ranges, summaries), and which traces are listed.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace clew::store {

// corruption: neither footer nor index can be read, or the head of a page is damaged as well.
Result<std::string> rebuild_index(std::string_view file);

}  // namespace clew::store
