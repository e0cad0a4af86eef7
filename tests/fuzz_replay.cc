// The main of every fuzz target outside ./dev fuzz: runs each file below the given paths through the target once.
// Fails on an empty corpus, so that a misplaced folder cannot pass for a clean run.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  size_t count = 0;
  for (int i = 1; i < argc; ++i) {
    std::error_code missing;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(argv[i], missing)) {
      if (!entry.is_regular_file()) continue;
      std::ifstream in(entry.path(), std::ios::binary);
      std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      ++count;
    }
    if (missing) std::fprintf(stderr, "%s: %s\n", argv[i], missing.message().c_str());
  }
  std::printf("%zu inputs replayed\n", count);
  return count > 0 ? 0 : 1;
}
