#include "store/log_replay.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/counters.h"
#include "base/log.h"
#include "store/log_decoder.h"
#include "store/log_frame.h"
#include "store/number_set.h"

namespace clew::store {
namespace {

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
  Replayer(const std::set<SegmentName>& replaced, std::shared_ptr<MemoryBudget> memory, const OnSegment& on_segment,
           Replay& out)
      : replaced_(replaced), memory_(std::move(memory)), on_segment_(on_segment), out_(out) {}

  // A file that was listed is gone: its segments are in blocks by now.
  void miss_file() { is_torn_apart_ = true; }

  Status add_file(uint64_t number, const std::string& path, std::string_view bytes) {
    auto& feeds = out_.start.files[number];
    ReplayReport before = out_.report;
    FrameReader reader(bytes);
    FrameView frame;
    while (reader.next(frame)) {
      out_.start.next_frame = std::max(out_.start.next_frame, frame.head.number + 1);
      auto& last = out_.last_frames[number];
      last = std::max(last, frame.head.number);
      out_.start.next_chapter = std::max(out_.start.next_chapter, frame.head.chapter + 1);
      ++out_.report.frames;
      if (Status added = add_frame(frame, feeds); !added) {
        // The checksum was right, so this is an error of ours; the others still count, and the file is kept.
        out_.report.damaged_bytes += frame.payload.size();
        out_.start.kept.insert(number);
        log::error("a log frame cannot be understood; its file is kept", {{"file", path}, {"reason", added.error()}});
      }
    }
    if (reader.met_unknown_frame()) {
      return fail(ErrorCode::failed_precondition,
                  path + " was written by a later version of Clew: start that one, or move the file away");
    }
    out_.report.torn_bytes += reader.tail_bytes();
    out_.report.damaged_bytes += reader.skipped_bytes() - reader.tail_bytes();
    uint64_t damaged = out_.report.damaged_bytes - before.damaged_bytes;
    uint64_t lost = out_.report.rows_lost - before.rows_lost;
    if (damaged > 0 || lost > 0) {
      log::error("a log file is damaged", {{"file", path}, {"damaged_bytes", damaged}, {"spans_lost", lost}});
    }
    return {};
  }

  void finish() {
    for (auto& [name, building] : building_) {
      if (!is_torn_apart_) count_missing(building);
      hand_over(building);
    }
    building_.clear();
  }

 private:
  struct Building {
    Building(std::shared_ptr<Segment> segment, uint64_t holes_limit_bytes)
        : rebuilder(std::move(segment), holes_limit_bytes) {}
    SegmentRebuilder rebuilder;
    uint64_t rows_read = 0;  // whole or lost
    uint64_t rows_end = 0;   // of the last frame
    std::optional<uint64_t> rows_at_cut;
  };
  using Buildings = std::map<SegmentName, Building>;

  Status add_frame(const FrameView& frame, std::set<SegmentName>& feeds) {
    ByteReader reader(frame.payload);
    RowsHead head;
    uint64_t rows_at_cut = 0;
    bool is_cut = frame.head.kind == FrameKind::cut;
    if (is_cut) {
      ASSIGN_OR_RETURN(head.segment, read_segment_name(reader));
      rows_at_cut = reader.varint();
      if (!reader.ok()) return corrupt("a cut without its row count");
    } else {
      ASSIGN_OR_RETURN(head, read_rows_head(reader));
    }
    feeds.insert(head.segment);
    out_.next_segment = std::max(out_.next_segment, head.segment.number + 1);
    if (replaced_.contains(head.segment) || handed_over_.contains(head.segment)) return {};
    if (!numbers_.insert(frame.head.number)) return {};
    Building& building = building_of(head.segment);
    if (is_cut) {
      building.rows_at_cut = rows_at_cut;
    } else {
      TRY(add_rows(building, head, reader));
    }
    if (building.rows_at_cut == building.rows_read) {
      hand_over(building);
      building_.erase(head.segment);
    }
    return {};
  }

  Building& building_of(const SegmentName& name) {
    auto found = building_.find(name);
    if (found == building_.end()) {
      found = building_.emplace(name, Building(std::make_shared<Segment>(name, memory_), memory_->limit_bytes())).first;
    }
    return found->second;
  }

