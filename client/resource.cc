#include "resource.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdlib>
#include <deque>

#include "version.h"

CLEW_BEGIN

std::string_view Resource::service_name() const noexcept {
  for (const KeyValue& pair : attributes) {
    if (pair.key == "service.name" && pair.value.type() == Value::Type::kString) return pair.value.text();
  }
  return {};
}

namespace detail {
namespace {

struct Owned {
  std::deque<std::string> texts;
  std::vector<KeyValue> pairs;

  bool has(std::string_view key) const {
    for (const KeyValue& pair : pairs) {
      if (pair.key == key) return true;
    }
    return false;
  }
  // The first one to name a key wins.
  void add(std::string_view key, std::string_view value) {
    if (key.empty() || value.empty() || has(key)) return;
    const std::string_view kept_key = texts.emplace_back(key), kept_value = texts.emplace_back(value);
    pairs.push_back({kept_key, kept_value});
  }
  void add_number(std::string_view key, int64_t value) {
    if (!has(key)) pairs.push_back({texts.emplace_back(key), value});
  }
};

// At most 64 KiB; "" when it cannot be read.
std::string file_text(const char* path) {
  std::string text;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return text;
  char bytes[4096];
  ssize_t got = 0;
  while (text.size() < 64 << 10 && ((got = read(file, bytes, sizeof bytes)) > 0 || (got < 0 && errno == EINTR))) {
    if (got > 0) text.append(bytes, size_t(got));
  }
  close(file);
  return text;
}

std::string program_path() {
  char path[4096];
  const ssize_t size = readlink("/proc/self/exe", path, sizeof path);
  return size > 0 ? std::string(path, size_t(size)) : std::string();
}

std::string_view name_of(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

std::string_view architecture(std::string_view machine) {
  if (machine == "x86_64") return "amd64";
  if (machine == "aarch64") return "arm64";
  return machine;
}

void detect(Owned& found) {
  utsname system{};
  if (uname(&system) == 0) {
    found.add("host.name", system.nodename);
    found.add("host.arch", architecture(system.machine));
    found.add("os.type", "linux");
    found.add("os.version", system.release);
  }
  const std::string path = program_path();
  found.add_number("process.pid", getpid());
  found.add("process.executable.path", path);
  found.add("process.executable.name", name_of(path));
  std::string id = container_id(file_text("/proc/self/cgroup"));
  if (id.empty()) id = container_id(file_text("/proc/self/mountinfo"));
  found.add("container.id", id);
  if (std::getenv("KUBERNETES_SERVICE_HOST") != nullptr) {
    if (const char* const pod = std::getenv("HOSTNAME")) found.add("k8s.pod.name", pod);
    found.add("k8s.namespace.name", file_text("/var/run/secrets/kubernetes.io/serviceaccount/namespace"));
  }
}

}  // namespace

std::string container_id(std::string_view text) {
  constexpr size_t kDigits = 64;
  size_t run = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && hex_value(text[i]) < 16) {
      ++run;
      continue;
    }
    if (run == kDigits) return std::string(text.substr(i - kDigits, kDigits));
    run = 0;
  }
  return {};
}

Resource make_resource(const Config& config) noexcept {
  auto* const owned = new Owned;
  owned->add("service.name", config.service_name);
  for (const auto& [key, value] : config.resource_attributes) owned->add(key, value);
  const std::string path = program_path();
  owned->add("service.name", path.empty() ? "unknown_service" : "unknown_service:" + std::string(name_of(path)));
  owned->add("telemetry.sdk.name", "clew");
  owned->add("telemetry.sdk.language", "cpp");
  owned->add("telemetry.sdk.version", kVersion);
  if (config.detect_resource) detect(*owned);
  static std::vector<Owned*>* const all = new std::vector<Owned*>;  // kept in sight of leak checkers; under init's lock
  all->push_back(owned);
  return {"", {owned->pairs.data(), owned->pairs.size()}};
}

Resource with_this_process(const Resource& resource) noexcept {
  static std::vector<std::vector<KeyValue>*>* const all = new std::vector<std::vector<KeyValue>*>;
  auto* const pairs = new std::vector<KeyValue>(resource.attributes.begin(), resource.attributes.end());
  for (KeyValue& pair : *pairs) {
    if (pair.key == "process.pid") pair.value = int64_t(getpid());
  }
  all->push_back(pairs);
  return {resource.schema_url, {pairs->data(), pairs->size()}};
}

}  // namespace detail
CLEW_END
