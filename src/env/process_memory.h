// What the process really holds, as the kernel counts it. Any thread.
#pragma once

#include <cstdint>

namespace clew::env {

// Resident anonymous memory (RssAnon); 0 where the system does not say.
uint64_t anonymous_bytes();

// From now on large pieces come from the kernel and go back to it one by one, whatever their history, and the heap
// gives back what is free at its end. To be called once, at the start of the process.
void prefer_small_heap();
// Gives back what is free anywhere in the heap.
void give_back_free_memory();

}  // namespace clew::env
