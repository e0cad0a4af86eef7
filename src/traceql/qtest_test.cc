#include "traceql/qtest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "column/nested.h"
#include "column/recode.h"
#include "column/span_builder.h"
#include "column/table_unit.h"
#include "traceql/query.h"
#include "traceql/search.h"

namespace clew::traceql {
namespace {

constexpr uint64_t kOrigin = 1'700'000'000'000'000'000;
constexpr uint64_t kMs = 1'000'000;

uint64_t id_of(std::string_view name) {
  uint64_t id = 1;
  for (char c : name) id = mix64(id, static_cast<unsigned char>(c));
  return id;
}

class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), in_(path) { out_.batch.vocabulary = out_.vocabulary.get(); }

  Qtest read() {
    std::string line;
    for (int number = 1; std::getline(in_, line); ++number) {
      if (line.empty() || line[0] == '#') continue;
      if (line.starts_with("trace ")) {
        std::string name = line.substr(6, line.find(' ', 6) - 6);
        size_t id = line.find(" id=");
        trace_ = id == std::string::npos ? TraceId{id_of(name), 7} : *TraceId::parse(line.substr(id + 4));
        out_.trace_names[trace_] = name;
        above_.clear();
      } else if (line.find_first_not_of(' ') != std::string::npos &&
                 line.substr(line.find_first_not_of(' '), 5) == "span ") {
        span(line);
      } else if (line.starts_with("query ")) {
        out_.cases.push_back({path_, number, line.substr(6), ""});
      } else if (!out_.cases.empty()) {
        std::string& expected = out_.cases.back().expected;
        expected += (expected.empty() ? "" : "\n") + line;
      } else {
        ADD_FAILURE() << path_ << ":" << number << ": " << line;
      }
    }
    EXPECT_FALSE(out_.cases.empty()) << path_ << " has no query";
    return std::move(out_);
  }

 private:
  void span(const std::string& line) {
    size_t depth = line.find_first_not_of(' ') / 2;
    std::istringstream words(line);
    std::string word, id, service, name;
    double start_ms = 0;
    std::string duration;
    words >> word >> id >> start_ms >> duration >> service >> name;
    above_.resize(depth);
    SpanBuilder builder(out_.batch);
    SpanRow& row = builder.row();
    row.trace = trace_;
    row.span = id_of(id);
    row.parent = above_.empty() ? 0 : id_of(above_.back());
    above_.push_back(id);
    out_.span_names[row.span] = id;
    row.start_ns = kOrigin + static_cast<uint64_t>(start_ms) * kMs;
    row.end_ns = row.start_ns + std::stoull(duration) * kMs;
    row.receive_ns = kOrigin;
    builder.name(name);
    std::vector<std::pair<std::string, std::string>> resource{{"service.name", service}};
    while (words >> word) {
      size_t equals = word.find('=');
      std::string key = word.substr(0, equals);
      std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
      if (key.starts_with("r.")) {
        resource.emplace_back(key.substr(2), value);
      } else {
        detail(builder, key, value);
      }
    }
    std::vector<AttributeView> views;
    for (const auto& [key, value] : resource) views.push_back({key, ValueView::of_string(value)});
    row.resource = add_resource(*out_.vocabulary, views);
    row.scope = add_scope(*out_.vocabulary, "lib", "1");
    builder.finish();
  }

  void detail(SpanBuilder& builder, const std::string& key, const std::string& value) {
    static const std::map<std::string, SpanKind> kinds{
        {"server", SpanKind::server}, {"client", SpanKind::client}, {"internal", SpanKind::internal}};
    if (key == "kind") {
      builder.row().kind = kinds.at(value);
    } else if (key == "status") {
      builder.row().status = value == "error" ? StatusCode::error : StatusCode::ok;
    } else if (key == "message") {
      builder.status_message(value);
    } else if (key == "parent") {
      builder.row().parent = value == "none" ? 0 : id_of(value);
    } else if (key.starts_with("e:")) {
      builder.begin_event(1, key.substr(2));
    } else if (key.starts_with("i.")) {
      builder.attribute(key.substr(2), ValueView::of_int(std::stoll(value)));
    } else if (key.starts_with("f.")) {
      builder.attribute(key.substr(2), ValueView::of_real(std::stod(value)));
    } else if (key.starts_with("b.")) {
      builder.attribute(key.substr(2), ValueView::of_bool(value == "true"));
    } else if (key.starts_with("a.")) {
      NestedBuilder items;
      std::istringstream parts(value);
      for (std::string part; std::getline(parts, part, ',');) items.add(ValueView::of_string(part));
      builder.attribute(key.substr(2), items.finish(ValueType::array));
    } else {
      builder.attribute(key.substr(2), ValueView::of_string(value));
    }
  }

