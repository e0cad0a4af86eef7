// A Files in memory that breaks on purpose, for tests of everything that must survive a bad disk. Any thread.
//
// It remembers for each file what was synced, and for each folder which names were; crash() forgets the rest: of the
// bytes appended since the last sync a random prefix survives, possibly with torn (garbage) content at its end, and of
// the creations, renames and removals since the folder's last sync a random subset, for each name in their order. A
// rename survives whole or not at all. The same seed does the same, when one thread calls.
//
// To fail or crash at each operation in turn: run once undisturbed and take operations(); then, for each n below it,
// run with a fault that answers an error from the n-th mutating operation on, call crash(), clear the fault, and
// reopen.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "env/files.h"

namespace clew::env {

class FaultyFiles : public Files {
 public:
  static std::unique_ptr<FaultyFiles> make(uint64_t seed);

  // Asked before every mutating operation ("append", "sync", "create", "rename", "remove", "sync_folder", "truncate")
  // and every "read" (open, read, read_all, list); an error answer makes that operation fail with it. make_folders is a
  // "create" and remove_folder a "remove" for each name; lock is a "create". An append that fails writes a random
  // prefix. A sync that fails drops the unsynced bytes for good with probability one half. Anything else that fails has
  // changed nothing. May be called by several threads at once, and may call crash() and operations().
  using Fault = std::function<Status(std::string_view operation, const std::string& path)>;
  virtual void set_fault(Fault fault) = 0;

  // The machine goes down and comes back. Open files fail from now on with failed_precondition; locks are gone.
  virtual void crash() = 0;

  // Flips one bit of a file's content, on the disk and for everyone who has it open.
  virtual Status flip_bit(const std::string& path, uint64_t bit) = 0;
  virtual void set_free_bytes(uint64_t bytes) = 0;  // appends write what fits and are resource_exhausted beyond it
  virtual uint64_t operations() const = 0;          // mutating ones asked for so far
};

}  // namespace clew::env
