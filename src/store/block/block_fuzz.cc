// Any bytes as a block: opened, and everything read that can be read.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "store/block/block.h"
#include "store/block/memory_objects.h"
#include "store/block/read_everything.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  clew::store::MemoryObjects objects;
  (void)objects.put("fuzz", {reinterpret_cast<const char*>(data), size});
  auto block = clew::store::Block::open(objects, "fuzz", clew::parquet::Checksums::ignore);
  if (!block) return 0;
  clew::SpanTable copied;
  (void)clew::store::read_everything(*(*block)->unit(nullptr), copied);
  return 0;
}
