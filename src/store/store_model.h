// What a store must show, for tests that break it on purpose: of every span that was ever sent, whether it must be
// there, may be there, or must not. The texts are those of spans_fixture.h.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "store/spans_fixture.h"
#include "store/store.h"

namespace clew::store {

class StoreModel {
 public:
  // Before a batch is handed over: from now on its spans may be there.
  void sending(const SpanBatch& batch) {
    SpanTexts texts;
    collect(batch, texts);
    for (auto& [key, text] : texts) {
      Span& span = spans_[key];
      span.texts.insert(std::move(text));
      if (span.fate == Fate::gone) span.fate = Fate::may_go;  // sent again
      for (Unsettled& erasure : unsettled_) {
        if (erasure.kept.erase(key) > 0) erasure.repeated.insert(key);
      }
    }
  }
  void acknowledged(const SpanBatch& batch) {
    for (const SpanRow& row : batch.rows) {
      Span& span = spans_[{row.trace, row.span}];
      // A retry of what retention, damage or an erasure took meanwhile may have been known, and not stored again.
      if (span.fate == Fate::unknown) span.fate = Fate::kept;
    }
  }
  // Retention or damage may take what there is so far; may_repeat: and a retry of it may be stored beside it.
  void may_go(bool may_repeat = false) {
    for (auto& [key, span] : spans_) {
      if (span.fate != Fate::gone) span.fate = Fate::may_go;
      span.may_repeat = span.may_repeat || may_repeat;
    }
  }
  // What is not there now never comes back.
  void settle(const SpanTexts& found) {
    for (auto& [key, span] : spans_) {
      if (span.fate == Fate::may_go && !found.contains(key)) span.fate = Fate::gone;
    }
  }

  // The answer to an erasure of these traces: of what was sent before it nothing is ever there again.
  void erased(std::span<const TraceId> ids) {
    const std::set<TraceId> traces(ids.begin(), ids.end());
    for (auto& [key, span] : spans_) {
      if (!traces.contains(key.first)) continue;
      span.fate = Fate::gone;
      span.texts.clear();
    }
  }
  // An erasure that failed: all of it is in effect from the next start on, or nothing.
  void may_be_erased(std::span<const TraceId> ids) {
    Unsettled erasure;
    const std::set<TraceId> traces(ids.begin(), ids.end());
    for (auto& [key, span] : spans_) {
      if (!traces.contains(key.first)) continue;
      if (span.fate == Fate::kept) erasure.kept.insert(key);
      if (span.fate == Fate::unknown) span.fate = Fate::may_go;
    }
    unsettled_.push_back(std::move(erasure));
  }
  bool is_erasure_unsettled() const { return !unsettled_.empty(); }
  // After a start: which of the erasures that failed are in effect.
  testing::AssertionResult settle_erasures(const SpanTexts& found) {
    auto count_kept = [&](const Unsettled& erasure, bool present) {
      return std::ranges::count_if(erasure.kept, [&](const Key& key) {
        return spans_.at(key).fate == Fate::kept && found.contains(key) == present;
      });
    };
    // One that is in effect may have taken a part of what another names.
    for (const Unsettled& erasure : unsettled_) {
      if (count_kept(erasure, true) > 0) continue;
      for (const Key& key : erasure.kept) {
        Span& span = spans_.at(key);
        if (span.fate != Fate::kept) continue;
        span.fate = Fate::gone;
        span.texts.clear();
      }
      for (const Key& key : erasure.repeated) {
        Span& span = spans_.at(key);
        if (span.fate == Fate::kept) span.fate = Fate::may_go;
      }
    }
    for (const Unsettled& erasure : unsettled_) {
      if (count_kept(erasure, false) > 0) return testing::AssertionFailure() << "an erasure took a part of its spans";
    }
    unsettled_.clear();
    return testing::AssertionSuccess();
  }

