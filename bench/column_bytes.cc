#include "column_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace clew::bench {
namespace {

using store::ChunkEncoding;
using store::SectionKind;

std::string_view name_of(SectionKind kind) {
  switch (kind) {
    case SectionKind::value_filter: return "index: value filters";
    case SectionKind::trace_facts: return "index: trace facts";
    case SectionKind::runs: return "index: runs";
    case SectionKind::trace_numbers: return "index: trace numbers";
    case SectionKind::listed: return "index: listed";
    case SectionKind::page_sets: return "index: page sets";
    case SectionKind::fingerprints: return "index: fingerprints";
    case SectionKind::keys: return "index: keys";
    case SectionKind::pages: return "index: pages";
    case SectionKind::page_ranges: return "index: page ranges";
    case SectionKind::counts: return "index: counts";
  }
  return "index";
}

std::string_view name_of(ChunkEncoding encoding) {
  switch (encoding) {
    case ChunkEncoding::dictionary: return "dictionary";
    case ChunkEncoding::plain: return "plain";
    case ChunkEncoding::numbers: return "numbers";
  }
  return "";
}

}  // namespace

std::vector<ColumnBytes> bytes_by_column(const store::Block& block) {
  const store::BlockFile& file = block.file();
  std::vector<ColumnBytes> out;
  uint64_t rest = file.size();
  auto add = [&](std::string column, std::string_view encoding, uint64_t bytes) {
    out.push_back({std::move(column), std::string(encoding), bytes});
    rest -= bytes;
  };
  for (uint32_t leaf = 0; leaf < file.leaves().size(); ++leaf) {
    uint64_t bytes = 0;
    for (uint32_t group = 0; group < file.groups(); ++group) {
      const auto& chunk = file.chunk(leaf, group);
      bytes += chunk.dictionary_bytes + chunk.page_offsets.back() - chunk.page_offsets.front();
    }
    std::string name;
    for (const std::string& part : file.leaves()[leaf].path) {
      if (part != "list" && part != "element" && part != "key_value") name += (name.empty() ? "" : ".") + part;
    }
    add(std::move(name), file.groups() == 0 ? "" : name_of(file.chunk(leaf, 0).encoding), bytes);
  }
  uint64_t filters = 0;
  for (uint32_t leaf = 0; leaf < file.leaves().size(); ++leaf) {
    for (uint32_t group = 0; group < file.groups(); ++group) {
      if (const auto* filter = file.find_section({SectionKind::value_filter, leaf, group})) {
        filters += filter->stored_bytes;
      }
    }
  }
  add(std::string(name_of(SectionKind::value_filter)), "", filters);
  for (auto kind = SectionKind::trace_facts; kind <= SectionKind::counts;
       kind = static_cast<SectionKind>(static_cast<uint32_t>(kind) + 1)) {
    if (const auto* section = file.find_section({kind})) add(std::string(name_of(kind)), "", section->stored_bytes);
  }
  out.push_back({"footer, index directory", "", rest});
  return out;
}

std::string column_table(const store::Block& sealed, const store::Block& merged) {
  struct Row {
    double sealed = 0, merged = 0;
    std::string sealed_as, merged_as;
  };
  std::map<std::string, Row> rows;
  auto per_span = [](const store::Block& block, uint64_t bytes) {
    return static_cast<double>(bytes) / static_cast<double>(block.counts().rows);
  };
  for (const ColumnBytes& of : bytes_by_column(sealed)) {
    rows[of.column].sealed += per_span(sealed, of.bytes);
    rows[of.column].sealed_as = of.encoding;
  }
  for (const ColumnBytes& of : bytes_by_column(merged)) {
    rows[of.column].merged += per_span(merged, of.bytes);
    rows[of.column].merged_as = of.encoding;
  }
  std::vector<std::pair<std::string, Row>> sorted(rows.begin(), rows.end());
  std::ranges::stable_sort(sorted, std::greater(), [](const auto& row) { return row.second.merged; });
  std::string out = "| column | sealed | as | merged | as |\n|---|---|---|---|---|\n";
  Row small;
  for (const auto& [name, row] : sorted) {
    if (std::max(row.sealed, row.merged) < 0.005) {
      small.sealed += row.sealed;
      small.merged += row.merged;
      continue;
    }
    out +=
        fmt::format("| {} | {:.2f} | {} | {:.2f} | {} |\n", name, row.sealed, row.sealed_as, row.merged, row.merged_as);
  }
  return out + fmt::format("| all others | {:.2f} | | {:.2f} | |\n", small.sealed, small.merged);
}

}  // namespace clew::bench
