// Work that is handed to other threads stays in its trace: clew::bind takes the context along.
#include <clew/trace.h>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <future>
#include <vector>

namespace {

auto tracer = clew::tracer("thread_pool");

int count_words(int page) {
  auto span = tracer.start("count words");
  span.set("page", page);
  return 100 + page;
}

}  // namespace

int main() {
  boost::asio::thread_pool pool(4);
  auto span = tracer.start("count book");
  std::vector<std::promise<int>> pages(8);
  for (int page = 0; page < 8; ++page) {
    boost::asio::post(pool, clew::bind([&pages, page] { pages[size_t(page)].set_value(count_words(page)); }));
  }
  auto cover = std::async(std::launch::async, clew::bind([] { return count_words(8); }));
  int words = cover.get();
  for (auto& page : pages) words += page.get_future().get();
  span.set("words", words);
}
