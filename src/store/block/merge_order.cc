#include "store/block/merge_order.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/huge_pages.h"
#include "store/block/block_unit.h"
#include "store/block/key_sort.h"
#include "store/block/trace_family.h"

namespace clew::store {
namespace {

// A trace of one input.
struct Part {
  TraceId id;
  uint32_t input = 0;
  uint32_t trace = 0;
  uint32_t row = 0;
  uint32_t rows = 0;
};

// What the output's order is made of: one part as it is, or a joined trace.
struct Entry {
  uint64_t start_ns;
  TraceId id;
  uint32_t part;
  uint32_t joined;
};
constexpr uint32_t kAlone = 0xffffffffU;

struct Joined {
  TraceRun trace;
  uint32_t runs_begin = 0, runs_end = 0;
};

// The cells of joined rows that order, duplicates, parents and summaries are found by.
struct Cells {
  std::vector<uint64_t> start, end, span, parent, received;
  std::vector<uint8_t> kind, is_error;
  std::vector<uint32_t> input, row;

  void resize(size_t rows) {
    for (auto* words : {&start, &end, &span, &parent, &received}) words->assign(rows, 0);
    for (auto* marks : {&kind, &is_error}) marks->assign(rows, 0);
    for (auto* places : {&input, &row}) places->assign(rows, 0);
  }
};

class Joiner {
 public:
  Joiner(std::span<const MergeInput> inputs, MergeOrder& order) : inputs_(inputs), order_(order) {}

  // The parts of one trace, by input. Nothing is read until kJoinedRows have come together, or flush().
  Status add(std::span<const Part> parts);
  Status flush();

  const std::vector<Joined>& joined() const { return joined_; }
  const std::vector<MergeRun>& runs() const { return runs_; }

 private:
  struct Piece {
    uint32_t input, row, rows, at;
  };
  struct Pending {
    TraceId id;
    uint32_t begin, end;  // of cells_
  };
  Status read(uint32_t input, std::span<const Piece> pieces);
  Status read_parents(const MergeInput& input, const PagedPieces& paged, std::span<const Piece> pieces);
  Status read_received(const MergeInput& input, const PagedPieces& paged);
  Status read_marks(const MergeInput& input, const PagedPieces& paged);
  void settle(const Pending& pending);
  void emit(TraceRun& trace, std::span<const FamilyMember> members);

