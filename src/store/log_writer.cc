#include "store/log_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>

#include "base/counters.h"
#include "base/log.h"
#include "env/this_thread.h"
#include "store/log_frame.h"

namespace clew::store {
namespace {

// How much is encoded before it goes to the file: bounds the buffer, not the group.
constexpr size_t kWriteBytes = size_t{4} << 20;
// The free space is asked for once in so many groups.
constexpr uint64_t kDiskLookEvery = 64;

struct LogCounters {
  Counter& bytes = counter("clew_wal_written_bytes_total", "Bytes written to the write-ahead log.");
  Counter& syncs = counter("clew_wal_syncs_total", "Syncs of the write-ahead log.");
  Counter& failures = counter("clew_wal_failures_total", "Failed writes and syncs of the write-ahead log.");
  Counter& disk_low =
      counter("clew_store_limit_total", "Times a limit of the store was reached.", {{"limit", "disk_reserve"}});
};

LogCounters& counters() {
  static LogCounters* const instance = new LogCounters;
  return *instance;
}

}  // namespace

LogWriter::LogWriter(const StoreOptions& options, env::Files& files, std::shared_ptr<MemoryBudget> memory)
    : options_(options), files_(files), folder_(options.folder + "/log"), memory_(std::move(memory), MemoryUse::log) {}

void LogWriter::start(const Start& start, const std::set<SegmentName>& live) {
  next_number_ = start.next_frame;
  next_file_ = start.next_file;
  chapter_ = start.next_chapter;
  synced_.store(start.next_frame - 1, std::memory_order_release);
  for (const auto& [number, feeds] : start.files) {
    File& file = on_disk_[number];
    file.feeds = feeds;
    file.kept = start.kept.contains(number);
    std::ranges::set_intersection(feeds, live, std::inserter(file.needed, file.needed.end()));
    if (auto open = files_.open(path_of(number))) file.bytes = (*open)->size();
  }
  remove_unneeded();
  thread_ = std::thread([this] {
    env::name_thread("clew-log");
    run();
  });
}

LogWriter::~LogWriter() {
  {
    std::lock_guard lock(mutex_);
    drop_ = closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string LogWriter::path_of(uint64_t file) const {
  return fmt::format("{}/{:08}.log", folder_, file);
}

uint64_t LogWriter::submit_rows(std::shared_ptr<Segment> segment, uint32_t first_row, uint32_t rows) {
  std::lock_guard lock(mutex_);
  uint64_t number = next_number_++;
  segment->last_frame.store(number, std::memory_order_relaxed);
  queue_.push_back({number, std::move(segment), first_row, rows, false});
  if (queue_.size() == 1) wake_.notify_one();
  return number;
}

uint64_t LogWriter::submit_cut(std::shared_ptr<Segment> segment, uint32_t rows) {
  std::lock_guard lock(mutex_);
  uint64_t number = next_number_++;
  segment->last_frame.store(number, std::memory_order_relaxed);
  queue_.push_back({number, std::move(segment), 0, rows, true});
  if (queue_.size() == 1) wake_.notify_one();
  return number;
}

void LogWriter::wait(uint64_t number, Waiter waiter) {
  {
    std::lock_guard lock(mutex_);
    if (number > synced()) {
      if (!drop_) {
        waiters_.push_back({number, std::move(waiter)});
        return;
      }
      waiter(fail(ErrorCode::unavailable, "the server is shutting down"));
      return;
    }
  }
  waiter({});
}

bool LogWriter::flush() {
  if (!is_accepting()) return false;
  uint64_t last;
  {
    std::lock_guard lock(mutex_);
    last = next_number_ - 1;
  }
  std::promise<bool> durable;
  wait(last, [&durable](const Status& status) { durable.set_value(status.has_value()); });
  return durable.get_future().get();
}

void LogWriter::run() {
  write_until_closed();
  {
    std::lock_guard lock(mutex_);
    drop_ = true;
  }
  answer(UINT64_MAX, fail(ErrorCode::unavailable, "the server is shutting down"));
}

void LogWriter::write_until_closed() {
  std::vector<Item> items;  // not yet durable; kept over failures
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      auto has_work = [this] { return !queue_.empty() || closing_ || retire_; };
      if (items.empty() && is_accepting()) {
        wake_.wait(lock, has_work);
      } else {
        // After a failure: try again in a while, whether new rows come or not.
        wake_.wait_for(lock, std::chrono::milliseconds(options_.log_retry_ms), [this] { return closing_; });
      }
      if (drop_ || (closing_ && queue_.empty() && items.empty())) return;
      items.insert(items.end(), std::make_move_iterator(queue_.begin()), std::make_move_iterator(queue_.end()));
      queue_.clear();
    }
    retire_file();
    if (items.empty()) {
      look_at_disk();
      continue;
    }
    Status written = write(items);
    if (written) {
      uint64_t last = items.back().number;
      synced_.store(last, std::memory_order_release);
      forget_released(items);
      items.clear();
      memory_.set(buffer_.capacity() + encoder_.allocated_bytes());
      if (!is_accepting() || ++writes_ % kDiskLookEvery == 1) look_at_disk();
      answer(last, {});
      continue;
    }
    counters().failures.add();
    accepting_.store(false, std::memory_order_relaxed);
    log::error("the write-ahead log cannot be written; senders are told to retry", {{"reason", written.error()}});
    give_up_file();
    answer(UINT64_MAX, fail(ErrorCode::resource_exhausted,
                            "the write-ahead log cannot be written (" + written.error().message + "): retry later"));
    std::lock_guard lock(mutex_);
    if (closing_) return;
  }
}

// A cut is the last frame of its segment.
void LogWriter::forget_released(const std::vector<Item>& items) {
  std::lock_guard lock(mutex_);
  for (const Item& item : items) {
    if (item.is_cut) released_.erase(item.segment->name);
  }
}

Status LogWriter::write(const std::vector<Item>& items) {
  if (options_.log_mode == LogMode::memory) return {};
  // Everything unsynced goes to the new file again, so a failure inside one group is a failure of all of it.
  TRY(write_group(items));
  if (options_.log_mode == LogMode::fsync) {
    TRY(file_->sync());
    counters().syncs.add();
  }
  return {};
}

Status LogWriter::write_group(std::span<const Item> items) {
  buffer_.clear();
  if (file_ && file_->size() >= options_.log_file_bytes && chapter_bytes_ > 0) {
    // The file is full: whatever it holds is synced already, except for this group, which has not begun.
    file_.reset();
  }
  if (!file_) TRY(open_file());
  auto flush = [&]() -> Status {
    if (buffer_.empty()) return {};
    TRY(file_->append(buffer_));
    counters().bytes.add(static_cast<int64_t>(buffer_.size()));
    chapter_bytes_ += buffer_.size();
    buffer_.clear();
    if (buffer_.capacity() > 2 * kWriteBytes) buffer_.shrink_to_fit();
    return {};
  };
  {
    // Before the first byte: a file that fails half-way holds frames of these segments all the same.
    std::lock_guard lock(mutex_);
    File& file = on_disk_[file_number_];
    for (const Item& item : items) {
      file.feeds.insert(item.segment->name);
      if (!released_.contains(item.segment->name)) file.needed.insert(item.segment->name);
    }
  }
  for (const Item& item : items) {
    if (chapter_bytes_ + buffer_.size() >= kChapterBytes) {
      TRY(flush());
      encoder_.begin_chapter();
      ++chapter_;
      chapter_bytes_ = 0;
    }
    FrameHead head{item.is_cut ? FrameKind::cut : FrameKind::rows, item.number, chapter_};
    append_frame(buffer_, head, [&](std::string& out) {
      if (item.is_cut) {
        LogEncoder::encode_cut(item.segment->name, item.rows, out);
      } else {
        encoder_.encode_rows(*item.segment, item.first_row, item.rows, out);
      }
    });
    if (item.is_cut) encoder_.forget(*item.segment);
    if (buffer_.size() >= kWriteBytes) TRY(flush());
  }
  TRY(flush());
  std::lock_guard lock(mutex_);
  on_disk_[file_number_].bytes = file_->size();
  return {};
}

Status LogWriter::open_file() {
  uint64_t number = next_file_++;
  ASSIGN_OR_RETURN(file_, files_.create(path_of(number)));
  {
    std::lock_guard lock(mutex_);
    file_number_ = number;
    on_disk_.try_emplace(number);  // also if it is given up before it has a frame: it has to be removed
  }
  if (Status synced = files_.sync_folder(folder_); !synced) {
    file_.reset();
    return synced;
  }
  encoder_.begin_chapter();
  ++chapter_;
  chapter_bytes_ = 0;
  return {};
}

void LogWriter::give_up_file() {
  file_.reset();
  encoder_.begin_chapter();
}

void LogWriter::retire_file() {
  {
    std::lock_guard lock(mutex_);
    if (!retire_) return;
    retire_ = false;
    file_number_ = 0;
  }
  file_.reset();
}

void LogWriter::answer(uint64_t number, const Status& status) {
  std::vector<Pending> ready;
  {
    std::lock_guard lock(mutex_);
    auto rest = std::partition(waiters_.begin(), waiters_.end(), [&](const Pending& p) { return p.number > number; });
    ready.assign(std::make_move_iterator(rest), std::make_move_iterator(waiters_.end()));
    waiters_.erase(rest, waiters_.end());
  }
  for (Pending& p : ready) p.waiter(status);
}

void LogWriter::look_at_disk() {
  auto free = files_.free_bytes(folder_);
  bool room = !free || *free >= options_.disk_reserve_bytes;
  if (!room) {
    counters().disk_low.add();
    if (accepting_.load(std::memory_order_relaxed)) {
      log::error("the disk is nearly full; senders are told to retry",
                 {{"free_bytes", *free}, {"setting", "store.disk_reserve"}});
    }
  }
  accepting_.store(room, std::memory_order_relaxed);
}

void LogWriter::release(const Segment& segment) {
  {
    std::lock_guard lock(mutex_);
    for (auto& [number, file] : on_disk_) file.needed.erase(segment.name);
    if (segment.last_frame.load(std::memory_order_relaxed) > synced()) released_.insert(segment.name);
  }
  remove_unneeded();
}

void LogWriter::remove_unneeded() {
  std::vector<uint64_t> done;
  {
    std::lock_guard lock(mutex_);
    for (const auto& [number, file] : on_disk_) {
      if (file.needed.empty() && !file.kept && number != file_number_) done.push_back(number);
    }
  }
  if (done.empty()) return;
  auto remove = [&]() -> Status {
    for (uint64_t number : done) TRY(files_.remove(path_of(number)));
    return files_.sync_folder(folder_);
  };
  if (Status removed = remove(); !removed) {
    log::warn("log files that are no longer needed could not be removed yet", {{"reason", removed.error()}});
    return;
  }
  std::lock_guard lock(mutex_);
  for (uint64_t number : done) on_disk_.erase(number);
}

bool LogWriter::holds(const SegmentName& name) const {
  std::lock_guard lock(mutex_);
  return released_.contains(name) ||
         std::ranges::any_of(on_disk_, [&](const auto& entry) { return entry.second.feeds.contains(name); });
}

uint64_t LogWriter::held_bytes() const {
  std::lock_guard lock(mutex_);
  uint64_t total = 0;
  for (const auto& [number, file] : on_disk_) total += file.bytes;
  return total;
}

std::set<SegmentName> LogWriter::oldest_needed() const {
  std::lock_guard lock(mutex_);
  return on_disk_.empty() ? std::set<SegmentName>{} : on_disk_.begin()->second.needed;
}

bool LogWriter::File::may_have(std::string_view tenant, uint64_t segments_below) const {
  // Nothing is known of frames that could not be understood.
  return kept || std::ranges::any_of(feeds, [&](const SegmentName& name) {
           return name.tenant == tenant && name.number < segments_below;
         });
}

uint64_t LogWriter::last_number() const {
  std::lock_guard lock(mutex_);
  return next_number_ - 1;
}

uint64_t LogWriter::files_with(std::string_view tenant, uint64_t segments_below) const {
  std::lock_guard lock(mutex_);
  return static_cast<uint64_t>(std::ranges::count_if(
      on_disk_, [&](const auto& entry) { return entry.second.may_have(tenant, segments_below); }));
}

std::set<SegmentName> LogWriter::retire_files_with(std::string_view tenant, uint64_t segments_below) {
  std::set<SegmentName> needed;
  std::lock_guard lock(mutex_);
  for (const auto& [number, file] : on_disk_) {
    if (file.kept || !file.may_have(tenant, segments_below)) continue;
    needed.insert(file.needed.begin(), file.needed.end());
    if (number == file_number_) retire_ = true;
  }
  if (retire_) wake_.notify_all();
  return needed;
}

Status LogWriter::close() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  std::lock_guard lock(mutex_);
  if (synced() + 1 != next_number_ && options_.log_mode != LogMode::memory) {
    return fail(ErrorCode::unavailable, "the write-ahead log could not be written at the end");
  }
  return {};
}

}  // namespace clew::store
