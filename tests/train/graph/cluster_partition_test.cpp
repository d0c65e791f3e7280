#include "train/graph/cluster_partition.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>

#include "base/atomic_file.hpp"
#include "train/layerwise/toy_nodes.hpp"

namespace tern::train {
namespace {

namespace fs = std::filesystem;

class KeptPartition : public ::testing::Test {
 protected:
  KeptPartition() : folder_(fs::temp_directory_path() / ("tern_partition_" + std::to_string(::getpid()))) {}
  ~KeptPartition() override { fs::remove_all(folder_); }

  graph::Partition call(const graph::Graph& graph, std::int64_t parts, std::uint64_t seed = 1) {
    graph::PartitionOptions options;
    options.seed = seed;
    return kept_partition(graph, parts, options, folder_, &was_kept_);
  }
  fs::path only_file() const {
    fs::path found;
    for (const auto& entry : fs::directory_iterator(folder_)) found = entry.path();
    return found;
  }

  fs::path folder_;
  bool was_kept_ = false;
};

TEST_F(KeptPartition, ComesBackAsItWas) {
  const graph::Graph graph = toy_nodes().graph;
  const graph::Partition made = call(graph, 7);
  EXPECT_FALSE(was_kept_);
  const graph::Partition kept = call(graph, 7);
  EXPECT_TRUE(was_kept_);
  EXPECT_EQ(kept.part, made.part);
  EXPECT_EQ(kept.num_parts, 7);
  EXPECT_EQ(kept.method, made.method);
  EXPECT_EQ(kept.cut_edges, made.cut_edges);
  EXPECT_EQ(kept.imbalance, made.imbalance);
}

TEST_F(KeptPartition, IsOfItsGraphPartsAndSeed) {
  ToyNodesOptions toy;
  const graph::Graph graph = toy_nodes(toy).graph;
  toy.seed = 6;
  call(graph, 7);
  call(graph, 8);
  EXPECT_FALSE(was_kept_);
  call(graph, 7, 2);
  EXPECT_FALSE(was_kept_);
  call(toy_nodes(toy).graph, 7);
  EXPECT_FALSE(was_kept_);
  call(graph, 8);
  EXPECT_TRUE(was_kept_);
}

TEST_F(KeptPartition, DamageIsRepaired) {
  const graph::Graph graph = toy_nodes().graph;
  const graph::Partition made = call(graph, 7);
  const fs::path file = only_file();
  const std::string whole = read_file(file);
  std::string flipped = whole;
  flipped[whole.size() / 2] ^= 1;
  std::string renamed = whole;
  renamed[0] = 'x';
  for (const std::string& damaged : {std::string(), whole.substr(0, 10), whole.substr(0, whole.size() - 1),
                                     whole + "x", flipped, renamed}) {
    write_file_atomically(file, damaged);
    EXPECT_EQ(call(graph, 7).part, made.part);
    EXPECT_FALSE(was_kept_);
    EXPECT_EQ(read_file(file), whole);
  }
}

TEST_F(KeptPartition, NoFolderKeepsNothing) {
  const graph::Graph graph = toy_nodes().graph;
  bool was_kept = true;
  kept_partition(graph, 3, {}, {}, &was_kept);
  EXPECT_FALSE(was_kept);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST(GraphChecksum, ChangesWithEveryPart) {
  const graph::Graph plain({0, 1, 2}, {1, 0}), other({0, 2, 2}, {0, 1}),
      weighted({0, 1, 2}, {1, 0}, {1.0F, 2.0F});
  EXPECT_NE(checksum(plain), checksum(other));
  EXPECT_NE(checksum(plain), checksum(weighted));
  EXPECT_EQ(checksum(plain), checksum(graph::Graph({0, 1, 2}, {1, 0})));
}

}  // namespace
}  // namespace tern::train
