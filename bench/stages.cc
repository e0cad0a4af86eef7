// CPU per span of each stage of ingest, in one process and thread, on a built-in corpus: prints one JSON object.
// Each stage is timed over all requests, the first tenth apart; `walk` visits every protobuf field of the same bytes
// and is the unit that a noisy machine can be judged by.
// `merge` makes one block of eight: the same spans, as two lanes would have sealed them at four times. --columns: and a
// table of what the bytes of both blocks are spent on.
// --rich: the corpus of that name. --repeat=N: sealing and merging so many times, of which the quickest counts.
//   bench_stages [SPANS] [--columns] [--rich] [--repeat=N]
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "cli/bench/bench_corpus.h"
#include "column/recode.h"
#include "column/span_table.h"
#include "column_bytes.h"
#include "env/process_memory.h"
#include "store/block/block_merger.h"
#include "store/block/block_writer.h"
#include "store/block/memory_objects.h"
#include "store/log_encoder.h"
#include "wire/otlp.h"

namespace clew {
namespace {

constexpr uint32_t kBatch = 512;
constexpr uint32_t kMergedParts = 8;

double thread_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// Visits every field; descends into what the OTLP schema says is a message (by depth and number). The bytes are the
// corpus' own, so nothing is checked.
uint64_t walk(const char* at, const char* end, int depth) {
  auto varint = [&] {
    auto value = static_cast<uint64_t>(static_cast<unsigned char>(*at++));
    if (value < 0x80) return value;
    value &= 0x7f;
    for (unsigned shift = 7;; shift += 7) {
      auto byte = static_cast<uint64_t>(static_cast<unsigned char>(*at++));
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  uint64_t fields = 0;
  for (; at < end; ++fields) {
    uint64_t tag = varint();
    switch (tag & 7) {
      case 0: varint(); break;
      case 1: at += 8; break;
      case 5: at += 4; break;
      default: {
        uint64_t length = varint();
        uint64_t field = tag >> 3;
        bool is_message = depth < 2 || (depth == 2 && field == 2) || (depth == 3 && (field == 9 || field == 15)) ||
                          (depth == 4 && field == 2);
        if (is_message) fields += walk(at, at + length, depth + 1);
        at += length;
      }
    }
  }
  return fields;
}

struct Corpus {
  std::vector<std::string> requests;
  uint64_t spans = 0;
  uint64_t bytes = 0;
  double floor_bits = 0;
};

Corpus make_corpus(uint64_t spans, cli::CorpusName name) {
  cli::BenchCorpus corpus(1, 100'000, name);
  cli::CorpusStream stream(corpus, 0, 1, 1'700'000'000'000'000'000);
  Corpus out;
  out.floor_bits = corpus.floor_bits_per_span();
  while (out.spans < spans) {
    cli::SpansByService by_service;
    uint32_t count = 0;
    while (count < kBatch) count += stream.next(by_service).count;
    out.requests.push_back(cli::corpus_request(corpus, by_service, 0, 1));
    out.spans += count;
    out.bytes += out.requests.back().size();
  }
  return out;
}

uint64_t status_kib(std::string_view field) {
  std::ifstream file("/proc/self/status");
  for (std::string name; file >> name;) {
    uint64_t kib = 0;
    if (name == field && file >> kib) return kib;
  }
  return 0;
}

// CPU of the quickest of some runs, and how much more memory the first had at its peak than before it.
struct Cost {
  double ns = std::numeric_limits<double>::max();
  uint64_t peak_bytes = 0;
};

template <typename Run>
Cost measure_runs(uint32_t repeat, Run&& run) {
  Cost out;
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak is now what there is
  const uint64_t before = status_kib("VmRSS:");
  for (uint32_t i = 0; i < repeat; ++i) {
    const double start = thread_ns();
    run();
    out.ns = std::min(out.ns, thread_ns() - start);
    if (i == 0) out.peak_bytes = (status_kib("VmHWM:") - before) << 10;
  }
  return out;
}

struct Stages {
  double walk = 0, decode = 0, append = 0, log = 0, seal = 0, merge = 0;
  uint64_t log_bytes = 0, block_bytes = 0, merged_bytes = 0, memory_bytes = 0, rows = 0;
  uint64_t seal_peak_bytes = 0, merge_peak_bytes = 0;
  std::string columns;
};

std::shared_ptr<const store::Block> open_block(store::MemoryObjects& objects, const std::string& name,
                                               const Result<std::string>& bytes) {
  if (!bytes || !objects.put(name, *bytes)) std::exit(1);
  auto block = store::Block::open(objects, name);
  if (!block) std::exit(1);
  return *block;
}

void seal_and_merge(const SpanTable& table, uint32_t repeat, Stages& out) {
  store::MemoryObjects objects;
  Result<std::string> sealed, merged;
  const Cost seal = measure_runs(repeat, [&] { sealed = store::write_block(table, table.rows(), {}, {}, nullptr); });
  std::vector<std::shared_ptr<const store::Block>> parts;
  for (uint32_t part = 0; part < kMergedParts; ++part) {
    const uint32_t time = part / 2;
    auto begin = static_cast<uint32_t>(uint64_t{table.rows()} * 2 * time / kMergedParts);
    auto end = static_cast<uint32_t>(uint64_t{table.rows()} * 2 * (time + 1) / kMergedParts);
    std::vector<uint32_t> rows;
    for (uint32_t row = begin; row < end; ++row) {
      if (table.trace_of(row) % 2 == part % 2) rows.push_back(row);
    }
    parts.push_back(open_block(objects, std::to_string(part), store::write_block(table, rows, {}, {}, nullptr)));
  }
  const Cost merge = measure_runs(repeat, [&] { merged = store::merge_blocks(parts, {}, nullptr); });
  out.seal = seal.ns;
  out.merge = merge.ns;
  out.seal_peak_bytes = seal.peak_bytes;
  out.merge_peak_bytes = merge.peak_bytes;
  auto sealed_block = open_block(objects, "sealed", sealed);
  auto merged_block = open_block(objects, "merged", merged);
  out.block_bytes = sealed_block->bytes();
  out.merged_bytes = merged_block->bytes();
  out.columns = bench::column_table(*sealed_block, *merged_block);
}

Stages measure(const Corpus& corpus, uint32_t repeat) {
  Stages out;
  wire::OtlpDecoder decoder{Limits{}};
  auto segment = std::make_shared<store::Segment>(store::SegmentName{"bench", 0, 1});
  SpanTable& table = *segment->table;
  Recoder recoder(decoder.vocabulary(), table.vocabulary);
  store::LogEncoder encoder;
  SpanBatch batch;
  std::vector<uint32_t> all;
  std::string frame;
  uint64_t visited = 0;
  for (const std::string& request : corpus.requests) {
    double start = thread_ns();
    visited += walk(request.data(), request.data() + request.size(), 0);
    double walked = thread_ns();
    if (!decoder.decode_protobuf(request, 1'700'000'000'000'000'000, batch)) std::exit(1);
    double decoded = thread_ns();
    uint32_t first = table.pending_rows();
    all.resize(batch.rows.size());
    std::iota(all.begin(), all.end(), 0);
    table.append(batch, all, recoder);
    table.publish();
    double appended = thread_ns();
    frame.clear();
    encoder.encode_rows(*segment, first, table.rows() - first, frame);
    double logged = thread_ns();
    out.walk += walked - start;
    out.decode += decoded - walked;
    out.append += appended - decoded;
    out.log += logged - appended;
    out.log_bytes += frame.size();
  }
  if (visited == 0) std::exit(1);
  out.rows = table.rows();
  out.memory_bytes = table.allocated_bytes();
  seal_and_merge(table, repeat, out);
  return out;
}

}  // namespace
}  // namespace clew

int main(int argc, char** argv) {
  clew::env::prefer_small_heap();  // as the server does
  uint64_t spans = 500'000;
  bool columns = false;
  uint32_t repeat = 1;
  auto name = clew::cli::CorpusName::builtin;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--columns") {
      columns = true;
    } else if (std::string_view(argv[i]) == "--rich") {
      name = clew::cli::CorpusName::rich;
    } else if (std::string_view(argv[i]).starts_with("--repeat=")) {
      repeat = static_cast<uint32_t>(std::max(1, std::atoi(argv[i] + std::string_view("--repeat=").size())));
    } else {
      spans = std::strtoull(argv[i], nullptr, 10);
    }
  }
  clew::Corpus corpus = clew::make_corpus(spans, name);
  clew::Stages stages = clew::measure(corpus, repeat);
  auto per_span = [&](double total) { return total / static_cast<double>(stages.rows); };
  fmt::print(
      "{{\"spans\":{},\"request_bytes\":{:.1f},\"floor_bytes\":{:.2f},\"walk_ns\":{:.1f},\"decode_ns\":{:.1f},"
      "\"append_ns\":{:.1f},\"log_ns\":{:.1f},\"seal_ns\":{:.1f},\"merge_ns\":{:.1f},\"log_bytes\":{:.1f},\"memory_"
      "bytes\":{:.1f},"
      "\"block_bytes\":{:.2f},\"merged_bytes\":{:.2f},\"seal_peak_bytes\":{:.1f},\"merge_peak_bytes\":{:.1f}}}\n",
      stages.rows, per_span(static_cast<double>(corpus.bytes)), corpus.floor_bits / 8, per_span(stages.walk),
      per_span(stages.decode), per_span(stages.append), per_span(stages.log), per_span(stages.seal),
      per_span(stages.merge), per_span(static_cast<double>(stages.log_bytes)),
      per_span(static_cast<double>(stages.memory_bytes)), per_span(static_cast<double>(stages.block_bytes)),
      per_span(static_cast<double>(stages.merged_bytes)), per_span(static_cast<double>(stages.seal_peak_bytes)),
      per_span(static_cast<double>(stages.merge_peak_bytes)));
  if (columns) fmt::print("\n{}", stages.columns);
}
