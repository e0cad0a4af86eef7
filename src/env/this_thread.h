// What the system knows of the calling thread.
#pragma once

namespace clew::env {

// Shown by top -H, perf and debuggers. At most 15 characters: the rest is cut.
void name_thread(const char* name);

// How much of the processor it gets when there is not enough for all: it steps back behind the others of the machine,
// for good. Going forward again takes a privilege.
void lower_thread_priority();

}  // namespace clew::env
