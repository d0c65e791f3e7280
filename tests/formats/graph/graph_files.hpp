// Small graph data sets written to a temporary folder, in the exact formats of the published ones.
#pragma once

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>
#include <zlib.h>

#include "formats/graph/readers.hpp"
#include "formats/numpy/numpy_files.hpp"

namespace tern::formats::testing {

namespace fs = std::filesystem;

class GraphFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / ("tern_graphs_" + std::to_string(::getpid()));
    fs::remove_all(root_);
    fs::create_directories(root_);
  }
  void TearDown() override { fs::remove_all(root_); }
  fs::path write(const std::string& name, const std::string& bytes) {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name, std::ios::binary) << bytes;
    return root_ / name;
  }
  fs::path write_gz(const std::string& name, const std::string& bytes) {
    fs::create_directories((root_ / name).parent_path());
    gzFile file = gzopen((root_ / name).c_str(), "wb");
    gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
    gzclose(file);
    return root_ / name;
  }
  fs::path root_;
};

}  // namespace tern::formats::testing
