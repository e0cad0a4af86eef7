#include "cli/bench/load_run.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <thread>

#include "cli/otlp_sender.h"
#include "cli/pause.h"
#include "cli/progress.h"
#include "env/clock.h"

namespace clew::cli {
namespace {

constexpr uint64_t kNsPerSecond = 1'000'000'000;
constexpr uint64_t kNsPerMs = 1'000'000;
constexpr uint64_t kProgressNs = 200'000'000;
constexpr int kBusyRetries = 600;

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, CloseFile>;

class LoadRun {
 public:
  LoadRun(const LoadOptions& options, LoadFeed& feed) : options_(options), feed_(feed) {}

  Result<LoadResult> run() {
    std::vector<std::unique_ptr<OtlpSender>> senders;
    for (uint32_t i = 0; i < options_.connections; ++i) {
      ASSIGN_OR_RETURN(auto sender, make_sender(options_.url, options_.compression));
      senders.push_back(std::move(sender));
    }
    if (!options_.acknowledged_file.empty()) {
      file_.reset(std::fopen(options_.acknowledged_file.c_str(), "w"));
      if (!file_)
        return invalid(fmt::format("cannot write '{}': {}", options_.acknowledged_file, std::strerror(errno)));
    }
    const env::Clock& clock = env::system_clock();
    begun_ns_ = clock.monotonic_ns();
    double cpu_before = cpu_seconds();
    std::vector<std::thread> threads;
    running_ = options_.connections;
    for (uint32_t i = 0; i < options_.connections; ++i) {
      threads.emplace_back([this, i, &senders] { send_all(i, *senders[i]); });
    }
    Progress progress("spans", 0);
    while (running_ > 0 && ended_.wait_ns(kProgressNs)) progress.set(sent_spans_);
    for (auto& thread : threads) thread.join();
    progress.finish();
    result_.wall_seconds = static_cast<double>(clock.monotonic_ns() - begun_ns_) / 1e9;
    result_.cpu_seconds = cpu_seconds() - cpu_before;
    return std::move(result_);
  }

 private:
  void send_all(uint32_t connection, OtlpSender& sender) {
    LoadResult mine;
    while (auto request = feed_.next(connection)) {
      if (options_.rate > 0 && !wait_for_turn(request->spans)) break;
      Status sent = send_one(*request, sender, mine);
      if (!sent) {
        give_up(std::move(sent.error()));
        break;
      }
    }
    std::lock_guard lock(mutex_);
    result_.acknowledged += mine.acknowledged;
    result_.rejected += mine.rejected;
    result_.requests += mine.requests;
    result_.busy += mine.busy;
    result_.bytes += mine.bytes;
    result_.latencies.add(mine.latencies);
    if (--running_ == 0) ended_.stop();
  }

  // Requests leave evenly, each when the spans before it are due.
  bool wait_for_turn(uint32_t spans) {
    uint64_t before = scheduled_spans_.fetch_add(spans);
    auto due = static_cast<uint64_t>(static_cast<double>(before) / static_cast<double>(options_.rate) * kNsPerSecond);
    uint64_t passed = env::system_clock().monotonic_ns() - begun_ns_;
    return passed >= due || pause_.wait_ns(due - passed);
  }

  Status send_one(LoadRequest& request, OtlpSender& sender, LoadResult& mine) {
    for (int attempt = 0; attempt < kBusyRetries; ++attempt) {
      uint64_t begun = env::system_clock().monotonic_ns();
      ASSIGN_OR_RETURN(Acknowledgement answer, sender.send(request.body));
      if (!answer.busy) {
        mine.latencies.add(env::system_clock().monotonic_ns() - begun);
        ++mine.requests;
        mine.bytes += request.body.size();
        uint64_t rejected = std::min<uint64_t>(answer.rejected_spans, request.spans);
        mine.rejected += rejected;
        mine.acknowledged += request.spans - rejected;
        sent_spans_ += request.spans;
        if (rejected == 0) acknowledge(request);
        return {};
      }
      ++mine.busy;
      if (!pause_.wait_ns(answer.delay_ms * kNsPerMs)) break;
    }
    return fail(ErrorCode::resource_exhausted, "the server stays busy");
  }

  void acknowledge(const LoadRequest& request) {
    if (!file_) return;
    std::string lines;
    for (auto [trace, spans] : request.traces) {
      if (trace->unacknowledged.fetch_sub(spans) == spans)
        lines += fmt::format("{} {}\n", trace->id.hex(), trace->spans);
    }
    std::lock_guard lock(mutex_);
    std::fwrite(lines.data(), 1, lines.size(), file_.get());
    std::fflush(file_.get());
  }

  void give_up(Error error) {
    {
      std::lock_guard lock(mutex_);
      if (result_.failure.message.empty()) result_.failure = std::move(error);
    }
    feed_.stop();
    pause_.stop();
  }

  const LoadOptions& options_;
  LoadFeed& feed_;
  Pause pause_;
  Pause ended_;
  uint64_t begun_ns_ = 0;
  std::atomic<uint64_t> scheduled_spans_{0};
  std::atomic<uint64_t> sent_spans_{0};
  std::atomic<uint32_t> running_{0};
  std::mutex mutex_;
  // Guarded by mutex_.
  File file_;
  LoadResult result_;
};

}  // namespace

Result<LoadResult> run_load(const LoadOptions& options, LoadFeed& feed) {
  return LoadRun(options, feed).run();
}

}  // namespace clew::cli
