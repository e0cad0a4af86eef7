// Any bytes as a log: replayed, and everything that it shows is read. The first byte says what the rest is: 0 a file as
// it is; else payloads (kind, length of two bytes, bytes), which are put into frames with right checksums, so that what
// is behind the checksum is reached.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "base/log.h"
#include "env/faulty_files.h"
#include "store/block/read_everything.h"
#include "store/log_frame.h"
#include "store/log_replay.h"

namespace {

using namespace clew;

std::string frames_of(std::string_view rest) {
  std::string out;
  for (uint64_t number = 1; rest.size() >= 3; ++number) {
    const auto kind = static_cast<store::FrameKind>(1 + static_cast<uint8_t>(rest[0]) % 2);
    size_t length = static_cast<uint8_t>(rest[1]) + size_t{256} * static_cast<uint8_t>(rest[2]);
    rest.remove_prefix(3);
    length = std::min(length, rest.size());
    store::append_frame(out, {kind, number, 1}, [&](std::string& to) { to += rest.substr(0, length); });
    rest.remove_prefix(length);
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const bool quiet = (log::configure(log::Level::off, log::Format::text), true);
  (void)quiet;
  std::string_view all(reinterpret_cast<const char*>(data), size);
  if (all.empty()) return 0;
  const std::string bytes = all[0] == 0 ? std::string(all.substr(1)) : frames_of(all.substr(1));
  auto files = env::FaultyFiles::make(1);
  CHECK(files->make_folders("data/log").has_value());
  CHECK(files->replace("data/log/00000001.log", bytes).has_value());
  auto memory = std::make_shared<store::MemoryBudget>(uint64_t{64} << 20);
  uint64_t rows = 0;
  auto replay = store::replay_log(*files, "data", {}, memory, [&](const std::shared_ptr<store::Segment>& segment) {
    rows += segment->table->rows();
    SpanTable copied;
    CHECK(store::read_everything(*segment->unit(), copied).has_value());
  });
  if (replay) CHECK(replay->report.rows == rows);
  return 0;
}
