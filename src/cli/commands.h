// All commands, one file each: each adds itself below `root` (or below a command of its group).
#pragma once

#include <memory>
#include <string>

#include "cli/cli.h"
#include "cli/command.h"

namespace clew::cli {

void add_serve(Command& root, const Commands& from_server);
void add_config(Command& root, const Commands& from_server);
void add_query(Command& root);
void add_trace(Command& root);
void add_traceql(Command& root);
void add_context(Command& root);
void add_import(Command& root);
void add_export(Command& root);
void add_bench(Command& root);
void add_bench_ingest(Command& bench);
void add_bench_query(Command& bench);
void add_bench_verify(Command& bench);
void add_store(Command& root);
void add_store_work(Command& store);
void add_store_delete(Command& store);
// `completion` and `man`, which print what is made from `root` itself: it stays where it is.
void add_shell(Command& root, const std::string& version);

// The whole line, for run() and for tests of its texts.
std::unique_ptr<Command> make_root(const Commands& from_server);

}  // namespace clew::cli