  std::span<const MergeInput> inputs_;
  MergeOrder& order_;
  std::vector<Piece> pieces_;
  std::vector<Pending> pending_;
  uint32_t rows_ = 0;
  Cells cells_;
  std::vector<uint32_t> by_receipt_;
  TraceFamily family_;
  std::vector<FamilyMember> members_;
  std::vector<Joined> joined_;
  std::vector<MergeRun> runs_;
};

Status Joiner::add(std::span<const Part> parts) {
  uint32_t begin = rows_;
  for (const Part& part : parts) {
    pieces_.push_back({part.input, part.row, part.rows, rows_});
    rows_ += part.rows;
  }
  pending_.push_back({parts[0].id, begin, rows_});
  return rows_ >= kJoinedRows ? flush() : Status{};
}

Status Joiner::flush() {
  cells_.resize(rows_);
  std::ranges::sort(pieces_, {}, [](const Piece& piece) { return std::tuple(piece.input, piece.row); });
  for (size_t i = 0; i < pieces_.size();) {
    size_t end = i;
    while (end < pieces_.size() && pieces_[end].input == pieces_[i].input) ++end;
    TRY(read(pieces_[i].input, std::span<const Piece>(pieces_).subspan(i, end - i)));
    i = end;
  }
  for (const Pending& pending : pending_) settle(pending);
  pieces_.clear();
  pending_.clear();
  rows_ = 0;
  return {};
}

Status Joiner::read(uint32_t number, std::span<const Piece> pieces) {
  const MergeInput& input = inputs_[number];
  std::vector<MergePiece> rows;
  for (const Piece& piece : pieces) {
    rows.push_back({piece.row, piece.rows, piece.at});
    for (uint32_t i = 0; i < piece.rows; ++i) {
      cells_.input[piece.at + i] = number;
      cells_.row[piece.at + i] = piece.row + i;
    }
  }
  const PagedPieces paged = input.cut(std::move(rows));
  auto numbers = [&](uint32_t leaf, auto&& put) {
    return input.scan(leaf, paged, [&](uint32_t, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
      for (const MergePiece& piece : of_page) {
        for (uint32_t i = 0; i < piece.rows; ++i) {
          if (page.has(piece.row + i)) put(piece.out + i, static_cast<uint64_t>(page.numbers[piece.row + i]));
        }
      }
      return {};
    });
  };
  TRY(numbers(kStartLeaf, [&](uint32_t at, uint64_t value) { cells_.start[at] = value; }));
  TRY(numbers(kDurationLeaf, [&](uint32_t at, uint64_t value) { cells_.end[at] = cells_.start[at] + value; }));
  TRY(numbers(kSpanIdLeaf, [&](uint32_t at, uint64_t value) { cells_.span[at] = value; }));
  TRY(numbers(kParentIdLeaf, [&](uint32_t at, uint64_t value) { cells_.parent[at] = value; }));
  TRY(read_parents(input, paged, pieces));
  TRY(read_received(input, paged));
  return read_marks(input, paged);
}

// A parent's row is one of the same piece: its span id is known by now.
Status Joiner::read_parents(const MergeInput& input, const PagedPieces& paged, std::span<const Piece> pieces) {
  return input.scan(
      kParentRowLeaf, paged, [&](uint32_t, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
        for (const MergePiece& piece : of_page) {
          for (uint32_t i = 0; i < piece.rows; ++i) {
            if (!page.has(piece.row + i)) continue;
            uint32_t at = piece.out + i;
            uint32_t row = cells_.row[at];
            const Piece& whole = *(std::ranges::upper_bound(pieces, row, {}, &Piece::row) - 1);
            int64_t offset = page.numbers[piece.row + i] - whole.row;
            if (offset < 0 || offset >= whole.rows) {
              return std::unexpected(
                  input.file().in_leaf({ErrorCode::corruption, "a parent is outside its trace"}, kParentRowLeaf));
            }
            cells_.parent[at] = cells_.span[whole.at + static_cast<uint32_t>(offset)];
          }
        }
        return {};
      });
}

Status Joiner::read_received(const MergeInput& input, const PagedPieces& paged) {
  ValueDictionary values;
  CodeMap map(input, kReceivedLeaf, values);
  return input.scan(kReceivedLeaf, paged,
                    [&](uint32_t number, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
                      TRY(map.open(number));
                      for (const MergePiece& piece : of_page) {
                        for (uint32_t i = 0; i < piece.rows; ++i) {
                          cells_.received[piece.out + i] = map.entry(page.codes[piece.row + i]).scalar;
                        }
                      }
                      return {};
                    });
}

Status Joiner::read_marks(const MergeInput& input, const PagedPieces& paged) {
  auto marks = [&](uint32_t leaf, auto&& number_of, auto&& put) {
    ValueDictionary values;
    CodeMap map(input, leaf, values);
    return input.scan(leaf, paged,
                      [&](uint32_t number, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
                        TRY(map.open(number));
                        for (const MergePiece& piece : of_page) {
                          for (uint32_t i = 0; i < piece.rows; ++i) {
                            std::optional<int64_t> mark = number_of(map.entry(page.codes[piece.row + i]).text);
                            if (!mark) {
                              return std::unexpected(
                                  input.file().in_leaf({ErrorCode::corruption, "an entry is not of its kind"}, leaf));
                            }
                            put(piece.out + i, *mark);
                          }
                        }
                        return {};
                      });
  };
  TRY(marks(kKindLeaf, kind_number, [&](uint32_t at, int64_t kind) { cells_.kind[at] = static_cast<uint8_t>(kind); }));
  return marks(kStatusLeaf, status_number, [&](uint32_t at, int64_t status) {
    cells_.is_error[at] = status == static_cast<int64_t>(StatusCode::error);
  });
}

void Joiner::settle(const Pending& pending) {
  by_receipt_.resize(pending.end - pending.begin);
  std::iota(by_receipt_.begin(), by_receipt_.end(), pending.begin);
  std::ranges::sort(by_receipt_, {},
                    [&](uint32_t at) { return std::tuple(cells_.received[at], cells_.input[at], cells_.row[at]); });
  members_.clear();
  for (uint32_t at : by_receipt_) {
    members_.push_back({cells_.start[at], cells_.span[at], static_cast<uint32_t>(members_.size()), cells_.kind[at]});
  }
  uint32_t kept = family_.settle(members_);
  order_.duplicates += members_.size() - kept;
  std::span<const FamilyMember> members = std::span<const FamilyMember>(members_).first(kept);
  Joined joined;
  joined.trace.id = pending.id;
  joined.trace.spans = kept;
  joined.trace.start_ns = members[0].start_ns;
  joined.runs_begin = static_cast<uint32_t>(runs_.size());
  emit(joined.trace, members);
  joined.runs_end = static_cast<uint32_t>(runs_.size());
  joined_.push_back(joined);
}

void Joiner::emit(TraceRun& trace, std::span<const FamilyMember> members) {
  family_.meet(members);
  const size_t first_run = runs_.size();
  for (uint32_t i = 0; i < members.size(); ++i) {
    uint32_t at = by_receipt_[members[i].order];
    trace.end_ns = std::max({trace.end_ns, cells_.start[at], cells_.end[at]});
    trace.errors += cells_.is_error[at];
    uint64_t parent = cells_.parent[at];
    if (parent == 0 && trace.root == 0) trace.root = i + 1;
    uint32_t found = parent == 0 ? TraceFamily::kNobody : family_.parent_of(members, i, parent);
    auto parents_at = static_cast<uint32_t>(order_.parents.size());
    order_.parents.push_back(found == TraceFamily::kNobody ? 0 : static_cast<int32_t>(found) - static_cast<int32_t>(i));
    bool continues = runs_.size() > first_run && runs_.back().input == cells_.input[at] &&
                     runs_.back().row + runs_.back().rows == cells_.row[at];
    if (continues) {
      ++runs_.back().rows;
    } else {
      runs_.push_back({cells_.input[at], cells_.row[at], 1, parents_at});
    }
  }
}

class Merger {
 public:
  Merger(std::span<const MergeInput> inputs, const std::function<bool(size_t, TraceId)>& dropped)
      : inputs_(inputs), dropped_(dropped), joiner_(inputs, order_) {}