  std::string path_;
  std::ifstream in_;
  Qtest out_;
  TraceId trace_;
  std::vector<std::string> above_;
};

std::shared_ptr<const Unit> unit_of(const Qtest& data, std::string name, size_t part, size_t parts) {
  auto table = std::make_shared<SpanTable>();
  Recoder recoder(*data.vocabulary, table->vocabulary);
  std::vector<uint32_t> rows;
  std::vector<TraceId> listed;
  for (size_t i = part; i < data.batch.rows.size(); i += parts) {
    rows.push_back(static_cast<uint32_t>(i));
    if (parts > 1) listed.push_back(data.batch.rows[i].trace);
  }
  table->append(data.batch, rows, recoder);
  table->publish();
  std::sort(listed.begin(), listed.end());
  return std::make_shared<TableUnit>(std::move(name), table, table->rows(), std::move(listed));
}

std::string answer_of(const Qtest& data, const Snapshot& snapshot, const std::string& text) {
  auto query = parse(text);
  if (!query) return "parse error: " + query.error().message();
  if (auto wrong = check(*query)) return "check: " + wrong->message();
  SearchOptions options;
  options.spans_per_spanset = 100;
  auto answer = search(snapshot, *query, options);
  if (!answer) return "error " + answer.error().message;
  std::string out;
  for (const FoundTrace& trace : answer->traces) {
    out += (out.empty() ? "" : "\n") + data.trace_names.at(trace.id) + ":";
    const char* between = " ";
    for (const FoundSpanset& spanset : trace.spansets) {
      for (const FoundSpan& span : spanset.spans) {
        out += between + data.span_names.at(span.id.value);
        between = " ";
      }
      between = " ; ";
    }
  }
  return out.empty() ? "none" : out;
}

class QtestFile : public testing::TestWithParam<std::string> {};

TEST_P(QtestFile, Agrees) {
  Qtest data = read_qtest(GetParam());
  auto budget = std::make_shared<ReadBudget>();
  const std::pair<const char*, Snapshot> ways[] = {
      {"whole", Snapshot({unit_of(data, "whole", 0, 1)}, budget)},
      {"two parts", Snapshot({unit_of(data, "one", 1, 2), unit_of(data, "two", 0, 2)}, budget)},
  };
  for (const QueryCase& c : data.cases) {
    for (const auto& [way, snapshot] : ways) {
      std::string answer = answer_of(data, snapshot, c.query);
      bool agrees = c.expected.starts_with("error ")
                        ? answer.starts_with("error ") && answer.find(c.expected.substr(6)) != std::string::npos
                        : answer == c.expected;
      EXPECT_TRUE(agrees) << c.file << ":" << c.line << " (" << way << ")\n"
                          << c.query << "\nexpected:\n"
                          << c.expected << "\nfound:\n"
                          << answer;
    }
  }
}

TEST(Search, EndsWithItsTimeAndWhenCancelled) {
  Qtest data = read_qtest(qtest_files().front());
  auto query = parse("{ }");
  ASSERT_TRUE(query);
  auto overdue = std::make_shared<ReadBudget>(0, 1);
  auto late = search(Snapshot({unit_of(data, "whole", 0, 1)}, overdue), *query, {});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::deadline_exceeded);
  auto cancelled = std::make_shared<ReadBudget>();
  cancelled->cancel();
  auto gone = search(Snapshot({unit_of(data, "whole", 0, 1)}, cancelled), *query, {});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::cancelled);
}

INSTANTIATE_TEST_SUITE_P(Search, QtestFile, testing::ValuesIn(qtest_files()),
                         [](const auto& info) { return std::filesystem::path(info.param).stem().string(); });

}  // namespace

Qtest read_qtest(const std::string& path) {
  return Reader(path).read();
}

std::vector<std::string> qtest_files() {
  std::vector<std::string> files;
  // Tests run in the root of the tree. Elsewhere there are no files, and a suite without members fails.
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator("tests/traceql/search", missing)) {
    if (entry.path().extension() == ".qtest") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace clew::traceql
