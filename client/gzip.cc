#include "gzip.h"

#include <dlfcn.h>

CLEW_BEGIN
namespace detail {
namespace {

// zlib's z_stream: its layout has not changed since 1.0 and is checked by deflateInit2_ through its size.
struct Stream {
  const unsigned char* next_in;
  unsigned avail_in;
  unsigned long total_in;
  unsigned char* next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char* message;
  void* state;
  void* (*allocate)(void*, unsigned, unsigned);
  void (*release)(void*, void*);
  void* opaque;
  int data_type;
  unsigned long adler, reserved;
};

constexpr int kLevel = 3, kDeflated = 8, kGzipWindow = 15 + 16, kMemoryLevel = 8, kDefaultStrategy = 0;
constexpr int kOk = 0, kStreamEnd = 1, kFinish = 4;

struct Zlib {
  int (*init)(Stream*, int, int, int, int, int, const char*, int) = nullptr;
  int (*deflate)(Stream*, int) = nullptr;
  int (*end)(Stream*) = nullptr;
  unsigned long (*bound)(Stream*, unsigned long) = nullptr;

  Zlib() noexcept {
    void* const library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return;
    init = reinterpret_cast<decltype(init)>(dlsym(library, "deflateInit2_"));
    deflate = reinterpret_cast<decltype(deflate)>(dlsym(library, "deflate"));
    end = reinterpret_cast<decltype(end)>(dlsym(library, "deflateEnd"));
    bound = reinterpret_cast<decltype(bound)>(dlsym(library, "deflateBound"));
  }
  bool there() const noexcept { return init != nullptr && deflate != nullptr && end != nullptr && bound != nullptr; }
};

}  // namespace

bool gzip(std::string_view text, std::string& out) noexcept {
  static const Zlib* const zlib = new Zlib;
  if (!zlib->there() || text.size() > UINT32_MAX / 2) return false;
  Stream stream{};
  if (zlib->init(&stream, kLevel, kDeflated, kGzipWindow, kMemoryLevel, kDefaultStrategy, "1", sizeof stream) != kOk) {
    return false;
  }
  std::string packed(zlib->bound(&stream, text.size()), 0);
  stream.next_in = reinterpret_cast<const unsigned char*>(text.data());
  stream.avail_in = unsigned(text.size());
  stream.next_out = reinterpret_cast<unsigned char*>(&packed[0]);
  stream.avail_out = unsigned(packed.size());
  const bool done = zlib->deflate(&stream, kFinish) == kStreamEnd;
  packed.resize(packed.size() - stream.avail_out);
  zlib->end(&stream);
  if (done) out = std::move(packed);
  return done;
}

}  // namespace detail
CLEW_END
