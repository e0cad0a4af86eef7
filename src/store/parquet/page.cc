#include "store/parquet/page.h"

#include <isa-l/crc.h>

#include "base/check.h"

namespace clew::parquet {

uint32_t crc32_ieee(std::string_view bytes) {
  return crc32_gzip_refl(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
}

void append_page(PageHeader header, size_t raw_bytes, std::string_view stored, std::string& out) {
  CHECK(raw_bytes <= kMaxPageBytes);
  header.raw_bytes = static_cast<int32_t>(raw_bytes);
  header.stored_bytes = static_cast<int32_t>(stored.size());
  header.crc = crc32_ieee(stored);
  header.append_to(out);
  out.append(stored);
}

Result<OpenPage> open_page(std::string_view bytes, Codec codec, Checksums checksums) {
  OpenPage page;
  ASSIGN_OR_RETURN(auto decoded, PageHeader::decode(bytes));
  page.header = decoded.first;
  auto stored_bytes = static_cast<size_t>(page.header.stored_bytes);
  auto raw_bytes = static_cast<size_t>(page.header.raw_bytes);
  if (stored_bytes > bytes.size() - decoded.second) return corrupt("a page reaches beyond its column");
  if (raw_bytes > kMaxPageBytes) return corrupt("a page is above the limit of 1 GiB");
  page.total_bytes = decoded.second + stored_bytes;
  std::string_view stored = bytes.substr(decoded.second, stored_bytes);
  if (checksums == Checksums::verify && crc32_ieee(stored) != page.header.crc) {
    return corrupt("a page's checksum is wrong");
  }
  switch (codec) {
    case Codec::uncompressed:
      if (stored_bytes != raw_bytes) return corrupt("an uncompressed page has two lengths");
      page.payload = stored;
      return page;
    case Codec::zstd: {
      ASSIGN_OR_RETURN(page.owned, decompress_zstd(stored, raw_bytes));
      page.payload = page.owned.view();
      return page;
    }
  }
  return corrupt("a column has an unknown codec");
}

}  // namespace clew::parquet
