// Prints every span of a block as a line of JSON, as Clew's own reader gives it: the other side of blocks_test.py.
//
//   block_dump write SEED ROWS KEYS NAMES INPUTS PAGE_ROWS GROUP_ROWS FILE
//                          writes a block of random spans: merged of so many, or sealed where that is 0
//   block_dump read FILE   prints a block
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <string>

#include "base/hex.h"
#include "base/json_text.h"
#include "column/nested_records.h"
#include "store/block/block.h"
#include "store/block/block_merger.h"
#include "store/block/block_writer.h"
#include "store/block/map_text.h"
#include "store/block/memory_objects.h"
#include "store/block/random_spans.h"

namespace clew::store {
namespace {

class Json {
 public:
  Json& key(std::string_view name) {
    comma();
    append_json_string(out_, name);
    out_ += ':';
    fresh_ = true;
    return *this;
  }
  Json& text(std::string_view text) {
    comma();
    append_json_string(out_, text);
    return *this;
  }
  Json& hex(std::string_view bytes) {
    std::string text;
    append_hex(text, bytes);
    return this->text(text);
  }
  template <typename T>
  Json& number(T value) {
    comma();
    out_ += std::to_string(value);
    return *this;
  }
  Json& open(char bracket) {
    comma();
    out_ += bracket;
    fresh_ = true;
    return *this;
  }
  Json& close(char bracket) {
    out_ += bracket;
    fresh_ = false;
    return *this;
  }
  const std::string& done() const { return out_; }

