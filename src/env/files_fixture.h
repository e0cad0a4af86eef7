// Runs a test on the operating system's files and on those in memory, each in an empty folder of its own.
#pragma once

#include <gmock/gmock.h>
#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>

#include "env/faulty_files.h"
#include "env/files.h"

namespace clew::env {

inline std::string temporary_folder() {
  std::string path = testing::TempDir() + "clew-XXXXXX";
  return ::mkdtemp(path.data());
}

class FilesTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (GetParam() == std::string("system")) {
      root_ = temporary_folder();
      return;
    }
    memory_ = FaultyFiles::make(1);
    root_ = "/data";
    ASSERT_TRUE(memory_->make_folders(root_));
  }
  void TearDown() override {
    if (!memory_) std::filesystem::remove_all(root_);
  }

  Files& files() { return memory_ ? *memory_ : system_files(); }
  std::string at(const std::string& name) const { return root_ + "/" + name; }
  void write(const std::string& name, std::string_view bytes) {
    auto file = files().create(at(name));
    ASSERT_TRUE(file) << file.error().message;
    ASSERT_TRUE((*file)->append(bytes));
  }
  std::string content(const std::string& name) {
    auto bytes = files().read_all(at(name), 1 << 20);
    return bytes ? *bytes : "(" + std::string(name_of(bytes.error().code)) + ")";
  }

  std::unique_ptr<FaultyFiles> memory_;
  std::string root_;
};

#define ON_BOTH_FILES(Fixture) \
  INSTANTIATE_TEST_SUITE_P(On, Fixture, testing::Values("system", "memory"), [](const auto& p) { return p.param; })

MATCHER_P(FailsWith, code, std::string("fails with ") + std::string(name_of(code))) {
  if (arg.has_value()) {
    *result_listener << "which is OK";
    return false;
  }
  *result_listener << "which says " << name_of(arg.error().code) << ": " << arg.error().message;
  return arg.error().code == code;
}
MATCHER(Succeeds, "succeeds") {
  if (!arg.has_value()) *result_listener << "which says " << arg.error().message;
  return arg.has_value();
}

}  // namespace clew::env