  Status add_rows(Building& building, const RowsHead& head, ByteReader& reader) {
    ASSIGN_OR_RETURN(auto outcome, building.rebuilder.add(head, reader));
    Segment& segment = *building.rebuilder.segment();
    segment.memory.set(segment.table->allocated_bytes());
    building.rows_read += head.rows;
    building.rows_end = std::max(building.rows_end, head.first_row + head.rows);
    auto& report = out_.report;
    report.rows += outcome.rows;
    report.rows_lost += outcome.lost;
    if (outcome.lost > 0) note_lost(outcome.first_receive_ns, outcome.last_receive_ns);
    return {};
  }

  // Rows whose frames were lost, received about when those of the other frames were.
  void count_missing(const Building& building) {
    const uint64_t rows = std::max(building.rows_end, building.rows_at_cut.value_or(0));
    if (rows <= building.rows_read) return;
    out_.report.rows_lost += rows - building.rows_read;
    const SpanTable& table = *building.rebuilder.segment()->table;
    if (table.rows() > 0) note_lost(table.receive_ns(0), table.receive_ns(table.rows() - 1));
  }

  void note_lost(uint64_t first_receive_ns, uint64_t last_receive_ns) {
    auto& report = out_.report;
    if (report.lost_from_ns == 0 || first_receive_ns < report.lost_from_ns) report.lost_from_ns = first_receive_ns;
    report.lost_until_ns = std::max(report.lost_until_ns, last_receive_ns);
  }

  void hand_over(Building& building) {
    const auto& segment = building.rebuilder.segment();
    handed_over_.insert(segment->name);
    segment->closed_receive_ns.store(segment->last_receive_ns);
    segment->closed.store(true);
    if (segment->table->rows() > 0) on_segment_(segment);
  }

  const std::set<SegmentName>& replaced_;
  const std::shared_ptr<MemoryBudget> memory_;
  const OnSegment& on_segment_;
  Replay& out_;
  Buildings building_;
  std::set<SegmentName> handed_over_;
  NumberSet numbers_;
  bool is_torn_apart_ = false;
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

std::string path_of(const std::string& log_folder, uint64_t number) {
  return fmt::format("{}/{:08}.log", log_folder, number);
}

// On a full disk the bytes that are there are synced where they are.
Status write_anew(env::Files& files, const std::string& path) {
  ASSIGN_OR_RETURN(std::string bytes, files.read_all(path, kMaxLogFileBytes));
  Status written = files.replace(path, bytes);
  if (written || written.error().code != ErrorCode::resource_exhausted) return written;
  log::warn("there is no room to write the last log file anew; it is synced as it is", {{"file", path}});
  return files.truncate(path, bytes.size());
}

}  // namespace

Status settle_log(env::Files& files, const std::string& folder, const std::map<uint64_t, uint64_t>& last_frames) {
  const std::string log_folder = folder + "/log";
  uint64_t newer = 0;
  for (auto file = last_frames.rbegin(); file != last_frames.rend(); ++file) {
    if (file->second <= newer) continue;
    newer = file->second;
    TRY(write_anew(files, path_of(log_folder, file->first)));
  }
  ASSIGN_OR_RETURN(auto names, files.list(log_folder));
  for (const std::string& name : names) {
    if (name.ends_with(".log.tmp")) TRY(files.remove(log_folder + "/" + name));  // of a stop while it was written
  }
  return files.sync_folder(log_folder);
}

Result<Replay> replay_log(env::Files& files, const std::string& folder, const std::set<SegmentName>& replaced,
                          const std::shared_ptr<MemoryBudget>& memory, const OnSegment& on_segment) {
  Replay out;
  std::string log_folder = folder + "/log";
  ASSIGN_OR_RETURN(bool exists, files.exists(log_folder));
  if (!exists) return out;
  ASSIGN_OR_RETURN(auto names, files.list(log_folder));
  Replayer replayer(replaced, memory, on_segment, out);
  for (const std::string& name : names) {
    auto number = file_number(name);
    if (!number) continue;
    out.start.next_file = std::max(out.start.next_file, *number + 1);
    std::string path = log_folder + "/" + name;
    auto bytes = files.read_all(path, kMaxLogFileBytes);
    if (!bytes && bytes.error().code == ErrorCode::not_found) {
      replayer.miss_file();
      continue;
    }
    if (!bytes) return std::unexpected(bytes.error());
    ++out.report.files;
    TRY(replayer.add_file(*number, path, *bytes));
  }
  replayer.finish();
  report(out.report);
  return out;
}

}  // namespace clew::store
