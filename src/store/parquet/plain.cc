#include "store/parquet/plain.h"

namespace clew::parquet {

Result<std::vector<std::string_view>> read_plain_bytes(std::string_view bytes, size_t count) {
  if (count > bytes.size() / 4) return corrupt("there are fewer byte arrays than announced");
  std::vector<std::string_view> out;
  out.reserve(count);
  ByteReader reader(bytes);
  for (size_t i = 0; i < count; ++i) {
    auto length = reader.fixed<uint32_t>();
    out.push_back(reader.take(length));
  }
  if (!reader.ok() || !reader.at_end()) return corrupt("byte arrays do not fill their page");
  return out;
}

Result<std::vector<std::string_view>> read_plain_fixed(std::string_view bytes, size_t count, size_t width) {
  if (bytes.size() / width != count || bytes.size() % width != 0) {
    return corrupt("fixed-width values do not fill their page");
  }
  std::vector<std::string_view> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) out.push_back(bytes.substr(i * width, width));
  return out;
}

}  // namespace clew::parquet
