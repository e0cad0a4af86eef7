#include "store/block/merge_columns.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <tuple>

#include "base/check.h"
#include "base/huge_pages.h"

namespace clew::store {
namespace {

Scope scope_of_exact(uint32_t leaf) {
  switch (leaf) {
    case kResourceExactLeaf: return Scope::resource;
    case kInstrumentationExactLeaf: return Scope::instrumentation;
    case kEventExactLeaf: return Scope::event;
    case kLinkExactLeaf: return Scope::link;
    default: return Scope::span;
  }
}

bool is_flat_exact(uint32_t leaf) {
  return leaf == kSpanExactLeaf || leaf == kResourceExactLeaf || leaf == kInstrumentationExactLeaf;
}

template <typename OnPage>
void each_page(uint32_t rows, uint32_t page_rows, OnPage&& on_page) {
  for (uint32_t begin = 0; begin < rows; begin += page_rows) on_page(begin, std::min(rows - begin, page_rows));
}

// The numbers of a page that are there, and their presence bits from the page's begin.
struct PresentNumbers {
  std::vector<int64_t> numbers;
  std::vector<uint64_t> bits;
};

PresentNumbers present_of_page(std::span<const int64_t> numbers, std::span<const uint64_t> present, uint32_t begin,
                               uint32_t rows) {
  PresentNumbers out;
  out.bits.resize((rows + 63) / 64);
  for (uint32_t i = 0; i < rows; ++i) {
    if (!(present[(begin + i) / 64] >> (begin + i) % 64 & 1)) continue;
    out.bits[i / 64] |= uint64_t{1} << i % 64;
    out.numbers.push_back(numbers[begin + i]);
  }
  return out;
}

std::string number_bytes(int64_t value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

MergeColumns::MergeColumns(std::span<const MergeInput> inputs, const MergeOrder& order, const MergePlan& plan,
                           const MergeOptions& options)
    : inputs_(inputs),
      order_(order),
      plan_(plan),
      options_(options),
      values_(options.held_value_bytes),
      in_columns_(plan.keys().size()),
      in_residual_(plan.keys().size()) {}

LeafWriter MergeColumns::make_writer(const Leaf& leaf, const ValueDictionary* values, bool may_be_plain) const {
  LeafWriter writer(leaf, values, may_be_plain);
  writer.limit_pages(options_.block.max_page_bytes);
  writer.use_memory(memory_);
  if (values != nullptr) writer.sort_texts();
  return writer;
}

Status MergeColumns::add_chunk(LeafWriter& writer, std::string least, std::string greatest) {
  return assembly_->add_chunk(writer, std::move(least), std::move(greatest));
}

void MergeColumns::cut_pieces() {
  std::vector<std::vector<MergePiece>> pieces(inputs_.size());
  runs_.clear();
  for (uint32_t out = 0; out < rows_;) {
    MergeRun run = order_.runs[next_run_];
    run.row += taken_;
    if (run.parents_at != MergeRun::kOwnParents) run.parents_at += taken_;
    run.rows = std::min(run.rows - taken_, rows_ - out);
    runs_.push_back(run);
    pieces[run.input].push_back({run.row, run.rows, out});
    out += run.rows;
    taken_ += run.rows;
    if (taken_ == order_.runs[next_run_].rows) {
      ++next_run_;
      taken_ = 0;
    }
  }
  pieces_.clear();
  for (size_t input = 0; input < inputs_.size(); ++input)
    pieces_.push_back(inputs_[input].cut(std::move(pieces[input])));
}

Status MergeColumns::write_row_group(uint32_t rows, BlockAssembly& assembly) {
  rows_ = rows;
  assembly_ = &assembly;
  cut_pieces();
  equal_.emplace(inputs_);
  reserve_large(codes_, rows);
  reserve_large(numbers_, rows);
  reserve_large(more_numbers_, rows);
  reserve_large(memory_.payloads, rows * sizeof(uint64_t));
  assembly.begin_row_group(rows);
  TRY(write_traces());
  TRY(write_span_ids());
  TRY(write_parents());
  for (uint32_t leaf : {kStartLeaf, kDurationLeaf, kEndBeforeStartLeaf}) TRY(write_times(leaf));
  for (uint32_t leaf = kReceivedLeaf; leaf < kResidualKeyLeaf; ++leaf) TRY(write_coded(leaf));
  TRY(write_residual());
  for (uint32_t leaf : {kSpanExactLeaf, kResourceExactLeaf, kInstrumentationExactLeaf}) TRY(write_coded(leaf));
  TRY(write_list(ResidualPlace::event, kEventTimeLeaf, kEventExactLeaf));
  TRY(write_list(ResidualPlace::link, kLinkTraceLeaf, kLinkExactLeaf));
  for (uint32_t key : plan_.column_keys()) TRY(write_key(key));
  first_row_ += rows;
  return {};
}

Status MergeColumns::write_traces() {
  LeafWriter writer = make_writer(fixed_leaves()[kTraceIdLeaf], nullptr);
  uint32_t entries = 0;
  size_t entered = order_.traces.size();
  each_page(rows_, options_.block.page_rows, [&](uint32_t begin, uint32_t count) {
    std::vector<uint32_t> codes;
    std::string ids;
    for (uint32_t row = first_row_ + begin; row < first_row_ + begin + count; ++row) {
      while (row >= order_.traces[next_trace_].first_row + order_.traces[next_trace_].spans) ++next_trace_;
      if (entered != next_trace_) {
        entered = next_trace_;
        ++entries;
        ids += order_.traces[next_trace_].id.bytes();
      }
      codes.push_back(entries - 1);
    }
    writer.own_codes(codes, ids, entries);
  });
  return add_chunk(writer);
}

Status MergeColumns::collect(uint32_t leaf, std::vector<int64_t>& numbers, std::vector<uint64_t>* present) const {
  numbers.assign(rows_, 0);
  if (present != nullptr) present->assign((rows_ + 63) / 64, 0);
  for (size_t input = 0; input < inputs_.size(); ++input) {
    TRY(inputs_[input].scan(
        leaf, pieces_[input], [&](uint32_t, const LeafPage& page, std::span<const MergePiece> of_page) -> Status {
          const bool none =
              !page.present.empty() && std::ranges::all_of(page.present, [](uint64_t w) { return w == 0; });
          if (none) return {};
          for (const MergePiece& piece : of_page) {
            std::copy_n(page.numbers.data() + piece.row, piece.rows, numbers.data() + piece.out);
            if (present == nullptr) continue;
            for (uint32_t i = 0; i < piece.rows; ++i) {
              uint32_t out = piece.out + i;
              (*present)[out / 64] |= uint64_t{page.has(piece.row + i)} << out % 64;
            }
          }
          return {};
        }));
  }
  return {};
}

Status MergeColumns::write_span_ids() {
  constexpr size_t kIdBytes = 8;
  numbers_.resize(rows_);
  char* const ids = reinterpret_cast<char*>(numbers_.data());
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const BlockFile& file = inputs_[i].file();
    TRY(inputs_[i].scan_stored(
        kSpanIdLeaf, pieces_[i],
        [&](uint32_t page, std::string_view stored, std::span<const MergePiece> of_page) -> Status {
          ASSIGN_OR_RETURN(parquet::OpenPage open, read_fixed_page(file, kSpanIdLeaf, page, stored));
          for (const MergePiece& piece : of_page) {
            std::memcpy(ids + piece.out * kIdBytes, open.payload.data() + piece.row * kIdBytes, piece.rows * kIdBytes);
          }
          return {};
        }));
  }
  LeafWriter writer = make_writer(fixed_leaves()[kSpanIdLeaf], nullptr);
  each_page(rows_, options_.block.page_rows, [&](uint32_t begin, uint32_t count) {
    writer.fixed({ids + begin * kIdBytes, count * kIdBytes}, count, {});
  });
  return add_chunk(writer);
}

// Rows of this block, or -1.
Status MergeColumns::resolve_parents(std::vector<int64_t>& parents) {
  std::vector<uint64_t>& present = present_;
  TRY(collect(kParentRowLeaf, parents, &present));
  uint32_t out = 0;
  for (const MergeRun& run : runs_) {
    const int64_t row = int64_t{first_row_} + out;
    for (uint32_t i = 0; i < run.rows; ++i, ++out) {
      if (run.parents_at != MergeRun::kOwnParents) {
        int32_t offset = order_.parents[run.parents_at + i];
        parents[out] = offset == 0 ? -1 : row + i + offset;
      } else if (present[out / 64] >> out % 64 & 1) {
        // The whole trace has moved by as many rows.
        parents[out] += row - run.row;
        if (parents[out] < 0 || static_cast<uint64_t>(parents[out]) >= order_.rows) {
          return std::unexpected(inputs_[run.input].file().in_leaf(
              {ErrorCode::corruption, "a parent is outside its trace"}, kParentRowLeaf));
        }
      } else {
        parents[out] = -1;
      }
    }
  }
  return {};
}

Status MergeColumns::write_parents() {
  std::vector<int64_t>& parents = numbers_;
  std::vector<int64_t>& ids = more_numbers_;
  std::vector<uint64_t>& present = present_;
  TRY(resolve_parents(parents));
  TRY(collect(kParentIdLeaf, ids, &present));
  LeafWriter id_writer = make_writer(fixed_leaves()[kParentIdLeaf], nullptr);
  LeafWriter row_writer = make_writer(fixed_leaves()[kParentRowLeaf], nullptr);
  each_page(rows_, options_.block.page_rows, [&](uint32_t begin, uint32_t count) {
    std::vector<uint64_t> has_row((count + 63) / 64), has_id((count + 63) / 64);
    std::vector<int64_t> rows;
    std::string bytes;
    for (uint32_t i = 0; i < count; ++i) {
      uint32_t at = begin + i;
      if (parents[at] >= 0) {
        has_row[i / 64] |= uint64_t{1} << i % 64;
        rows.push_back(parents[at]);
      } else if (present[at / 64] >> at % 64 & 1) {
        has_id[i / 64] |= uint64_t{1} << i % 64;
        bytes += SpanId{static_cast<uint64_t>(ids[at])}.bytes();
      }
    }
    row_writer.numbers(rows, count, has_row);
    id_writer.fixed(bytes, count, has_id);
  });
  TRY(add_chunk(id_writer));
  return add_chunk(row_writer);
}

Status MergeColumns::write_times(uint32_t leaf) {
  std::vector<int64_t>& numbers = numbers_;
  std::vector<uint64_t>& present = present_;
  const bool optional = leaf == kEndBeforeStartLeaf;
  TRY(collect(leaf, numbers, optional ? &present : nullptr));
  LeafWriter writer = make_writer(fixed_leaves()[leaf], nullptr);
  each_page(rows_, options_.block.page_rows, [&](uint32_t begin, uint32_t count) {
    if (!optional) return writer.numbers(std::span<const int64_t>(numbers).subspan(begin, count), count, {});
    PresentNumbers page = present_of_page(numbers, present, begin, count);
    writer.numbers(page.numbers, count, page.bits);
  });
  if (leaf != kStartLeaf) return add_chunk(writer);
  auto [least, greatest] = std::ranges::minmax(numbers, {}, [](int64_t n) { return static_cast<uint64_t>(n); });
  if (greatest < 0) return add_chunk(writer);
  return add_chunk(writer, number_bytes(least), number_bytes(greatest));
}

void MergeColumns::note_received(const CodeStage& received) {
  for (uint32_t code = 0; code < received.values().size(); ++code) {
    uint64_t receive_ns = received.values().at(code).scalar;
    min_receive_ns_ = std::min(min_receive_ns_, receive_ns);
    max_receive_ns_ = std::max(max_receive_ns_, receive_ns);
  }
}

uint64_t MergeColumns::count_values(std::span<const MergePlan::Source> sources) const {
  uint64_t values = 0;
  for (const MergePlan::Source& source : sources) {
    const BlockFile& file = inputs_[source.input].file();
    uint32_t last = kNoRow;
    for (const PagedPieces::Page& page : pieces_[source.input].pages) {
      const uint32_t group = file.group_of_page(page.page);
      if (group != last) values += file.chunk(source.leaf, group).entries;
      last = group;
    }
  }
  return values;
}

Status MergeColumns::write_values(const Leaf& shape, std::span<const MergePlan::Source> sources,
                                  uint64_t* values_written) {
  values_.begin(shape.kind, rows_, count_values(sources));
  for (const MergePlan::Source& source : sources) {
    TRY(values_.add(inputs_[source.input], source.leaf, pieces_[source.input]));
  }
  LeafWriter writer = make_writer(shape, nullptr);
  values_.write(writer, options_.block.page_rows);
  if (values_written != nullptr) *values_written += writer.values_written();
  return add_chunk(writer);
}

Result<bool> MergeColumns::write_equal(const Leaf& shape, std::span<const MergePlan::Source> sources,
                                       uint64_t* values_written) {
  ASSIGN_OR_RETURN(const auto equal, equal_->find(shape, sources));
  if (!equal) return false;
  TRY(assembly_->add_equal_chunk(shape, equal->entries, equal->leaf, options_.block.max_page_bytes));
  if (values_written != nullptr) *values_written += equal->values;
  return true;
}

void MergeColumns::note_equal(uint32_t leaf, std::span<const MergePlan::Source> sources, const CodeStage& stage,
                              const LeafWriter& writer) {
  if (writer.has_given_dictionary()) equal_->add(leaf, writer.values_written(), sources, stage);
}

Status MergeColumns::write_coded(uint32_t leaf) {
  const Leaf& shape = fixed_leaves()[leaf];
  std::vector<MergePlan::Source> sources;
  for (uint32_t input = 0; input < inputs_.size(); ++input) sources.push_back({input, leaf});
  const bool only_copied = leaf != kReceivedLeaf && !is_flat_exact(leaf);
  if (only_copied) {
    if (count_values(sources) >= options_.many_values) return write_values(shape, sources, nullptr);
    ASSIGN_OR_RETURN(const bool done, write_equal(shape, sources, nullptr));
    if (done) return {};
  }
  CodeStage stage(rows_, {}, codes_);
  for (size_t i = 0; i < inputs_.size(); ++i) TRY(stage.add(inputs_[i], leaf, pieces_[i]));
  stage.settle();
  if (is_flat_exact(leaf)) {
    Scope scope = scope_of_exact(leaf);
    residual_->add_exact(scope, stage);
    TRY(count_exact(plan_, scope, stage.values(), stage.uses(), in_residual_));
  }
  if (leaf == kReceivedLeaf) note_received(stage);
  LeafWriter writer = make_writer(shape, &stage.values(), stage.is_mostly_distinct());
  if (stage.uses_all()) writer.uses_all_values();
  stage.write(writer, options_.block.page_rows);
  if (only_copied) note_equal(leaf, sources, stage, writer);
  return add_chunk(writer);
}

Status MergeColumns::write_residual() {
  residual_ = std::make_unique<MergeResidual>(plan_, rows_);
  for (uint32_t i = 0; i < inputs_.size(); ++i) TRY(residual_->add(inputs_[i], i, pieces_[i]));
  const auto& leaves = fixed_leaves();
  LeafWriter names = make_writer(leaves[kResidualKeyLeaf], &residual_->names());
  LeafWriter values = make_writer(leaves[kResidualValueLeaf], &residual_->values());
  residual_->write(names, values, options_.block.page_rows);
  residual_->count(in_residual_);
  TRY(add_chunk(names));
  return add_chunk(values);
}

Status MergeColumns::write_list(ResidualPlace place, uint32_t first_leaf, uint32_t exact_leaf) {
  bool any = true;
  for (uint32_t leaf = first_leaf; leaf <= exact_leaf; ++leaf) {
    const Leaf& shape = fixed_leaves()[leaf];
    ListStage stage(shape, rows_);
    // What the first leaf has no elements of, the others have none of either.
    for (size_t i = 0; any && i < inputs_.size(); ++i) TRY(stage.add(inputs_[i], leaf, pieces_[i]));
    any = !stage.is_empty();
    const bool numbers = leaf == kEventTimeLeaf || leaf == kLinkTraceLeaf || leaf == kLinkSpanLeaf;
    const uint64_t entries = stage.values().size();
    LeafWriter writer =
        make_writer(shape, numbers ? nullptr : &stage.values(), !numbers && is_mostly_distinct(entries, rows_));
    stage.write(writer, options_.block.page_rows);
    TRY(count_list(place, leaf, stage));
    TRY(add_chunk(writer));
  }
  return {};
}

Status MergeColumns::count_list(ResidualPlace place, uint32_t leaf, const ListStage& stage) {
  if (leaf == map_leaves(place).key) return count_map_names(plan_, place, stage.values(), stage.uses(), in_residual_);
  if (leaf == kEventExactLeaf || leaf == kLinkExactLeaf) {
    return count_exact(plan_, scope_of_exact(leaf), stage.values(), stage.uses(), in_residual_);
  }
  return {};
}

// Of values that have one way to be stored, and that no look-up is needed for, the stored form will do.
Leaf MergeColumns::as_stored(Leaf leaf) {
  if (leaf.kind == LeafKind::uuid) leaf.kind = LeafKind::fixed16;
  if (leaf.kind == LeafKind::hex) leaf.kind = LeafKind::bytes;
  return leaf;
}

Status MergeColumns::write_key(uint32_t number) {
  const MergePlan::Key& key = plan_.keys()[number];
  auto promoted = residual_->promoted(number);
  const bool packed = key.types[0] == ColumnType::uuid || key.types[0] == ColumnType::hex;
  const bool only_copied = promoted.empty() && key.types.size() == 1;
  const bool stored = only_copied && packed;
  const uint32_t first_leaf = key.leaf_of_type[static_cast<size_t>(key.types[0])];
  if (only_copied && key.types[0] != ColumnType::boolean) {
    const Leaf& shape = plan_.leaves()[first_leaf - kFixedLeaves];
    if (count_values(key.sources) >= options_.many_values) {
      return write_values(shape, key.sources, &in_columns_[number]);
    }
    ASSIGN_OR_RETURN(const bool done, write_equal(shape, key.sources, &in_columns_[number]));
    if (done) return {};
  }
  CodeStage stage(rows_,
                  {.form = stored ? CodeMap::Form::stored : CodeMap::Form::value,
                   .may_append = promoted.empty(),
                   .shares_rows = key.types.size() > 1},
                  codes_);
  for (const MergePlan::Source& source : key.sources) {
    TRY(stage.add(inputs_[source.input], source.leaf, pieces_[source.input]));
  }
  for (const MergeResidual::Promoted& one : promoted) stage.set(one.row, one.value);
  stage.settle();
  std::vector<uint32_t> leaf_of_code;
  if (key.types.size() > 1) {
    for (uint32_t code = 0; code < stage.values().size(); ++code) {
      leaf_of_code.push_back(key.leaf_of(stage.values().at(code)));
    }
  }
  for (ColumnType type : key.types) {
    uint32_t leaf = key.leaf_of_type[static_cast<size_t>(type)];
    const Leaf& shape = plan_.leaves()[leaf - kFixedLeaves];
    LeafWriter writer = make_writer(stored ? as_stored(shape) : shape, &stage.values(), stage.is_mostly_distinct());
    if (leaf_of_code.empty()) {
      if (stage.uses_all()) writer.uses_all_values();
      stage.write(writer, options_.block.page_rows);
    } else {
      stage.write(writer, options_.block.page_rows, leaf_of_code, leaf);
    }
    in_columns_[number] += writer.values_written();
    if (only_copied) note_equal(leaf, key.sources, stage, writer);
    TRY(add_chunk(writer));
  }
  return {};
}

std::vector<KeyEntry> MergeColumns::catalogue() const {
  std::vector<KeyEntry> out;
  for (size_t i = 0; i < plan_.keys().size(); ++i) {
    const MergePlan::Key& key = plan_.keys()[i];
    uint64_t occurrences = in_columns_[i] + in_residual_[i];
    // A column must have a name, even when the last rows with the key were left out.
    if (occurrences == 0 && !key.has_columns()) continue;
    KeyEntry entry{key.scope, key.name, occurrences, in_residual_[i], {}};
    for (ColumnType type : key.types) entry.columns.push_back({type, key.leaf_of_type[static_cast<size_t>(type)]});
    out.push_back(std::move(entry));
  }
  std::ranges::sort(out, {}, [](const KeyEntry& key) { return std::tuple(key.scope, std::string_view(key.name)); });
  return out;
}

}  // namespace clew::store
