// A SpanSource for tests: units made of spans that a test builds, newest unit first.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "column/span_builder.h"
#include "column/span_source.h"
#include "column/span_table.h"
#include "column/table_unit.h"

namespace clew::api {

class SpanSourceFake : public SpanSource {
 public:
  std::shared_ptr<const Snapshot> snapshot(std::string_view tenant, std::shared_ptr<ReadBudget> budget) override {
    if (on_snapshot) on_snapshot(*budget);
    auto found = units_.find(tenant);
    return std::make_shared<Snapshot>(found == units_.end() ? Units{} : found->second, std::move(budget));
  }
  std::vector<std::string> tenants() override { return {}; }

  // A unit of the spans that `build` adds; it is the newest from now on.
  void add_unit(const std::string& tenant, const std::function<void(SpanBuilder&, Vocabulary&)>& build) {
    Vocabulary vocabulary;
    SpanBatch batch;
    batch.vocabulary = &vocabulary;
    SpanBuilder builder(batch);
    build(builder, vocabulary);
    auto table = std::make_shared<SpanTable>();
    table->append(batch);
    table->publish();
    Units& units = units_[tenant];
    units.insert(units.begin(),
                 std::make_shared<TableUnit>("unit" + std::to_string(units.size()), table, table->rows()));
  }

  // Called at the start of every query that reads.
  std::function<void(ReadBudget&)> on_snapshot;

 private:
  using Units = std::vector<std::shared_ptr<const Unit>>;
  std::map<std::string, Units, std::less<>> units_;
};

}  // namespace clew::api
