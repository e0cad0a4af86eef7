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

// A unit that cannot be read. Whoever tries has found that out.
class DamagedUnit : public TableUnit {
 public:
  using TableUnit::TableUnit;
  bool is_known() const { return is_known_; }

  Result<std::vector<AttributeColumn>> attributes() const override { return damage(); }
  Result<std::optional<ColumnId>> attribute(Scope, std::string_view) const override { return damage(); }
  Result<uint32_t> entries(ColumnId) const override { return damage(); }
  Status find(ColumnId, ValueView, std::vector<uint32_t>&) const override { return damage(); }
  Status numbers(NumberColumn, RowRange, int64_t*) const override { return damage(); }
  Result<std::optional<uint32_t>> find_trace(TraceId) const override { return damage(); }
  Result<std::span<const TraceSummary>> summaries() const override { return damage(); }

 private:
  std::unexpected<Error> damage() const {
    is_known_ = true;
    return corrupt("block " + name() + ": a page is damaged");
  }
  mutable bool is_known_ = false;
};

class SpanSourceFake : public SpanSource {
 public:
  std::shared_ptr<const Snapshot> snapshot(std::string_view tenant, std::shared_ptr<ReadBudget> budget) override {
    if (on_snapshot) on_snapshot(*budget);
    Units units;
    if (auto found = units_.find(tenant); found != units_.end()) units = found->second;
    std::erase_if(units, [this](const auto& unit) {
      auto damaged = dynamic_cast<const DamagedUnit*>(unit.get());
      return damaged != nullptr && damaged->is_known() && !keeps_damaged;
    });
    return std::make_shared<Snapshot>(std::move(units), std::move(budget));
  }
  std::vector<std::string> tenants() override { return {}; }

  // A unit of the spans that `build` adds; it is the newest from now on.
  template <typename Kind = TableUnit>
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
    units.insert(units.begin(), std::make_shared<Kind>("unit" + std::to_string(units.size()), table, table->rows()));
  }

  // Called at the start of every query that reads.
  std::function<void(ReadBudget&)> on_snapshot;
  // A damaged unit that was read is still in later snapshots.
  bool keeps_damaged = false;

 private:
  using Units = std::vector<std::shared_ptr<const Unit>>;
  std::map<std::string, Units, std::less<>> units_;
};

}  // namespace clew::api
