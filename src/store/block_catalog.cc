#include "store/block_catalog.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/counters.h"
#include "base/json_text.h"
#include "base/log.h"

namespace clew::store {
namespace {

constexpr std::string_view kRoot = "tenants/";
constexpr std::string_view kBlocks = "blocks";
constexpr std::string_view kData = "data.parquet";
constexpr std::string_view kMeta = "meta.json";
constexpr int64_t kMetaFormat = 1;

std::string folder_of_block(std::string_view tenant, std::string_view id) {
  return fmt::format("{}{}/{}/{}/", kRoot, tenant, kBlocks, id);
}

// tenants/<tenant>/blocks/<id>/<file>
struct BlockKey {
  std::string tenant, id, file;
};
std::optional<BlockKey> parse_key(std::string_view key) {
  if (!key.starts_with(kRoot)) return std::nullopt;
  std::vector<std::string> parts;
  for (key.remove_prefix(kRoot.size()); !key.empty();) {
    size_t slash = key.find('/');
    parts.emplace_back(key.substr(0, slash));
    key.remove_prefix(slash == key.npos ? key.size() : slash + 1);
  }
  if (parts.size() != 4 || parts[1] != kBlocks) return std::nullopt;
  return BlockKey{parts[0], parts[2], parts[3]};
}

std::string encode_meta(const StoredBlock& block) {
  const BlockSummary& s = block.summary;
  std::string out = fmt::format(
      "{{\"format\":{},\"rows\":{},\"traces\":{},\"bytes\":{},\"min_start_ns\":\"{}\",\"max_end_ns\":\"{}\","
      "\"min_receive_ns\":\"{}\",\"max_receive_ns\":\"{}\",\"replaces\":[",
      kMetaFormat, s.rows, s.traces, s.bytes, s.min_start_ns, s.max_end_ns, s.min_receive_ns, s.max_receive_ns);
  for (size_t i = 0; i < block.replaces.size(); ++i) {
    if (i > 0) out += ",";
    append_json_string(out, block.replaces[i].text());
  }
  return out + "]}\n";
}

std::optional<SegmentName> parse_segment(const std::string& tenant, std::string_view text) {
  SegmentName name{tenant, 0, 0};
  const char* end = text.data() + text.size();
  auto lane = std::from_chars(text.data(), end, name.lane);
  if (lane.ec != std::errc{} || lane.ptr == end || *lane.ptr != '-') return std::nullopt;
  auto number = std::from_chars(lane.ptr + 1, end, name.number);
  if (number.ec != std::errc{} || number.ptr != end) return std::nullopt;
  return name;
}

Status decode_meta(std::string_view json, StoredBlock& out) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS)
    return corrupt("meta.json is not JSON");
  auto number = [&](const char* key, uint64_t& value) {
    if (root[key].get(value) == simdjson::SUCCESS) return true;
    std::string_view text;
    if (root[key].get(text) != simdjson::SUCCESS) return false;
    return std::from_chars(text.data(), text.data() + text.size(), value).ec == std::errc{};
  };
  uint64_t format = 0;
  BlockSummary& s = out.summary;
  if (!number("format", format) || format != kMetaFormat) return corrupt("meta.json has an unknown format");
  if (!number("rows", s.rows) || !number("traces", s.traces) || !number("bytes", s.bytes) ||
      !number("min_start_ns", s.min_start_ns) || !number("max_end_ns", s.max_end_ns) ||
      !number("min_receive_ns", s.min_receive_ns) || !number("max_receive_ns", s.max_receive_ns)) {
    return corrupt("meta.json lacks a count or time");
  }
  simdjson::dom::array replaces;
  if (root["replaces"].get(replaces) != simdjson::SUCCESS) return corrupt("meta.json lacks what the block replaces");
  for (auto element : replaces) {
    std::string_view text;
    auto name = element.get(text) == simdjson::SUCCESS ? parse_segment(out.tenant, text) : std::nullopt;
    if (!name) return corrupt("meta.json names no segment in what the block replaces");
    out.replaces.push_back(*name);
  }
  return {};
}

Counter& damaged_blocks() {
  static Counter& counter = gauge("clew_store_damaged_blocks", "Blocks that could not be opened.");
  return counter;
}

Status open_block(env::ObjectStore& objects, StoredBlock& block) {
  std::string folder = folder_of_block(block.tenant, block.id);
  ASSIGN_OR_RETURN(std::string meta, objects.get(folder + std::string(kMeta)));
  TRY(decode_meta(meta, block));
  ASSIGN_OR_RETURN(block.block, Block::open(objects, folder + std::string(kData)));
  return {};
}

}  // namespace

Result<Catalog> open_catalog(env::ObjectStore& objects, bool clean) {
  ASSIGN_OR_RETURN(auto keys, objects.list(std::string(kRoot)));
  std::map<std::pair<std::string, std::string>, std::vector<std::string>> folders;
  for (const std::string& key : keys) {
    if (auto parsed = parse_key(key)) folders[{parsed->tenant, parsed->id}].push_back(parsed->file);
  }
  Catalog catalog;
  for (const auto& [place, files] : folders) {
    auto block = std::make_shared<StoredBlock>();
    block->tenant = place.first;
    block->id = place.second;
    if (std::find(files.begin(), files.end(), kMeta) == files.end()) {
      if (!clean) continue;
      for (const std::string& file : files) TRY(objects.remove(folder_of_block(block->tenant, block->id) + file));
      log::info("an unfinished block was removed", {{"block", block->id}});
      continue;
    }
    Status opened = open_block(objects, *block);
    catalog.replaced.insert(block->replaces.begin(), block->replaces.end());
    if (opened) {
      catalog.blocks.push_back(std::move(block));
    } else {
      damaged_blocks().add();
      log::error("a block cannot be opened and is left out", {{"block", block->id}, {"reason", opened.error()}});
    }
  }
  return catalog;
}

Result<std::shared_ptr<const StoredBlock>> store_block(env::ObjectStore& objects, const std::string& tenant,
                                                       const std::string& id, std::vector<SegmentName> replaces,
                                                       const BlockSummary& summary, std::string_view bytes) {
  auto block = std::make_shared<StoredBlock>();
  block->tenant = tenant;
  block->id = id;
  block->replaces = std::move(replaces);
  block->summary = summary;
  std::string folder = folder_of_block(tenant, id);
  std::string data = folder + std::string(kData);
  TRY(objects.put(data, bytes));
  ASSIGN_OR_RETURN(block->block, Block::open(objects, data));
  TRY(objects.put(folder + std::string(kMeta), encode_meta(*block)));
  return std::shared_ptr<const StoredBlock>(std::move(block));
}

}  // namespace clew::store
