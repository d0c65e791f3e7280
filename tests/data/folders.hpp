// Small data sets written to a temporary folder.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "base/atomic_file.hpp"
#include "base/log.hpp"
#include "base/seed.hpp"
#include "data/dataset.hpp"
#include "formats/events/event_files.hpp"

namespace tern::data::testing {

namespace fs = std::filesystem;
using namespace formats::testing;  // the makers of event files, error_of, real_data

/// A recording of `count` events in N-MNIST's format; the label decides where most of them lie.
inline std::string nmnist_file(int label, int sample, int count = 60) {
  Rng rng(derive_seed(static_cast<std::uint64_t>(label), static_cast<std::uint64_t>(sample)));
  std::string bytes;
  for (int i = 0; i < count; ++i)
    bytes += nmnist((label * 3 + static_cast<int>(rng.below(10))) % 34, static_cast<int>(rng.below(34)),
                    rng.below(2) == 1, 1000 * i + static_cast<std::int64_t>(rng.below(1000)));
  return bytes;
}

/// A test with a folder of its own and a list of the warnings that were logged.
class WithFolder : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string test = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    root_ = fs::temp_directory_path() / ("tern_data_" + test + "_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
    old_sink_ = set_log_sink([this](LogLevel, std::string_view line) { warnings_.emplace_back(line); });
  }
  void TearDown() override {
    set_log_sink(old_sink_);
    fs::remove_all(root_);
  }

  /// root_/PART/CLASS/NNN.bin, `per_class` of each.
  void write_class_folders(const std::string& part, const std::vector<std::string>& classes, int per_class) {
    for (std::size_t label = 0; label < classes.size(); ++label)
      for (int i = 0; i < per_class; ++i)
        write_file_atomically(root_ / part / classes[label] / fmt::format("{:03}.bin", i),
                              nmnist_file(static_cast<int>(label), i));
  }

  fs::path root_;
  std::vector<std::string> warnings_;

 private:
  LogSink old_sink_;
};

}  // namespace tern::data::testing
