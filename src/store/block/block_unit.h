// A block as one query sees it (column/unit.h). Codes: per attribute key the entries of its columns one after the
// other, each over all row groups, then those of its residual attributes; so one value may have several codes.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/check.h"
#include "column/unit.h"
#include "store/block/block.h"
#include "store/block/block_reads.h"

namespace clew::store {

class BlockUnit final : public Unit {
 public:
  BlockUnit(std::shared_ptr<const Block> block, std::shared_ptr<ReadBudget> budget);

  const std::string& name() const override { return file_.name(); }
  bool is_live() const override { return false; }
  uint32_t rows() const override { return file_.rows(); }
  uint32_t traces() const override { return static_cast<uint32_t>(file_.counts().traces); }
  uint32_t page_rows() const override { return file_.page_rows(); }
  uint64_t min_start_ns() const override { return file_.counts().min_start_ns; }
  uint64_t max_end_ns() const override { return file_.counts().max_end_ns; }
  uint64_t stored_bytes() const override { return file_.size(); }
  Result<std::vector<AttributeColumn>> attributes() const override;
  Result<std::optional<ColumnId>> attribute(Scope scope, std::string_view name) const override;
  bool is_multi(ColumnId column) const override;
  Result<uint32_t> entries(ColumnId column) const override;
  ValueView entry(ColumnId column, uint32_t code) const override;
  void entries_from(ColumnId column, uint32_t first, std::span<ValueView> out) const override;
  Result<uint64_t> text_numbers_from(ColumnId column, uint32_t first, std::span<uint32_t> out) const override;
  Result<ValueView> value(ColumnId column, uint32_t code) const override;
  Status find(ColumnId column, ValueView value, std::vector<uint32_t>& codes) const override;
  Status array_codes(ColumnId column, std::vector<uint32_t>& codes) const override;
  Result<std::unique_ptr<KnownCodes>> known_codes(ColumnId column, std::string_view question) const override;
  void keep_codes(ColumnId column, std::string_view question, const KnownCodes& known) const override;
  bool page_may_contain(ColumnId column, uint32_t page, std::span<const uint32_t> codes) const override;
  Status codes(ColumnId column, RowRange rows, uint32_t* out) const override;
  Status multi_codes(ColumnId column, RowRange rows, std::vector<uint32_t>& begins,
                     std::vector<uint32_t>& codes) const override;
  Status numbers(NumberColumn column, RowRange rows, int64_t* out) const override;
  std::pair<int64_t, int64_t> page_number_range(NumberColumn column, uint32_t page) const override;
  Status nested_numbers(NestedNumber column, RowRange rows, std::vector<uint32_t>& begins,
                        std::vector<int64_t>& values) const override;
  Status span_ids(RowRange rows, uint64_t* out) const override;
  Status parent_ids(RowRange rows, uint64_t* out) const override;
  Status trace_numbers(RowRange rows, uint32_t* out) const override;
  Result<std::optional<uint32_t>> find_trace(TraceId id) const override;
  Result<std::span<const TraceSummary>> summaries() const override;
  Result<TraceSummary> summary(uint32_t trace) const override { return reads_.summary(trace); }
  Result<TraceTimes> trace_times(uint32_t trace) const override { return reads_.trace_times(trace); }
  Result<TraceId> trace_id(uint32_t trace) const override { return reads_.trace_id(trace); }
  Result<uint32_t> first_row(uint32_t trace) const override;
  Result<uint32_t> traces_before(uint32_t row) const override;
  Result<uint64_t> latest_start_ns(uint32_t traces) const override;
  Status trace_rows(uint32_t trace, std::vector<uint32_t>& rows) const override;
  Result<bool> shares_span_ids(uint32_t trace) const override { return reads_.shares_span_ids(trace); }
  Result<std::span<const TraceId>> listed() const override;
  using Unit::copy_rows;
  Status copy_rows(std::span<const uint32_t> rows, const SpanParts& parts, SpanTable& out) const override;