  Result<MergeOrder> run() {
    TRY(collect());
    TRY(join());
    reserve_large(order_.runs, entries_.size());
    reserve_large(order_.traces, entries_.size());
    emit_in_order();
    return std::move(order_);
  }

 private:
  Status collect() {
    uint64_t traces = 0;
    uint64_t rows = 0;
    for (const MergeInput& input : inputs_) {
      traces += input.traces().size();
      rows += input.file().rows();
    }
    if (rows > kMaxBlockRows) return invalid("the blocks to merge have more rows than a block may have: merge fewer");
    reserve_large(parts_, traces);
    for (uint32_t input = 0; input < inputs_.size(); ++input) {
      uint32_t row = 0;
      uint32_t number = 0;
      for (const TraceSummary& trace : inputs_[input].traces()) {
        if (!dropped_ || !dropped_(input, trace.id)) parts_.push_back({trace.id, input, number, row, trace.spans});
        ++number;
        row += trace.spans;
      }
    }
    return {};
  }

  // Parts of equal id side by side, by way of their hashes.
  Status join() {
    std::vector<KeyedItem> keys;
    reserve_large(keys, parts_.size());
    for (const Part& part : parts_) keys.push_back({part.id.hash() >> 32, static_cast<uint32_t>(keys.size())});
    sorter_.sort(keys);
    is_joined_.resize(parts_.size());
    std::vector<uint32_t> same;
    for (size_t i = 0; i < keys.size();) {
      size_t end = i + 1;
      while (end < keys.size() && keys[end].key == keys[i].key) ++end;
      if (end > i + 1) {
        same.clear();
        for (size_t k = i; k < end; ++k) same.push_back(keys[k].item);
        TRY(join_same(same));
      }
      i = end;
    }
    TRY(joiner_.flush());
    reserve_large(entries_, parts_.size());
    for (uint32_t part = 0; part < parts_.size(); ++part) {
      if (is_joined_[part] == 0) add_alone(part);
    }
    for (uint32_t i = 0; i < joiner_.joined().size(); ++i) {
      const TraceRun& trace = joiner_.joined()[i].trace;
      entries_.push_back({trace.start_ns, trace.id, 0, i});
    }
    return {};
  }

