// What the client library costs a program, one case after another: a line of JSON for each, read by bench/client.
//
// Nanoseconds are CPU time of the measured thread, the median of --runs runs; a run is many bursts that fit into half
// of a thread's ring, with a flush after each that is not measured.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

#include "clew/exporters.h"
#include "clew/init.h"
#include "clew/propagators.h"
#include "clew/trace.h"

// Every allocation of this program, by thread.
static __thread uint64_t allocations;
extern "C" void* __libc_malloc(size_t);
extern "C" void* __libc_calloc(size_t, size_t);
extern "C" void* malloc(size_t size) {
  ++allocations;
  return __libc_malloc(size);
}
extern "C" void* calloc(size_t count, size_t size) {
  ++allocations;
  return __libc_calloc(count, size);
}

namespace {

int runs = 11;
int bursts = 60;

uint64_t cpu_ns(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return uint64_t(now.tv_sec) * 1'000'000'000 + uint64_t(now.tv_nsec);
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

clew::Tracer& the_tracer() {
  static clew::Tracer made = clew::tracer("bench");
  return made;
}

// Callgrind collects in here only.
__attribute__((noinline)) void measured_part(void (*body)(int), int count) {
  body(count);
}

struct Cost {
  double ns, allocations;
};

Cost cost(void (*body)(int), int burst) {
  measured_part(body, burst);
  clew::flush();
  std::vector<double> ns, allocated;
  for (int run = 0; run < runs; ++run) {
    uint64_t took = 0, made = 0;
    for (int i = 0; i < bursts; ++i) {
      const uint64_t before = allocations, begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
      measured_part(body, burst);
      took += cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
      made += allocations - before;
      clew::flush();
    }
    ns.push_back(double(took) / (double(burst) * bursts));
    allocated.push_back(double(made) / (double(burst) * bursts));
  }
  return {median(ns), median(allocated)};
}

void report(const char* name, const Cost& cost) {
  std::printf("{\"case\":\"%s\",\"ns\":%.3f,\"allocations\":%.4f}\n", name, cost.ns, cost.allocations);
  std::fflush(stdout);
}

void empty_spans(int count) {
  const clew::Tracer tracer = the_tracer();
  for (int i = 0; i < count; ++i) tracer.start("operation");
}

void spans_with_ten_attributes(int count) {
  const clew::Tracer tracer = the_tracer();
  for (int i = 0; i < count; ++i) {
    auto span = tracer.start("operation");
    span.set("http.request.method", "GET").set("url.scheme", "https").set("url.path", "/api/v1/orders/4711");
    span.set("server.address", "orders.example.com").set("user_agent.original", "curl/8.5.0 (x86_64)");
    span.set("network.peer.address", "203.0.113.7").set("http.route", "/api/v1/orders/{id}");
    span.set("http.response.status_code", 200).set("server.port", 443).set("http.response.body.size", i);
  }
}

void spans_as_the_specification_has_them(int count) {
  static const std::string values[10] = {"value-0-of-20-chars-", "value-1-of-20-chars-", "value-2-of-20-chars-",
                                         "value-3-of-20-chars-", "value-4-of-20-chars-", "value-5-of-20-chars-",
                                         "value-6-of-20-chars-", "value-7-of-20-chars-", "value-8-of-20-chars-",
                                         "value-9-of-20-chars-"};
  const clew::Tracer tracer = the_tracer();
  for (int i = 0; i < count; ++i) {
    auto span = tracer.start("operation");
    span.set("key-0-of-20-chars---", values[0]).set("key-1-of-20-chars---", values[1]);
    span.set("key-2-of-20-chars---", values[2]).set("key-3-of-20-chars---", values[3]);
    span.set("key-4-of-20-chars---", values[4]).set("key-5-of-20-chars---", values[5]);
    span.set("key-6-of-20-chars---", values[6]).set("key-7-of-20-chars---", values[7]);
    span.set("key-8-of-20-chars---", values[8]).set("key-9-of-20-chars---", values[9]);
  }
}

void clock_reads(int count) {
  timespec now;
  for (int i = 0; i < 2 * count; ++i) clock_gettime(CLOCK_MONOTONIC, &now);
}
void tsc_reads(int count) {
  for (int i = 0; i < 2 * count; ++i) {
    uint64_t ticks = __rdtsc();
    asm volatile("" : "+r"(ticks));
  }
}

// A request's headers, and those of another one: what propagators cost by themselves.
class Request : public clew::HeaderReader, public clew::HeaderWriter {
 public:
  explicit Request(std::string_view state) noexcept : state_(state) {}
  unsigned get(std::string_view name, std::string_view* values, unsigned) const noexcept override {
    const std::string_view& value = name == "traceparent" ? parent_ : state_;
    if (value.empty()) return 0;
    values[0] = value;
    return 1;
  }
  void set(std::string_view, std::string_view value) noexcept override {
    asm volatile("" : : "r"(value.data()) : "memory");
  }

 private:
  std::string_view parent_ = "00-463ac35c9f6413ad48485a3953bb6124-a2fb4a1d1a96d312-03", state_;
};

void extract(std::string_view state, int count) {
  static const auto propagator = clew::w3c_propagator();
  const Request request(state);
  const clew::Context base;
  for (int i = 0; i < count; ++i) {
    const clew::Context found = propagator->extract(request, base);
    asm volatile("" : : "r"(&found) : "memory");
  }
}
void extracts(int count) {
  extract("", count);
}
void extracts_with_state(int count) {
  extract("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,ot=th:c;rv:0123456789abcd", count);
}
void injects(int count) {
  static const auto propagator = clew::w3c_propagator();
  Request request("");
  const clew::Context context = propagator->extract(request, clew::Context());
  for (int i = 0; i < count; ++i) propagator->inject(context, request);
}

// Spans are decoded and thrown away.
class Nowhere : public clew::Exporter {
 public:
  bool consume(const clew::SpanData&) noexcept override { return true; }
  unsigned pending() const noexcept override { return 0; }
  Sent send(clew::Waiter&) noexcept override { return {}; }
};

void configure(std::unique_ptr<clew::Exporter> exporter, bool disabled = false) {
  clew::Config config;
  config.disabled = disabled;
  config.exporters.push_back(std::move(exporter));
  clew::init(std::move(config));
}

clew::SpanContext not_sampled() {
  clew::SpanContext span;
  span.trace_id = clew::TraceId::from_hex("0af7651916cd43dd8448eb211c80319c");
  span.span_id = clew::SpanId::from_hex("b7ad6b7169203331");
  return span;
}

// CPU of a span in each of `count` threads at work at once.
double cost_in_threads(int count) {
  std::atomic<int> ready{0};
  std::vector<double> costs(size_t(count), 0.0);
  std::vector<std::thread> threads;
  for (int t = 0; t < count; ++t) {
    threads.emplace_back([&, t] {
      auto parent = the_tracer().start("thread");
      empty_spans(100);
      ++ready;
      while (ready < count) std::this_thread::yield();
      std::vector<double> ns;
      for (int run = 0; run < runs; ++run) {
        uint64_t took = 0;
        for (int i = 0; i < bursts / 4; ++i) {
          const uint64_t begin = cpu_ns(CLOCK_THREAD_CPUTIME_ID);
          empty_spans(400);
          took += cpu_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
          clew::flush();
        }
        ns.push_back(double(took) / (400.0 * (bursts / 4)));
      }
      costs[size_t(t)] = median(ns);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return median(costs);
}

// Takes requests and answers 200, in a process of its own.
[[noreturn]] void serve_sink(int listener) {
  static const char kAnswer[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  while (true) {
    const int connection = accept(listener, nullptr, nullptr);
    if (connection < 0) _exit(0);
    std::string input;
    static char bytes[1 << 20];
    ssize_t got;
    while ((got = recv(connection, bytes, sizeof bytes, 0)) > 0) {
      input.append(bytes, size_t(got));
      const size_t end = input.find("\r\n\r\n"), length = input.find("Content-Length: ");
      if (end == std::string::npos || input.size() < end + 4 + std::stoul(input.substr(length + 16))) continue;
      input.clear();
      if (send(connection, kAnswer, sizeof kAnswer - 1, MSG_NOSIGNAL) < 0) break;
    }
    close(connection);
  }
}

void end_to_end(const char* name, bool gzip) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 1) != 0) std::exit(1);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  const pid_t sink = fork();
  if (sink == 0) serve_sink(listener);
  close(listener);
  clew::OtlpHttpOptions options;
  options.url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  options.gzip = gzip;
  configure(clew::otlp_http_exporter(options));
  constexpr int kBurst = 1536;
  spans_as_the_specification_has_them(kBurst);
  clew::flush();
  std::vector<double> ns;
  const clew::Stats before = clew::stats();
  uint64_t spans = 0;
  for (int run = 0; run < runs; ++run) {
    const uint64_t begin = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < bursts; ++i) {
      spans_as_the_specification_has_them(kBurst);
      clew::flush();
    }
    ns.push_back(double(cpu_ns(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double(kBurst) * bursts));
    spans += uint64_t(kBurst) * uint64_t(bursts);
  }
  const clew::Stats after = clew::stats();
  if (after.exported - before.exported != spans) std::fprintf(stderr, "%s: spans were lost\n", name);
  report(name, {median(ns), 0});
  configure(std::make_unique<Nowhere>());
  kill(sink, SIGKILL);
  waitpid(sink, nullptr, 0);
}

}  // namespace

// With the name of a case: only it, once, for callgrind.
int main(int argc, char** argv) {
  const std::string only = argc > 1 && argv[1][0] != '-' ? argv[1] : "";
  if (argc > 1 && std::string(argv[1]) == "--quick") runs = 3, bursts = 10;
  struct Case {
    const char* name;
    void (*body)(int);
    int burst;
  };
  configure(std::make_unique<Nowhere>(), true);
  const Case kDisabled = {"disabled", empty_spans, 4000};
  if (only.empty()) report(kDisabled.name, cost(kDisabled.body, kDisabled.burst));
  configure(std::make_unique<Nowhere>());
  const Case cases[] = {{"clock", clock_reads, 4000},
                        {"tsc", tsc_reads, 4000},
                        {"root", empty_spans, 4000},
                        {"child", empty_spans, 4000},
                        {"attributes", spans_with_ten_attributes, 800},
                        {"not_sampled", empty_spans, 4000},
                        {"extract", extracts, 4000},
                        {"extract_state", extracts_with_state, 4000},
                        {"inject", injects, 4000}};
  for (const Case& c : cases) {
    if (!only.empty() && only != c.name) continue;
    const std::string name = c.name;
    clew::Span parent = name == "child" || name == "attributes" ? the_tracer().start("parent") : clew::Span();
    clew::Scope scope = name == "not_sampled" ? clew::Scope(clew::Context(not_sampled())) : clew::Scope();
    if (only.empty()) {
      report(c.name, cost(c.body, c.burst));
    } else {
      c.body(100);
      measured_part(c.body, c.burst);
    }
  }
  if (!only.empty()) return 0;
  for (int threads : {1, 2, 16}) report(("threads_" + std::to_string(threads)).c_str(), {cost_in_threads(threads), 0});
  end_to_end("end_to_end", false);
  end_to_end("end_to_end_gzip", true);
}
