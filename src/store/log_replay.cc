#include "store/log_replay.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <unordered_set>

#include "base/counters.h"
#include "base/log.h"
#include "store/log_decoder.h"
#include "store/log_frame.h"

namespace clew::store {
namespace {

// A log file is read whole; the writer starts a new one long before this.
constexpr uint64_t kMaxLogFileBytes = uint64_t{4} << 30;

std::optional<uint64_t> file_number(std::string_view name) {
  uint64_t number = 0;
  auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || std::string_view(end, static_cast<size_t>(name.data() + name.size() - end)) != ".log") {
    return std::nullopt;
  }
  return number;
}

class Replayer {
 public:
  Replayer(const std::set<SegmentName>& replaced, Replay& out) : replaced_(replaced), out_(out) {}

  void add_file(uint64_t number, const std::string& path, std::string_view bytes) {
    auto& needed = out_.start.needed[number];
    FrameReader reader(bytes);
    FrameView frame;
    while (reader.next(frame)) {
      out_.start.next_frame = std::max(out_.start.next_frame, frame.head.number + 1);
      out_.start.next_chapter = std::max(out_.start.next_chapter, frame.head.chapter + 1);
      ++out_.report.frames;
      if (Status added = add_frame(frame, needed); !added) {
        // The checksum was right, so this is a later version's frame or an error of ours; the others still count.
        out_.report.damaged_bytes += frame.payload.size();
        log::error("a log frame cannot be understood", {{"file", path}, {"reason", added.error()}});
      }
    }
    out_.report.torn_bytes += reader.tail_bytes();
    out_.report.damaged_bytes += reader.skipped_bytes() - reader.tail_bytes();
  }

  void finish() {
    for (auto& [name, rebuilder] : rebuilders_) {
      auto& segment = rebuilder.segment();
      segment->closed.store(true);
      segment->closed_receive_ns.store(segment->last_receive_ns);
      if (segment->table->rows() > 0) out_.segments.emplace(name, segment);
    }
  }

 private:
  Status add_frame(const FrameView& frame, std::set<SegmentName>& needed) {
    ByteReader reader(frame.payload);
    if (frame.head.kind == FrameKind::cut) {
      ASSIGN_OR_RETURN(SegmentName name, read_segment_name(reader));
      return {};
    }
    ASSIGN_OR_RETURN(RowsHead head, read_rows_head(reader));
    if (replaced_.contains(head.segment)) return {};
    needed.insert(head.segment);
    if (!numbers_.insert(frame.head.number).second) return {};
    auto found = rebuilders_.find(head.segment);
    if (found == rebuilders_.end()) {
      found = rebuilders_.emplace(head.segment, SegmentRebuilder(std::make_shared<Segment>(head.segment))).first;
    }
    ASSIGN_OR_RETURN(auto outcome, found->second.add(head, reader));
    out_.report.rows += outcome.rows;
    out_.report.rows_lost += outcome.lost;
    if (outcome.lost > 0) {
      auto& report = out_.report;
      if (report.lost_from_ns == 0 || outcome.first_receive_ns < report.lost_from_ns) {
        report.lost_from_ns = outcome.first_receive_ns;
      }
      report.lost_until_ns = std::max(report.lost_until_ns, outcome.last_receive_ns);
    }
    return {};
  }

  const std::set<SegmentName>& replaced_;
  Replay& out_;
  std::map<SegmentName, SegmentRebuilder> rebuilders_;
  std::unordered_set<uint64_t> numbers_;
};

void report(const ReplayReport& report) {
  if (report.frames > 0 || report.torn_bytes > 0) {
    log::info("log replayed", {{"files", report.files},
                               {"frames", report.frames},
                               {"spans", report.rows},
                               {"torn_bytes", report.torn_bytes}});
  }
  if (report.rows_lost == 0 && report.damaged_bytes == 0) return;
  counter("clew_wal_lost_spans_total", "Spans of damaged log frames that could not be rebuilt.")
      .add(static_cast<int64_t>(report.rows_lost));
  counter("clew_wal_damaged_bytes_total", "Bytes of the log that belong to no whole frame, torn tails excepted.")
      .add(static_cast<int64_t>(report.damaged_bytes));
  log::error("the log is damaged", {{"damaged_bytes", report.damaged_bytes},
                                    {"spans_lost", report.rows_lost},
                                    {"received_from_ns", report.lost_from_ns},
                                    {"received_until_ns", report.lost_until_ns}});
}

}  // namespace

Result<Replay> replay_log(env::Files& files, const std::string& folder, const std::set<SegmentName>& replaced) {
  Replay out;
  std::string log_folder = folder + "/log";
  ASSIGN_OR_RETURN(bool exists, files.exists(log_folder));
  if (!exists) return out;
  ASSIGN_OR_RETURN(auto names, files.list(log_folder));
  Replayer replayer(replaced, out);
  for (const std::string& name : names) {
    auto number = file_number(name);
    if (!number) continue;
    out.start.next_file = std::max(out.start.next_file, *number + 1);
    std::string path = log_folder + "/" + name;
    ASSIGN_OR_RETURN(std::string bytes, files.read_all(path, kMaxLogFileBytes));
    ++out.report.files;
    replayer.add_file(*number, path, bytes);
  }
  replayer.finish();
  report(out.report);
  return out;
}

}  // namespace clew::store