  size_t size() const { return spans_.size(); }
  std::vector<TraceId> traces() const {
    std::vector<TraceId> ids;
    for (const auto& [key, span] : spans_) {
      if (ids.empty() || ids.back() != key.first) ids.push_back(key.first);
    }
    return ids;
  }
  // So many of the spans that must or might have been there are not.
  size_t missing(const SpanTexts& found) const {
    return static_cast<size_t>(
        std::ranges::count_if(spans_, [&](const auto& entry) { return !found.contains(entry.first); }));
  }

  // Everything that is found was sent, and everything that must be there is.
  testing::AssertionResult allows(const SpanTexts& found) const {
    for (const auto& [key, text] : found) {
      auto sent = spans_.find(key);
      if (sent == spans_.end() || !sent->second.texts.contains(text)) {
        return testing::AssertionFailure() << "never sent: " << text;
      }
      if (sent->second.fate == Fate::gone) return testing::AssertionFailure() << "came back: " << text;
    }
    for (const auto& [key, span] : spans_) {
      if (span.fate == Fate::kept && !found.contains(key)) {
        return testing::AssertionFailure() << "lost: " << *span.texts.begin();
      }
    }
    return testing::AssertionSuccess();
  }
  bool may_repeat(const std::pair<TraceId, uint64_t>& key) const {
    auto sent = spans_.find(key);
    return sent != spans_.end() && sent->second.may_repeat;
  }

 private:
  enum class Fate : uint8_t { unknown, kept, may_go, gone };
  using Key = std::pair<TraceId, uint64_t>;
  struct Span {
    std::set<std::string> texts;  // as it was sent, by receive time
    Fate fate = Fate::unknown;
    bool may_repeat = false;
  };
  struct Unsettled {
    std::set<Key> kept;      // that must have been there, and were not sent again since
    std::set<Key> repeated;  // that were: as something new, or as a repetition of what is erased
  };
  std::map<Key, Span> spans_;
  std::vector<Unsettled> unsettled_;
};

// All rows of all units, each of them once; and of the parts of a trace at most one is not listed.
inline testing::AssertionResult read_all_units(SpanSource& source, std::string_view tenant, const StoreModel& model,
                                               SpanTexts& found) {
  auto snapshot = source.snapshot(tenant, std::make_shared<ReadBudget>());
  std::map<TraceId, int> unlisted;
  for (const auto& unit : snapshot->units()) {
    std::vector<uint32_t> rows(unit->rows());
    for (uint32_t i = 0; i < rows.size(); ++i) rows[i] = i;
    SpanTable table;
    if (Status copied = unit->copy_rows(rows, table); !copied) {
      return testing::AssertionFailure() << unit->name() << ": " << copied.error().message;
    }
    table.publish();
    SpanTexts texts;
    collect(table, texts);
    if (texts.size() != rows.size()) return testing::AssertionFailure() << unit->name() << " repeats a span";
    for (auto& [key, text] : texts) {
      if (!found.emplace(key, text).second && !model.may_repeat(key)) {
        return testing::AssertionFailure() << unit->name() << " has what another unit has: " << text;
      }
    }
    auto summaries = unit->summaries();
    auto listed = unit->listed();
    if (!summaries || !listed) return testing::AssertionFailure() << unit->name() << ": no summaries or list";
    for (const TraceSummary& trace : *summaries) {
      unlisted[trace.id] += !std::ranges::binary_search(*listed, trace.id);
      if (unlisted[trace.id] > 1) {
        return testing::AssertionFailure() << "two parts of trace " << trace.id.hex() << " are not listed";
      }
    }
  }
  return testing::AssertionSuccess();
}

inline Result<SpanTexts> gathered(SpanSource& source, std::string_view tenant, std::span<const TraceId> ids) {
  auto snapshot = source.snapshot(tenant, std::make_shared<ReadBudget>());
  ASSIGN_OR_RETURN(auto table, snapshot->gather(ids));
  SpanTexts out;
  collect(*table, out);
  return out;
}

}  // namespace clew::store
