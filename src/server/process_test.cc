// What serve() asks of the operating system: signals, the holder of a port, the service manager.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "env/files.h"
#include "net/server.h"
#include "server/endpoint.h"
#include "server/port_holder.h"
#include "server/service_notify.h"
#include "server/stop_signals.h"

namespace clew::server {
namespace {

using namespace std::chrono_literals;

TEST(StopSignalsDeathTest, BeforeItIsArmedASignalEndsCleanly) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  for (int signal_number : {SIGTERM, SIGINT}) {
    EXPECT_EXIT(
        {
          StopSignals signals;
          raise(signal_number);
          _exit(99);
        },
        testing::ExitedWithCode(0), "");
  }
}

TEST(StopSignalsDeathTest, TheFirstIsReportedAndTheSecondEndsAtOnce) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        StopSignals signals;
        signals.arm();
        if (signals.wait(0ms)) _exit(97);
        raise(SIGTERM);
        if (!signals.wait(0ms)) _exit(98);
        raise(SIGINT);
        _exit(99);
      },
      testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(PortHolder, NamesTheProcessThatListens) {
  for (const char* address : {"127.0.0.1", "::1"}) {
    auto server = net::Server::start(1, {});
    auto port = server->listen({"test", address, 0, [](const net::Request&, net::Responder) {}});
    if (!port) GTEST_SKIP() << "no " << address << " here";
    EXPECT_THAT(port_holder(*port, env::system_files()),
                testing::HasSubstr("(process " + std::to_string(getpid()) + ")"));
    server->stop(0ms);
    server.reset();
    EXPECT_EQ(port_holder(*port, env::system_files()), "");
  }
  EXPECT_EQ(port_holder(1, env::system_files(), "/nowhere"), "");
}

std::string datagram_after(const char* name, std::string_view state) {
  int receiver = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string path = name;
  path.copy(address.sun_path, path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';
  auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  EXPECT_EQ(bind(receiver, reinterpret_cast<sockaddr*>(&address), size), 0);
  setenv("NOTIFY_SOCKET", name, 1);
  notify_service_manager(state);
  unsetenv("NOTIFY_SOCKET");
  char buffer[64];
  ssize_t length = recv(receiver, buffer, sizeof buffer, MSG_DONTWAIT);
  close(receiver);
  return length < 0 ? "" : std::string(buffer, static_cast<size_t>(length));
}

TEST(ServiceNotify, SendsOneDatagram) {
  std::string folder = testing::TempDir() + "clew-notify-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  std::string path = folder + "/socket";
  EXPECT_EQ(datagram_after(path.c_str(), "READY=1"), "READY=1");
  unlink(path.c_str());
  rmdir(folder.c_str());
  std::string abstract = "@clew-notify-test-" + std::to_string(getpid());
  EXPECT_EQ(datagram_after(abstract.c_str(), "STOPPING=1"), "STOPPING=1");
}

TEST(ServiceNotify, DoesNothingWithoutAServiceManager) {
  unsetenv("NOTIFY_SOCKET");
  notify_service_manager("READY=1");
  setenv("NOTIFY_SOCKET", std::string(500, 'a').c_str(), 1);
  notify_service_manager("READY=1");
  unsetenv("NOTIFY_SOCKET");
}

TEST(Endpoint, AsTextAndJson) {
  Endpoint v4{"tempo", "", "127.0.0.1", 3200}, v6{"ui", "", "::1", 16686};
  EXPECT_EQ(v4.text(), "127.0.0.1:3200");
  EXPECT_EQ(v6.text(), "[::1]:16686");
  std::vector<Endpoint> both = {v4, v6};
  EXPECT_EQ(endpoints_json(both), "{\"tempo\":\"127.0.0.1:3200\",\"ui\":\"[::1]:16686\"}\n");
  EXPECT_EQ(endpoints_json({}), "{}\n");
}

TEST(Endpoint, KnowsLoopback) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"}) {
    EXPECT_TRUE(is_loopback_address(address)) << address;
  }
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "12.7.0.1"}) {
    EXPECT_FALSE(is_loopback_address(address)) << address;
  }
}

}  // namespace
}  // namespace clew::server