 private:
  // What a column consists of.
  struct Part {
    uint32_t leaf;
    uint32_t code_base;
  };
  struct Column {
    std::vector<Part> parts;
    uint32_t key = kNoCode;  // of the catalogue, for attributes
    bool residual = false;
    uint32_t residual_base = 0;
    ResidualPlace place = ResidualPlace::span;
    uint32_t exact_leaf = 0;
  };
  // Whose dictionary it is; kNoRow for the values of a page.
  struct DictionaryPlace {
    uint32_t leaf;
    uint32_t group;
  };
  // All entries of a column, once entries() has read them: pieces of codes, in order.
  struct Entries {
    ColumnId id = 0;
    uint32_t count = 0;
    std::vector<uint32_t> begins;
    std::vector<const ValueList*> lists;               // null: booleans
    std::vector<DictionaryPlace> places;               // by list
    const std::vector<ValueView>* residual = nullptr;  // codes from residual_base on
    uint32_t residual_base = 0;
  };
  const Column& column(ColumnId id) const;
  Column make_column(ColumnId id) const;
  Result<const Entries*> load_entries(ColumnId id) const;
  const Entries* loaded_entries(ColumnId id) const;
  ValueView entry_in(const Entries& all, size_t piece, uint32_t code) const;
  Result<bool> may_be_residual(const Column& column, ValueView value) const;
  const PerLeaf<PageSets>* page_sets() const;  // null: they cannot be read
  std::pair<int64_t, int64_t> word_range(uint32_t leaf, uint32_t page) const;
  Result<const ResidualIndex*> residual(const Column& column) const;
  // Calls on_page(page, rows of the page that are wanted) for each page of the range.
  template <typename OnPage>
  Status each_page(RowRange rows, OnPage&& on_page) const;
  Status residual_codes(const Column& column, RowRange rows, uint32_t* out) const;
  Status event_names(RowRange rows, std::vector<uint32_t>& begins, std::vector<uint32_t>& codes) const;
  Status nested_codes(const Column& column, RowRange rows, std::vector<uint32_t>& begins,
                      std::vector<uint32_t>& codes) const;
  // The codes or numbers of rows of a page, as LeafPage has them.
  template <typename Cell, typename Narrow>
  Status page_cells(uint32_t leaf, uint32_t page, RowRange rows, std::vector<Cell> LeafPage::* decoded,
                    Narrow CachedPage::* cached, Cell* out) const;
  Status page_codes(uint32_t leaf, uint32_t page, uint32_t from, uint32_t count, uint32_t* out) const;
  Status page_numbers(uint32_t leaf, uint32_t page, uint32_t from, uint32_t count, int64_t* out) const;
  Status word_numbers(uint32_t leaf, RowRange rows, int64_t* out) const;
  Status parent_rows(RowRange rows, int64_t* out) const;

  const BlockFile& file_;
  mutable BlockReads reads_;
  mutable std::mutex entries_mutex_;
  mutable std::vector<std::unique_ptr<const Entries>> entries_;
  mutable std::atomic<const Entries*> last_entries_{nullptr};
  mutable std::vector<std::unique_ptr<const Column>> made_columns_;
  mutable std::vector<std::atomic<const Column*>> columns_;
  mutable std::atomic<const PerLeaf<PageSets>*> page_sets_{nullptr};
};

template <typename OnPage>
Status BlockUnit::each_page(RowRange rows, OnPage&& on_page) const {
  CHECK(rows.begin <= rows.end && rows.end <= file_.rows());
  while (rows.begin < rows.end) {
    uint32_t page = rows.begin / file_.page_rows();
    RowRange of_page = file_.rows_of_page(page);
    RowRange wanted{rows.begin, std::min(rows.end, of_page.end)};
    TRY(on_page(page, wanted.begin - of_page.begin, wanted.size()));
    rows.begin = wanted.end;
  }
  return {};
}

// The number that a text of the kind or status column stands for; none for other texts.
std::optional<int64_t> kind_number(std::string_view text);
std::optional<int64_t> status_number(std::string_view text);

}  // namespace clew::store
