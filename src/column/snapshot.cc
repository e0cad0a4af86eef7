#include "column/snapshot.h"

#include <algorithm>

#include "column/recode.h"

namespace clew {
namespace {

// The same spans without repetitions: of equal (trace, span id, kind) the one received first, then the one met first.
std::shared_ptr<SpanTable> without_duplicates(std::shared_ptr<SpanTable> table) {
  uint32_t rows = table->rows();
  std::vector<uint32_t> order(rows);
  for (uint32_t i = 0; i < rows; ++i) order[i] = i;
  auto identity = [&](uint32_t i) { return std::tuple(table->trace_of(i), table->span(i), table->kind(i)); };
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return std::tuple_cat(identity(a), std::tuple(table->receive_ns(a), a)) <
           std::tuple_cat(identity(b), std::tuple(table->receive_ns(b), b));
  });
  auto last =
      std::unique(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return identity(a) == identity(b); });
  if (last == order.end()) return table;
  order.erase(last, order.end());
  std::sort(order.begin(), order.end());
  auto kept = std::make_shared<SpanTable>();
  Recoder recoder(table->vocabulary, kept->vocabulary);
  std::vector<uint32_t> words;
  for (uint32_t i : order) {
    words.clear();
    SpanRow row = recoder.row(table->row(i), table->words(i), words);
    kept->append(row, words);
  }
  kept->publish();
  return kept;
}

}  // namespace

Result<std::vector<std::span<const TraceId>>> Snapshot::listed() const {
  std::vector<std::span<const TraceId>> out;
  out.reserve(units_.size());
  for (const auto& unit : units_) {
    ASSIGN_OR_RETURN(auto ids, unit->listed());
    if (!ids.empty()) out.push_back(ids);
  }
  return out;
}

Result<std::shared_ptr<const SpanTable>> Snapshot::gather(std::span<const TraceId> ids, const SpanParts& parts) const {
  auto table = std::make_shared<SpanTable>();
  std::vector<uint32_t> rows;
  std::vector<uint32_t> wanted;
  for (const auto& unit : units_) {
    wanted.clear();
    for (TraceId id : ids) {
      ASSIGN_OR_RETURN(auto trace, unit->find_trace(id));
      if (!trace) continue;
      TRY(unit->trace_rows(*trace, rows));
      wanted.insert(wanted.end(), rows.begin(), rows.end());
    }
    if (!wanted.empty()) TRY(unit->copy_rows(wanted, parts, *table));
  }
  table->publish();
  return std::shared_ptr<const SpanTable>(without_duplicates(std::move(table)));
}

}  // namespace clew