 private:
  void comma() {
    if (!fresh_) out_ += ',';
    fresh_ = false;
  }
  std::string out_;
  bool fresh_ = true;
};

// [key, type, exact value, text as the map has it].
void append_attribute(Json& json, std::string_view key, ValueView value) {
  json.open('[').text(key).number(static_cast<int>(value.type));
  switch (value.type) {
    case ValueType::string: json.text(value.text); break;
    case ValueType::real: json.number(value.scalar); break;
    case ValueType::none: json.number(0); break;
    case ValueType::boolean:
    case ValueType::integer: json.number(value.as_int()); break;
    case ValueType::array:
    case ValueType::kvlist:
    case ValueType::bytes: json.hex(value.text); break;
  }
  json.text(map_text(value)).close(']');
}

void append_attributes(Json& json, const Vocabulary& vocabulary, std::span<const uint32_t> keys,
                       std::span<const uint32_t> values) {
  json.key("attributes").open('[');
  for (size_t i = 0; i < keys.size(); ++i) {
    append_attribute(json, vocabulary.key_at(keys[i]).name, vocabulary.values(keys[i]).at(values[i]));
  }
  json.close(']');
}

void append_entity(Json& json, std::string_view name, const Vocabulary& vocabulary, std::span<const uint32_t> words,
                   size_t pairs) {
  json.key(name).open('{');
  json.key("schema_url").text(vocabulary.text_at(words[kSchemaUrlWord]));
  json.key("dropped_attributes").number(words[kDroppedWord]);
  if (pairs == kScopePairs) {
    json.key("name").text(vocabulary.text_at(words[kScopeNameWord]));
    json.key("version").text(vocabulary.text_at(words[kScopeVersionWord]));
  } else {
    json.key("entity_refs").hex(vocabulary.text_at(words[kEntityRefsWord]));
  }
  std::vector<uint32_t> keys, values;
  for (size_t i = pairs; i + 1 < words.size(); i += 2) {
    keys.push_back(words[i]);
    values.push_back(words[i + 1]);
  }
  append_attributes(json, vocabulary, keys, values);
  json.close('}');
}

std::string span_json(const SpanTable& table, uint32_t i, int64_t parent_row) {
  const Vocabulary& vocabulary = table.vocabulary;
  SpanRow row = table.row(i);
  Envelope envelope = Envelope::from(vocabulary.envelopes.at(row.envelope));
  Json json;
  json.open('{');
  json.key("trace_id").text(row.trace.hex());
  json.key("span_id").text(SpanId{row.span}.hex());
  json.key("parent").text(SpanId{row.parent}.hex());
  json.key("parent_row").number(parent_row);
  json.key("start").number(static_cast<int64_t>(row.start_ns));
  json.key("end").number(static_cast<int64_t>(row.end_ns));
  json.key("received").number(static_cast<int64_t>(row.receive_ns));
  json.key("name").text(vocabulary.names.at(row.name).text);
  json.key("kind").number(static_cast<int>(row.kind));
  json.key("status").number(static_cast<int>(row.status));
  json.key("status_message").text(vocabulary.text_at(envelope.status_message));
  json.key("trace_state").text(vocabulary.text_at(envelope.trace_state));
  json.key("flags").number(envelope.flags);
  json.key("dropped_attributes").number(envelope.dropped_attributes);
  json.key("dropped_events").number(envelope.dropped_events);
  json.key("dropped_links").number(envelope.dropped_links);
  json.key("bits").number(static_cast<int>(row.bits));
  json.key("weight").number(envelope.weight);
  append_entity(json, "resource", vocabulary, vocabulary.resources.at(row.resource), kResourcePairs);
  append_entity(json, "scope", vocabulary, vocabulary.scopes.at(row.scope), kScopePairs);
  auto words = table.words(i);
  auto keys = vocabulary.shapes.at(row.shape);
  append_attributes(json, vocabulary, keys, words.first(keys.size()));
  Json links;
  json.key("events").open('[');
  links.open('[');
  if (row.bits & kHasNested) {
    walk_nested(
        words.subspan(keys.size()), vocabulary.shapes,
        [&](const EventRecord& event) {
          json.open('{').key("since_start_ns").number(event.since_start_ns);
          json.key("name").text(vocabulary.event_names.at(event.name).text);
          json.key("dropped_attributes").number(event.dropped_attributes);
          append_attributes(json, vocabulary, vocabulary.shapes.at(event.shape), event.values);
          json.close('}');
        },
        [&](const LinkRecord& link) {
          links.open('{').key("trace_id").text(link.trace.hex());
          links.key("span_id").text(link.span.hex());
          links.key("trace_state").text(vocabulary.text_at(link.trace_state));
          links.key("flags").number(link.flags);
          links.key("dropped_attributes").number(link.dropped_attributes);
          append_attributes(links, vocabulary, vocabulary.shapes.at(link.shape), link.values);
          links.close('}');
        });
  }
  json.close(']');
  links.close(']');
  return json.done() + ",\"links\":" + links.done() + "}";
}

Result<std::string> merged(const SpanTable& table, uint32_t inputs, const BlockOptions& options) {
  MemoryObjects objects;
  std::vector<std::shared_ptr<const Block>> blocks;
  for (uint32_t input = 0; input < inputs; ++input) {
    const auto begin = static_cast<uint32_t>(uint64_t{table.rows()} * input / inputs);
    const auto end = static_cast<uint32_t>(uint64_t{table.rows()} * (input + 1) / inputs);
    std::vector<uint32_t> rows(end - begin);
    std::iota(rows.begin(), rows.end(), begin);
    ASSIGN_OR_RETURN(std::string bytes, write_block(table, rows, {}, options, nullptr));
    const std::string name = std::to_string(input);
    TRY(objects.put(name, bytes));
    ASSIGN_OR_RETURN(blocks.emplace_back(), Block::open(objects, name));
  }
  MergeOptions merge;
  merge.block = options;
  return merge_blocks(blocks, merge, nullptr);
}

Status write_random(char** argv, const std::string& file) {
  auto number = [&](int i) { return static_cast<uint32_t>(std::strtoul(argv[i], nullptr, 10)); };
  SpanTable table;
  RandomSpans spans;
  spans.seed = number(2);
  spans.rows = number(3);
  spans.keys = number(4);
  spans.names = number(5);
  RandomTable(spans).fill(table);
  const BlockOptions options{number(7), number(8)};
  const uint32_t inputs = number(6);
  Result<std::string> bytes =
      inputs == 0 ? write_block(table, table.rows(), {}, options, nullptr) : merged(table, inputs, options);
  if (!bytes) return std::unexpected(std::move(bytes.error()));
  std::ofstream(file, std::ios::binary) << *bytes;
  return {};
}

Status print(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  MemoryObjects objects;
  TRY(objects.put(file, std::string(std::istreambuf_iterator<char>(in), {})));
  ASSIGN_OR_RETURN(auto block, Block::open(objects, file));
  auto unit = block->unit(nullptr);
  std::vector<uint32_t> rows;
  for (uint32_t i = 0; i < unit->rows(); ++i) rows.push_back(i);
  std::vector<int64_t> parents(rows.size());
  TRY(unit->numbers(NumberColumn::parent_row, {0, unit->rows()}, parents.data()));
  SpanTable table;
  TRY(unit->copy_rows(rows, table));
  table.publish();
  for (uint32_t i : rows) std::puts(span_json(table, i, parents[i]).c_str());
  return {};
}

}  // namespace
}  // namespace clew::store

int main(int argc, char** argv) {
  std::string command = argc > 1 ? argv[1] : "";
  clew::Status status =
      clew::invalid("usage: block_dump write SEED ROWS KEYS NAMES INPUTS PAGE_ROWS GROUP_ROWS FILE | read FILE");
  if (command == "write" && argc == 10) status = clew::store::write_random(argv, argv[9]);
  if (command == "read" && argc == 3) status = clew::store::print(argv[2]);
  if (status) return 0;
  std::fprintf(stderr, "block_dump: %s\n", status.error().message.c_str());
  return 1;
}
