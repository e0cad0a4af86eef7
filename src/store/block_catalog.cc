#include "store/block_catalog.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>

#include "base/counters.h"
#include "base/crc32c.h"
#include "base/json_text.h"
#include "base/log.h"
#include "store/masked_unit.h"
#include "store/read_again.h"

namespace clew::store {
namespace {

constexpr std::string_view kRoot = "tenants/";
constexpr std::string_view kBlocks = "blocks";
constexpr std::string_view kData = "data.parquet";
constexpr std::string_view kDisplaced = "displaced.parquet";
constexpr std::string_view kParquet = ".parquet";
constexpr std::string_view kMeta = "meta.json";
// Format 1 had no checksum.
constexpr uint64_t kFirstMetaFormatWithCrc = 2;
constexpr std::string_view kMetaCrc = ",\"crc\":\"";

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

std::string file_of_part(bool displaced) {
  return std::string(displaced ? kDisplaced : kData);
}
std::string unit_of_part(const std::string& id, std::string_view file) {
  return file == kDisplaced ? id + "-displaced" : id;
}

void append_part(std::string& out, const BlockPart& part) {
  const BlockSummary& s = part.summary;
  out += "{\"file\":";
  append_json_string(out, part.file);
  out += fmt::format(
      ",\"rows\":{},\"traces\":{},\"bytes\":{},\"min_start_ns\":\"{}\",\"max_end_ns\":\"{}\","
      "\"min_receive_ns\":\"{}\",\"max_receive_ns\":\"{}\"}}",
      s.rows, s.traces, s.bytes, s.min_start_ns, s.max_end_ns, s.min_receive_ns, s.max_receive_ns);
}

std::string encode_meta(const StoredBlock& block) {
  std::string out = fmt::format("{{\"format\":{},\"replaces\":[", kMetaFormat);
  for (size_t i = 0; i < block.replaces.size(); ++i) {
    if (i > 0) out += ",";
    append_json_string(out, block.replaces[i].text());
  }
  if (!block.replaces_blocks.empty()) out += "],\"replaces_blocks\":[";
  for (size_t i = 0; i < block.replaces_blocks.size(); ++i) {
    if (i > 0) out += ",";
    append_json_string(out, block.replaces_blocks[i]);
  }
  out += "],";
  if (block.erased_until > 0) out += fmt::format("\"erased_until\":{},", block.erased_until);
  out += "\"parts\":[";
  for (size_t i = 0; i < block.parts.size(); ++i) {
    if (i > 0) out += ",";
    append_part(out, block.parts[i]);
  }
  out += "]";
  // Of everything before it.
  const uint32_t crc = crc32c(out);
  return out + fmt::format("{}{:08x}\"}}\n", kMetaCrc, crc);
}

// False when there is one and it is wrong.
bool has_right_crc(std::string_view json, bool& there) {
  const size_t at = json.rfind(kMetaCrc);
  there = at != json.npos;
  return !there || json.substr(at + kMetaCrc.size()).starts_with(fmt::format("{:08x}\"}}", crc32c(json.substr(0, at))));
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

bool read_number(simdjson::dom::element from, const char* key, uint64_t& value) {
  if (from[key].get(value) == simdjson::SUCCESS) return true;
  std::string_view text;
  if (from[key].get(text) != simdjson::SUCCESS) return false;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

Result<BlockPart> decode_part(simdjson::dom::element from, const std::string& id) {
  BlockPart part;
  std::string_view file;
  if (from["file"].get(file) != simdjson::SUCCESS || (file != kData && file != kDisplaced)) {
    return corrupt("meta.json names an unknown file");
  }
  part.file = std::string(file);
  part.unit = unit_of_part(id, file);
  BlockSummary& s = part.summary;
  bool whole = read_number(from, "rows", s.rows) && read_number(from, "traces", s.traces) &&
               read_number(from, "bytes", s.bytes) && read_number(from, "min_start_ns", s.min_start_ns) &&
               read_number(from, "max_end_ns", s.max_end_ns) && read_number(from, "min_receive_ns", s.min_receive_ns) &&
               read_number(from, "max_receive_ns", s.max_receive_ns);
  if (!whole) return corrupt("meta.json lacks a count or time of " + part.file);
  return part;
}

// Most blocks replace none, and say nothing of it.
Status decode_replaced_blocks(simdjson::dom::element root, StoredBlock& out) {
  simdjson::dom::element member;
  if (root["replaces_blocks"].get(member) != simdjson::SUCCESS) return {};
  simdjson::dom::array ids;
  if (member.get(ids) != simdjson::SUCCESS) return corrupt("replaces_blocks in meta.json is no list");
  for (auto element : ids) {
    std::string_view id;
    if (element.get(id) != simdjson::SUCCESS) return corrupt("meta.json names no block in replaces_blocks");
    out.replaces_blocks.emplace_back(id);
  }
  return {};
}

Status decode_meta(std::string_view json, StoredBlock& out) {
  bool has_crc = false;
  if (!has_right_crc(json, has_crc)) return corrupt("meta.json has another checksum than it says");
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  if (parser.parse(simdjson::padded_string(json)).get(root) != simdjson::SUCCESS) {
    return corrupt("meta.json is not JSON");
  }
  uint64_t format = 0;
  if (!read_number(root, "format", format) || format == 0) return corrupt("meta.json does not say its format");
  if (!has_crc && format >= kFirstMetaFormatWithCrc) return corrupt("meta.json lacks its checksum");
  if (format > kMetaFormat) {
    return fail(ErrorCode::failed_precondition,
                "block " + out.id + " was written by a later version of Clew: start that one, or move it away");
  }
  simdjson::dom::array replaces;
  if (root["replaces"].get(replaces) != simdjson::SUCCESS) return corrupt("meta.json lacks what the block replaces");
  for (auto element : replaces) {
    std::string_view text;
    auto name = element.get(text) == simdjson::SUCCESS ? parse_segment(out.tenant, text) : std::nullopt;
    if (!name) return corrupt("meta.json names no segment in what the block replaces");
    out.replaces.push_back(*name);
  }
  TRY(decode_replaced_blocks(root, out));
  if (simdjson::dom::element member;
      root["erased_until"].get(member) == simdjson::SUCCESS && !read_number(root, "erased_until", out.erased_until)) {
    return corrupt("erased_until in meta.json is no number");
  }
  simdjson::dom::array parts;
  if (root["parts"].get(parts) != simdjson::SUCCESS) return corrupt("meta.json lacks the parts of the block");
  for (auto element : parts) {
    ASSIGN_OR_RETURN(BlockPart part, decode_part(element, out.id));
    out.parts.push_back(std::move(part));
  }
  return {};
}

void report_damage(const StoredBlock& block) {
  if (!block.damage.empty() && block.parts.empty()) report_damaged_unit(block.id, block.damage);
  for (const BlockPart& part : block.parts) {
    if (!part.damage.empty()) report_damaged_unit(part.unit, part.damage);
  }
}

void open_parts(env::ObjectStore& objects, StoredBlock& block) {
  if (!block.damage.empty()) return;
  for (BlockPart& part : block.parts) {
    const std::string key = folder_of_block(block.tenant, block.id) + part.file;
    auto opened = read_again([&] { return Block::open(objects, key); });
    if (opened) {
      part.block = std::move(*opened);
    } else {
      part.damage = opened.error().message;
    }
  }
}

Status read_meta(env::ObjectStore& objects, StoredBlock& block) {
  const std::string key = folder_of_block(block.tenant, block.id) + std::string(kMeta);
  ASSIGN_OR_RETURN(std::string meta, read_again([&] { return objects.get(key); }));
  return decode_meta(meta, block);
}

Status remove_data(env::ObjectStore& objects, const StoredBlock& block) {
  for (const BlockPart& part : block.parts) {
    TRY(objects.remove(folder_of_block(block.tenant, block.id) + part.file));
  }
  return {};
}

// Files of a block's folder that its meta does not name.
Status remove_rests(env::ObjectStore& objects, const StoredBlock& block, const std::vector<std::string>& files) {
  for (const std::string& file : files) {
    bool named = std::ranges::any_of(block.parts, [&](const BlockPart& part) { return part.file == file; });
    if (named || !file.ends_with(kParquet)) continue;
    TRY(objects.remove(folder_of_block(block.tenant, block.id) + file));
    log::info("the rest of a removed block was removed", {{"block", block.id}, {"file", file}});
  }
  return {};
}

// The files of a block's folder, by tenant and id.
using Folders = std::map<std::pair<std::string, std::string>, std::vector<std::string>>;
Result<Folders> list_folders(env::ObjectStore& objects) {
  ASSIGN_OR_RETURN(auto keys, objects.list(std::string(kRoot)));
  Folders out;
  for (const std::string& key : keys) {
    if (auto parsed = parse_key(key)) out[{parsed->tenant, parsed->id}].push_back(parsed->file);
  }
  return out;
}

bool has_meta(const std::vector<std::string>& files) {
  return std::ranges::find(files, kMeta) != files.end();
}

using BlocksByName = std::map<std::pair<std::string, std::string>, std::shared_ptr<StoredBlock>>;

// How much is out of reach with a meta. What the block replaces is not known, so its rows may be in the log as well,
// and are not shown.
void count_parts(env::ObjectStore& objects, const std::vector<std::string>& files, StoredBlock& block) {
  block.parts.clear();
  for (const std::string& file : files) {
    if (!file.ends_with(kParquet)) continue;
    BlockPart& part = block.parts.emplace_back();
    part.file = file;
    part.unit = unit_of_part(block.id, file);
    part.damage = block.damage;
    auto opened = Block::open(objects, folder_of_block(block.tenant, block.id) + file);
    if (!opened) continue;
    part.summary.rows = (*opened)->counts().rows;
    part.summary.traces = (*opened)->counts().traces;
    part.summary.bytes = (*opened)->bytes();
  }
}

// Metas only; one that cannot be read is noted as damage.
Result<BlocksByName> read_metas(env::ObjectStore& objects, const Folders& folders) {
  BlocksByName out;
  for (const auto& [place, files] : folders) {
    if (!has_meta(files)) continue;
    auto block = std::make_shared<StoredBlock>();
    block->tenant = place.first;
    block->id = place.second;
    Status read = read_meta(objects, *block);
    if (!read && read.error().code == ErrorCode::failed_precondition) return std::unexpected(read.error());
    if (!read) {
      block->damage = read.error().message;
      block->replaces_blocks.clear();
      count_parts(objects, files, *block);
    }
    out.emplace(place, std::move(block));
  }
  return out;
}

bool has_damage(const StoredBlock& block) {
  return !block.damage.empty() ||
         std::ranges::any_of(block.parts, [](const auto& part) { return !part.damage.empty(); });
}

// A block that cannot be opened replaces nothing that is still there: what it was made of is used instead. With all of
// that there, the block itself is out of the way.
Status give_back_replaced(env::ObjectStore& objects, BlocksByName& blocks, bool clean) {
  std::vector<std::shared_ptr<StoredBlock>> merged;
  for (const auto& [place, block] : blocks) {
    if (!block->replaces_blocks.empty()) merged.push_back(block);
  }
  for (const auto& block : merged) {
    size_t present = static_cast<size_t>(std::ranges::count_if(
        block->replaces_blocks, [&](const std::string& id) { return blocks.contains({block->tenant, id}); }));
    if (present == 0) continue;
    StoredBlock tried = *block;
    open_parts(objects, tried);
    if (!has_damage(tried)) continue;
    log::error("a block made of others is damaged; those that are still there are used instead",
               {{"block", block->id}, {"others", present}});
    bool all_present = present == block->replaces_blocks.size();
    block->replaces_blocks.clear();
    if (!all_present) continue;
    blocks.erase({block->tenant, block->id});
    if (clean) TRY(remove_block(objects, *block));
  }
  return {};
}

// Also what it replaces itself, first: without its meta that would come back.
Status remove_replaced(env::ObjectStore& objects, BlocksByName& blocks, const std::shared_ptr<StoredBlock>& by) {
  for (const std::string& id : by->replaces_blocks) {
    auto found = blocks.find({by->tenant, id});
    if (found == blocks.end() || found->second == by) continue;
    const std::shared_ptr<StoredBlock> block = found->second;
    blocks.erase(found);
    TRY(remove_replaced(objects, blocks, block));
    TRY(remove_block(objects, *block));
    log::info("a block that another replaces was removed", {{"block", id}, {"replaced_by", by->id}});
  }
  return {};
}

Status remove_rests(env::ObjectStore& objects, const Folders& folders, BlocksByName& blocks) {
  for (const auto& [place, files] : folders) {
    if (has_meta(files)) continue;
    for (const std::string& file : files) TRY(objects.remove(folder_of_block(place.first, place.second) + file));
    log::info("an unfinished block was removed", {{"block", place.second}});
  }
  std::vector<std::shared_ptr<StoredBlock>> all;
  for (const auto& [place, block] : blocks) all.push_back(block);
  for (const auto& block : all) TRY(remove_replaced(objects, blocks, block));
  for (const auto& [place, block] : blocks) {
    if (block->damage.empty()) TRY(remove_rests(objects, *block, folders.at(place)));
  }
  return {};
}

Result<Catalog> open_blocks(env::ObjectStore& objects, const BlocksByName& blocks) {
  Catalog out;
  std::set<std::pair<std::string, std::string>> hidden;
  for (const auto& [place, block] : blocks) {
    out.replaced.insert(block->replaces.begin(), block->replaces.end());
    for (const std::string& id : block->replaces_blocks) hidden.emplace(block->tenant, id);
  }
  for (const auto& [place, block] : blocks) {
    if (hidden.contains(place)) continue;
    open_parts(objects, *block);
    bool emptied = block->damage.empty() && block->parts.empty();
    (emptied ? out.emptied : out.blocks).push_back(block);
  }
  return out;
}

// The blocks, without those that are being written.
std::vector<std::pair<std::string, std::string>> names_of_blocks(const Folders& folders) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const auto& [place, files] : folders) {
    if (has_meta(files)) out.push_back(place);
  }
  return out;
}

}  // namespace

std::string key_of_part(const StoredBlock& block, const BlockPart& part) {
  return folder_of_block(block.tenant, block.id) + part.file;
}

std::string key_of_meta(const StoredBlock& block) {
  return folder_of_block(block.tenant, block.id) + std::string(kMeta);
}

std::string folder_of_block(const StoredBlock& block) {
  return folder_of_block(block.tenant, block.id);
}

std::shared_ptr<const Unit> BlockPart::unit_for(std::shared_ptr<ReadBudget> budget) const {
  if (is_damaged() || (mask && mask->rows() == 0)) return nullptr;
  return masked(block->unit(std::move(budget)), mask);
}

bool StoredBlock::has_mask() const {
  return std::ranges::any_of(parts, [](const BlockPart& part) { return part.mask != nullptr; });
}

bool StoredBlock::is_before(uint64_t erasure, uint64_t segments_below) const {
  if (erased_until >= erasure) return false;
  // Nothing is known of a block whose meta cannot be read.
  return replaces.empty() ||
         std::ranges::any_of(replaces, [&](const SegmentName& name) { return name.number < segments_below; });
}

uint64_t StoredBlock::bytes() const {
  uint64_t total = 0;
  for (const BlockPart& part : parts) total += part.summary.bytes;
  return total;
}

uint64_t StoredBlock::max_receive_ns() const {
  uint64_t most = 0;
  for (const BlockPart& part : parts) most = std::max(most, part.summary.max_receive_ns);
  return most;
}

uint64_t StoredBlock::min_receive_ns() const {
  uint64_t least = ~uint64_t{0};
  for (const BlockPart& part : parts) least = std::min(least, part.summary.min_receive_ns);
  return least;
}

Result<Catalog> open_catalog(env::ObjectStore& objects, bool clean) {
  for (int reads = 0; reads < kMaxCatalogReads; ++reads) {
    ASSIGN_OR_RETURN(const Folders folders, list_folders(objects));
    ASSIGN_OR_RETURN(BlocksByName blocks, read_metas(objects, folders));
    TRY(give_back_replaced(objects, blocks, clean));
    if (clean) TRY(remove_rests(objects, folders, blocks));
    ASSIGN_OR_RETURN(Catalog catalog, open_blocks(objects, blocks));
    if (!clean) {
      ASSIGN_OR_RETURN(const Folders now, list_folders(objects));
      if (names_of_blocks(now) != names_of_blocks(folders)) continue;
    }
    for (const auto& block : catalog.blocks) report_damage(*block);
    return catalog;
  }
  return fail(ErrorCode::unavailable, "the blocks change faster than they can be opened: try again");
}

Result<std::shared_ptr<const StoredBlock>> store_block(env::ObjectStore& objects, const std::string& tenant,
                                                       const std::string& id, std::vector<SegmentName> replaces,
                                                       const std::vector<NewPart>& parts,
                                                       std::vector<std::string> replaces_blocks,
                                                       uint64_t erased_until) {
  auto block = std::make_shared<StoredBlock>();
  block->tenant = tenant;
  block->id = id;
  block->replaces = std::move(replaces);
  block->replaces_blocks = std::move(replaces_blocks);
  block->erased_until = erased_until;
  std::string folder = folder_of_block(tenant, id);
  for (const NewPart& fresh : parts) {
    BlockPart part;
    part.file = file_of_part(fresh.displaced);
    part.unit = unit_of_part(id, part.file);
    part.summary = fresh.summary;
    TRY(objects.put(folder + part.file, fresh.bytes));
    ASSIGN_OR_RETURN(part.block, Block::open(objects, folder + part.file));
    block->parts.push_back(std::move(part));
  }
  TRY(objects.put(folder + std::string(kMeta), encode_meta(*block)));
  return std::shared_ptr<const StoredBlock>(std::move(block));
}

std::shared_ptr<const StoredBlock> with_damage(const StoredBlock& block, size_t part, const Error& error) {
  auto out = std::make_shared<StoredBlock>(block);
  out->parts[part].block->note_damage(error.message);
  out->parts[part].mask = nullptr;
  return out;
}

void forget_damage(const StoredBlock& block) {
  damaged_units().add(-std::ranges::count_if(block.parts, [](const BlockPart& part) { return part.is_damaged(); }));
  if (!block.damage.empty() && block.parts.empty()) damaged_units().add(-1);
}

Status empty_block(env::ObjectStore& objects, const StoredBlock& block) {
  StoredBlock empty;
  empty.replaces = block.replaces;
  TRY(objects.put(folder_of_block(block.tenant, block.id) + std::string(kMeta), encode_meta(empty)));
  return remove_data(objects, block);
}

Status remove_block(env::ObjectStore& objects, const StoredBlock& block) {
  TRY(objects.remove(folder_of_block(block.tenant, block.id) + std::string(kMeta)));
  return remove_data(objects, block);
}

Status remove_unfinished_block(env::ObjectStore& objects, const std::string& tenant, const std::string& id) {
  StoredBlock block;
  block.tenant = tenant;
  block.id = id;
  for (bool displaced : {false, true}) block.parts.emplace_back().file = file_of_part(displaced);
  return remove_block(objects, block);
}

}  // namespace clew::store
