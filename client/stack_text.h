// Stacks and type names as people read them.
#pragma once

#include "arena.h"

CLEW_BEGIN
namespace detail {

// "clew::Broken" for what typeid calls "N4clew6BrokenE"; the name itself when it is none.
std::string_view demangled(std::string_view name, Arena& arena) noexcept;

// A line for each return address ("#0 pay(Order const&)+0x1f (shop)"; addresses of `count` native words, unaligned),
// then the lines "Caused by: MANGLED: …" with their types demangled.
std::string_view stack_text(const char* addresses, size_t count, std::string_view causes, Arena& arena) noexcept;

}  // namespace detail
CLEW_END