  // Of equal hash; of equal id, mostly.
  Status join_same(std::vector<uint32_t>& same) {
    std::ranges::sort(same, {}, [&](uint32_t part) { return std::tuple(parts_[part].id, parts_[part].input); });
    std::vector<Part> of_trace;
    for (size_t i = 0; i < same.size(); i += of_trace.size()) {
      of_trace.clear();
      for (size_t k = i; k < same.size() && parts_[same[k]].id == parts_[same[i]].id; ++k) {
        of_trace.push_back(parts_[same[k]]);
      }
      if (of_trace.size() == 1) continue;
      for (size_t k = i; k < i + of_trace.size(); ++k) is_joined_[same[k]] = 1;
      TRY(joiner_.add(of_trace));
    }
    return {};
  }

  // By start, and where starts are equal by id.
  void emit_in_order() {
    std::vector<KeyedItem> keys;
    reserve_large(keys, entries_.size());
    for (const Entry& entry : entries_) keys.push_back({entry.start_ns, static_cast<uint32_t>(keys.size())});
    sorter_.sort(keys);
    for (size_t i = 0; i < keys.size();) {
      size_t end = i + 1;
      while (end < keys.size() && keys[end].key == keys[i].key) ++end;
      if (end > i + 1) {
        std::ranges::sort(keys.begin() + static_cast<ptrdiff_t>(i), keys.begin() + static_cast<ptrdiff_t>(end), {},
                          [&](const KeyedItem& key) { return entries_[key.item].id; });
      }
      for (; i < end; ++i) emit(entries_[keys[i].item]);
    }
  }

  void add_alone(uint32_t part) {
    const Part& of = parts_[part];
    entries_.push_back({inputs_[of.input].traces()[of.trace].start_ns, of.id, part, kAlone});
  }

  void emit(const Entry& entry) {
    auto first_row = static_cast<uint32_t>(order_.rows);
    if (entry.joined != kAlone) {
      const Joined& joined = joiner_.joined()[entry.joined];
      order_.traces.push_back(joined.trace);
      for (uint32_t i = joined.runs_begin; i < joined.runs_end; ++i) order_.runs.push_back(joiner_.runs()[i]);
    } else {
      const Part& part = parts_[entry.part];
      const TraceSummary& trace = inputs_[part.input].traces()[part.trace];
      uint32_t root = trace.root_row == kNoRow ? 0 : trace.root_row - part.row + 1;
      order_.traces.push_back({trace.id, 0, trace.spans, trace.errors, root, trace.start_ns, trace.end_ns});
      bool continues = !order_.runs.empty() && order_.runs.back().input == part.input &&
                       order_.runs.back().parents_at == MergeRun::kOwnParents &&
                       order_.runs.back().row + order_.runs.back().rows == part.row;
      if (continues) {
        order_.runs.back().rows += part.rows;
      } else {
        order_.runs.push_back({part.input, part.row, part.rows, MergeRun::kOwnParents});
      }
    }
    order_.traces.back().first_row = first_row;
    order_.rows += order_.traces.back().spans;
  }

  std::span<const MergeInput> inputs_;
  const std::function<bool(size_t, TraceId)>& dropped_;
  MergeOrder order_;
  Joiner joiner_;
  std::vector<Part> parts_;
  std::vector<uint8_t> is_joined_;  // by part
  std::vector<Entry> entries_;
  KeySorter sorter_;
};

}  // namespace

Result<MergeOrder> order_merge(std::span<const MergeInput> inputs,
                               const std::function<bool(size_t, TraceId)>& dropped) {
  return Merger(inputs, dropped).run();
}

}  // namespace clew::store
