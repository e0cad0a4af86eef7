// How much of the processor a thread gets when there is not enough for all.
#pragma once

namespace clew::env {

// The calling thread steps back behind the others of the machine, for good: going forward again takes a privilege.
void lower_thread_priority();

}  // namespace clew::env
