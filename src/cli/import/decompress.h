// Streams that inflate: ISA-L for gzip, libzstd for zstd; memory stays at a piece and a window, whatever the file's
// size.
#pragma once

#include <memory>

#include "cli/import/byte_source.h"

namespace clew::cli {

// All members of a gzip file (RFC 1952).
std::unique_ptr<ByteSource> gunzipped(std::unique_ptr<ByteSource> source);
// All frames of a zstd file (RFC 8878), windows up to 128 MiB.
std::unique_ptr<ByteSource> unzstded(std::unique_ptr<ByteSource> source);

}  // namespace clew::cli
