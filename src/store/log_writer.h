// The one thread that makes rows durable, for all lanes: group commit without a timer. docs/internals/wal.md.
//
// Invariants: frames are numbered in the order of submit(); synced() never falls; a waiter is called once, on the log's
// thread, when everything up to its number is durable, or with resource_exhausted when writing fails (its rows stay
// queued and are written as soon as that is possible again).
// Thread rule: submit and wait from any thread; rows of one segment are submitted in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "env/clock.h"
#include "env/files.h"
#include "store/log_encoder.h"
#include "store/memory_budget.h"
#include "store/store.h"

namespace clew::store {

class LogWriter {
 public:
  // Where an earlier writer stopped.
  struct Start {
    uint64_t next_file = 1;
    uint64_t next_frame = 1;
    uint64_t next_chapter = 1;
    // Files that are there already, with the segments that have frames in them.
    std::map<uint64_t, std::set<SegmentName>> files;
    // Of them, those with whole frames that could not be understood: never removed.
    std::set<uint64_t> kept;
  };
  // Precondition: files outlives the writer; the folder exists.
  LogWriter(const StoreOptions& options, env::Files& files, std::shared_ptr<MemoryBudget> memory);
  ~LogWriter();
  // Begins to write; once, before the first submit. A file that feeds none of the segments in `live` is removed.
  void start(const Start& start, const std::set<SegmentName>& live);

  // Rows [first_row, first_row + rows) of the segment, which are published. Answers the frame's number.
  uint64_t submit_rows(std::shared_ptr<Segment> segment, uint32_t first_row, uint32_t rows);
  uint64_t submit_cut(std::shared_ptr<Segment> segment, uint32_t rows);

  using Waiter = std::function<void(Status)>;
  // Calls `waiter` when everything up to `number` is durable; at once if it is.
  void wait(uint64_t number, Waiter waiter);

  // Waits until everything submitted so far is durable; false when it is not, because writing fails.
  bool flush();

  // False while writing fails or the disk is nearly full: refuse new rows.
  bool is_accepting() const { return accepting_.load(std::memory_order_relaxed); }
  uint64_t synced() const { return synced_.load(std::memory_order_acquire); }

  // The segment is in a durable block: files that nobody needs any more are removed. Frames of it may still be waiting.
  void release(const Segment& segment);
  // The same for files that could not be removed then, or were still written to.
  void remove_unneeded();
  // A file with frames of the segment is there, will be, or may come back when the machine stops now.
  bool holds(const SegmentName& name) const;
  // Bytes of log files that cannot be removed yet, and the segments that the oldest of them feeds.
  uint64_t held_bytes() const;
  std::set<SegmentName> oldest_needed() const;

  // --- erasure ---
  // The number of the last frame that was submitted.
  uint64_t last_number() const;
  // Files that may have rows of the tenant's segments with numbers below this one.
  uint64_t files_with(std::string_view tenant, uint64_t segments_below) const;
  // Sees to it that no such file is written to any more; answers the segments that keep them from being removed.
  std::set<SegmentName> retire_files_with(std::string_view tenant, uint64_t segments_below);

  // Writes what waits and ends the thread. Without this the destructor drops what is queued.
  Status close();

 private:
  struct Item {
    uint64_t number = 0;
    std::shared_ptr<Segment> segment;
    uint32_t first_row = 0;
    uint32_t rows = 0;
    bool is_cut = false;
  };
  struct Pending {
    uint64_t number = 0;
    Waiter waiter;
  };
  struct File {
    std::set<SegmentName> feeds;   // segments with frames in it
    std::set<SegmentName> needed;  // those of them that are nowhere else
    uint64_t bytes = 0;
    bool kept = false;

    bool may_have(std::string_view tenant, uint64_t segments_below) const;
  };

  void run();
  void write_until_closed();
  // Encodes and writes the items; on failure the current file is given up.
  Status write(const std::vector<Item>& items);
  Status write_group(std::span<const Item> items);
  void forget_released(const std::vector<Item>& items);
  Status open_file();
  void give_up_file();
  void retire_file();
  void answer(uint64_t number, const Status& status);
  void look_at_disk();
  std::string path_of(uint64_t file) const;

  const StoreOptions options_;
  env::Files& files_;
  const std::string folder_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Item> queue_;
  std::vector<Pending> waiters_;
  std::map<uint64_t, File> on_disk_;
  std::set<SegmentName> released_;  // those whose frames are not all written
  uint64_t next_number_ = 1;
  bool closing_ = false;
  bool drop_ = false;
  bool retire_ = false;  // what comes next goes to a new file

  // Of the log's thread alone.
  LogEncoder encoder_;
  std::unique_ptr<env::AppendFile> file_;
  uint64_t file_number_ = 0;
  uint64_t next_file_ = 1;
  uint64_t chapter_ = 1;
  uint64_t chapter_bytes_ = 0;
  std::string buffer_;
  MemoryShare memory_;
  uint64_t writes_ = 0;

  std::atomic<uint64_t> synced_{0};
  std::atomic<bool> accepting_{true};
  std::thread thread_;
};

}  // namespace clew::store
