// Keeps the stock in SQLite, behind a pool of connections.
#include <clew/instrument/sqlite.h>
#include <clew/trace.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>

#include "faults.h"
#include "services.h"

namespace shop {
namespace {

constexpr unsigned kConnections = 4;

auto tracer = clew::tracer("shop.inventory");

class Stock : public Beside {
 public:
  Stock() {
    // One database in memory for all connections.
    for (unsigned i = 0; i < kConnections; ++i) {
      sqlite3* db = nullptr;
      const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_SHAREDCACHE;
      if (sqlite3_open_v2("file:stock?mode=memory", &db, flags, nullptr) == SQLITE_OK) free_.push_back(db);
    }
    clew::sqlite_exec(free_.front(), "CREATE TABLE reservation (what TEXT)");
  }
  ~Stock() override {
    for (sqlite3* db : free_) sqlite3_close(db);
  }

  bool reserve(const std::string& order) {
    sqlite3* const db = take();
    std::unique_lock<std::mutex> writing(writer_);
    if (faults.has(Fault::kPoolExhaustion)) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    sqlite3_stmt* insert = nullptr;
    bool done = false;
    if (sqlite3_prepare_v2(db, "INSERT INTO reservation VALUES (?1)", -1, &insert, nullptr) == SQLITE_OK) {
      sqlite3_bind_text(insert, 1, order.data(), int(order.size()), SQLITE_STATIC);
      done = clew::SqliteQuery(insert).step() == SQLITE_DONE;
    }
    sqlite3_finalize(insert);
    writing.unlock();
    give_back(db);
    return done;
  }

 private:
  sqlite3* take() {
    auto span = tracer.start("wait for connection");
    std::unique_lock<std::mutex> lock(mutex_);
    const size_t kept_back = faults.has(Fault::kPoolExhaustion) ? kConnections - 1 : 0;
    span.set("db.client.connection.max", kConnections - kept_back);
    span.set("db.client.connection.idle", free_.size() - std::min(free_.size(), kept_back));
    back_.wait(lock, [&] { return free_.size() > kept_back; });
    sqlite3* const db = free_.back();
    free_.pop_back();
    return db;
  }
  void give_back(sqlite3* db) {
    std::lock_guard<std::mutex> lock(mutex_);
    free_.push_back(db);
    back_.notify_one();
  }

  std::mutex mutex_, writer_;
  std::condition_variable back_;
  std::vector<sqlite3*> free_;  // under mutex_
};

}  // namespace

std::unique_ptr<Beside> inventory(HttpServer& server, Others&) {
  auto stock = std::make_unique<Stock>();
  static std::atomic<unsigned> asked{0};
  server.on("/reserve", [it = stock.get()](const Request& request) {
    if (faults.has(Fault::kRetryStorm) && asked++ % 8 != 7) {
      log("warn", "busy");
      return answer(503, "busy\n");
    }
    return it->reserve(request.body()) ? answer(200, "") : answer(500, "not reserved\n");
  });
  return stock;
}

}  // namespace shop
