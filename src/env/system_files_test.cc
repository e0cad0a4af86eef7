#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "env/files_fixture.h"
#include "env/system_append_file.h"

namespace clew::env {
namespace {

using testing::HasSubstr;

class SystemFilesTest : public testing::Test {
 protected:
  ~SystemFilesTest() override { std::filesystem::remove_all(root_); }
  std::string at(const std::string& name) const { return root_ + "/" + name; }

  const std::string root_ = temporary_folder();
};

TEST_F(SystemFilesTest, AFullDiskIsSaidOnceAndTheFileGivenUp) {
  int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  auto file = append_to_descriptor(full, "data/log");
  Status status = file->append("x");
  ASSERT_THAT(status, FailsWith(ErrorCode::resource_exhausted));
  EXPECT_EQ(status.error().message, "cannot append to 'data/log': No space left on device");
  EXPECT_EQ(file->size(), 0u);
  EXPECT_THAT(file->append("y"), FailsWith(ErrorCode::failed_precondition));
  EXPECT_THAT(file->sync(), FailsWith(ErrorCode::failed_precondition));
}

TEST_F(SystemFilesTest, AFailedSyncGivesTheFileUp) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  auto file = append_to_descriptor(ends[1], "a pipe");
  EXPECT_THAT(file->append("x"), Succeeds());
  EXPECT_THAT(file->sync(), FailsWith(ErrorCode::unavailable));  // EINVAL: a pipe has no disk
  EXPECT_THAT(file->sync(), FailsWith(ErrorCode::failed_precondition));
  EXPECT_THAT(file->append("y"), FailsWith(ErrorCode::failed_precondition));
  ::close(ends[0]);
}

// In a process of its own: the limit on file sizes cuts a write short, and the next one fails.
TEST_F(SystemFilesTest, AWriteCutShortIsContinuedUntilItFails) {
  const std::string path = at("a");
  pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{1000, 1000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto file = system_files().create(path);
    bool right = file && (*file)->append(std::string(600, 'a')).has_value();
    Status status = right ? (*file)->append(std::string(600, 'b')) : Status();
    right = right && !status && status.error().code == ErrorCode::resource_exhausted && (*file)->size() == 600;
    ::_exit(right ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(system_files().read_all(path, 2000)->size(), 1000u);
}

std::atomic<int> signals = 0;

TEST_F(SystemFilesTest, SignalsDoNotBreakAnAppend) {
  struct sigaction action{};
  action.sa_handler = [](int) { ++signals; };  // without SA_RESTART
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const int capacity = ::fcntl(ends[1], F_SETPIPE_SZ, 4096);
  std::string bytes(100'000, '\0');
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);

  std::string received;
  std::jthread reader([&, writer = ::pthread_self()] {
    int waiting = 0;
    while (waiting < capacity) ::ioctl(ends[0], FIONREAD, &waiting);  // now the writer is stuck
    for (int sent = 1; sent <= 10; ++sent) {
      ::pthread_kill(writer, SIGUSR1);
      // Not for ever: a sanitizer may keep a signal back until the call returns that only we can end.
      for (int i = 0; i < 1000 && signals < sent; ++i) std::this_thread::yield();
    }
    char piece[777];
    for (ssize_t count = 1; (count = ::read(ends[0], piece, sizeof piece)) > 0;) {
      received.append(piece, static_cast<size_t>(count));
    }
  });
  {
    auto file = append_to_descriptor(ends[1], "a pipe");
    EXPECT_THAT(file->append(bytes), Succeeds());
    EXPECT_EQ(file->size(), bytes.size());
  }
  reader.join();
  EXPECT_TRUE(received == bytes);
  ::close(ends[0]);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(SystemFilesTest, ALockHeldByAnotherProcessNamesIt) {
  const std::string path = at("LOCK");
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  pid_t child = ::fork();
  if (child == 0) {
    auto lock = system_files().lock(path);
    if (::write(ready[1], lock ? "y" : "n", 1) != 1) ::_exit(1);
    while (true) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(ready[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  auto refused = system_files().lock(path);
  ASSERT_THAT(refused, FailsWith(ErrorCode::failed_precondition));
  EXPECT_THAT(refused.error().message, HasSubstr("locked by process " + std::to_string(child) + ":"));

  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
  EXPECT_THAT(system_files().lock(path), Succeeds());
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(SystemFilesTest, ALockGoesWithItsObjectThoughAForkedProcessLives) {
  auto lock = system_files().lock(at("LOCK"));
  ASSERT_THAT(lock, Succeeds());
  pid_t child = ::fork();
  if (child == 0) {
    while (true) ::pause();
  }
  lock->reset();
  EXPECT_THAT(system_files().lock(at("LOCK")), Succeeds());
  ::kill(child, SIGKILL);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(SystemFilesTest, FilesOfTheKernelAreReadThoughTheirSizeIsZero) {
  auto text = system_files().read_all("/proc/self/status", 1 << 20);
  ASSERT_THAT(text, Succeeds());
  EXPECT_THAT(*text, HasSubstr("Pid:"));
  EXPECT_THAT(system_files().read_all("/proc/self/status", 10), FailsWith(ErrorCode::resource_exhausted));
}

TEST_F(SystemFilesTest, NothingIsInheritedByOtherPrograms) {
  auto written = system_files().create(at("a"));
  auto read = system_files().open(at("a"));
  auto lock = system_files().lock(at("LOCK"));
  ASSERT_TRUE(written && read && lock);
  int ours = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    if (!std::filesystem::read_symlink(entry, gone).string().starts_with(root_)) continue;
    int flags = ::fcntl(std::stoi(entry.path().filename()), F_GETFD);
    EXPECT_TRUE(flags & FD_CLOEXEC) << entry;
    ++ours;
  }
  EXPECT_EQ(ours, 3);
}

TEST_F(SystemFilesTest, NothingIsLeftOpen) {
  auto open_descriptors = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
  };
  const auto before = open_descriptors();
  Files& files = system_files();
  ASSERT_THAT(files.replace(at("a"), "x"), Succeeds());
  ASSERT_THAT(files.read_all(at("a"), 10), Succeeds());
  ASSERT_THAT(files.read_all(at("a"), 0), FailsWith(ErrorCode::resource_exhausted));
  ASSERT_THAT(files.open(root_), FailsWith(ErrorCode::unavailable));
  ASSERT_THAT(files.open(at("a")), Succeeds());
  ASSERT_THAT(files.list(root_), Succeeds());
  ASSERT_THAT(files.truncate(at("a"), 5), FailsWith(ErrorCode::out_of_range));
  {
    auto lock = files.lock(at("LOCK"));
    ASSERT_THAT(files.lock(at("LOCK")), FailsWith(ErrorCode::failed_precondition));
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(SystemError, CodesByTheTable) {
  const std::pair<int, ErrorCode> cases[] = {
      {ENOSPC, ErrorCode::resource_exhausted}, {EDQUOT, ErrorCode::resource_exhausted},
      {EFBIG, ErrorCode::resource_exhausted},  {ENOENT, ErrorCode::not_found},
      {EEXIST, ErrorCode::already_exists},     {EIO, ErrorCode::unavailable},
      {EACCES, ErrorCode::unavailable},        {EMFILE, ErrorCode::unavailable},
  };
  for (auto [number, code] : cases) EXPECT_EQ(system_error(number, "open", "p").code, code) << number;
  EXPECT_EQ(system_error(EIO, "open", "p").message, "cannot open 'p': Input/output error");
  EXPECT_EQ(system_error(99999, "open", "p").message, "cannot open 'p': 99999");
}

}  // namespace
}  // namespace clew::env
