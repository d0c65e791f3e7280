#include "graph/block_model.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <unistd.h>

#include "base/atomic_file.hpp"
#include "graph/graph_file.hpp"
#include "graph/mapped_matrix.hpp"
#include "graph/random_graphs.hpp"
#include "graph/statistics.hpp"
#include "graph/transform.hpp"

namespace tern::graph {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class BlockModel : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }
  fs::path path_ = fs::temp_directory_path() / ("tern_blocks_" + std::to_string(::getpid()));
};

TEST_F(BlockModel, HasItsEdgesBlocksAndTail) {
  BlockModelOptions options{20000, 200000, 10};
  const std::vector<std::int32_t> block = write_block_model(path_, options);
  const Graph graph = map_graph(path_);
  EXPECT_EQ(graph.num_nodes(), 20000);
  EXPECT_GT(graph.num_edges(), 2 * 200000 * 0.9);
  EXPECT_LE(graph.num_edges(), 2 * 200000);
  EXPECT_TRUE(is_symmetric(graph));
  const DegreeStatistics s = degree_statistics(graph);
  EXPECT_EQ(s.self_loops, 0);
  EXPECT_LT(s.median, s.mean);
  EXPECT_GT(static_cast<double>(s.maximum), 10 * s.mean);
  for (std::int32_t b = 0; b < 10; ++b) EXPECT_EQ(std::count(block.begin(), block.end(), b), 2000);
  std::int64_t inside = 0;
  for (std::int32_t u = 0; u < 20000; ++u)
    for (const std::int32_t v : graph.neighbours(u)) inside += block[at(u)] == block[at(v)];
  // 0.8 drawn inside, and a tenth of the others by chance; repeated edges lie inside more often.
  EXPECT_NEAR(static_cast<double>(inside) / static_cast<double>(graph.num_edges()), 0.82, 0.02);
  // Exponent of the tail by Hill's estimator over the upper tenth.
  std::vector<double> degrees;
  for (std::int64_t u = 0; u < 20000; ++u) degrees.push_back(static_cast<double>(graph.degree(u)));
  std::sort(degrees.rbegin(), degrees.rend());
  double sum = 0;
  for (std::size_t i = 100; i < 2000; ++i) sum += std::log(degrees[i] / degrees[2000]);
  EXPECT_GT(1 + 1900 / sum, 2.0);
  EXPECT_LT(1 + 1900 / sum, 4.0);
}

TEST_F(BlockModel, MemoryDoesNotChangeTheGraph) {
  BlockModelOptions options{3000, 500000, 3};
  write_block_model(path_, options);
  const std::string whole = read_file(path_);
  options.memory_bytes = 1 << 20;  // several bands
  write_block_model(path_, options);
  EXPECT_TRUE(read_file(path_) == whole);
  options.seed = 2;
  write_block_model(path_, options);
  EXPECT_FALSE(read_file(path_) == whole);
}

TEST_F(BlockModel, WithoutShuffleBlocksLieTogether) {
  BlockModelOptions options{1000, 5000, 4};
  options.shuffle = false;
  const std::vector<std::int32_t> block = write_block_model(path_, options);
  EXPECT_TRUE(std::is_sorted(block.begin(), block.end()));
  const Graph graph = map_graph(path_);
  EXPECT_GT(graph.degree(0), graph.degree(249));
}

TEST_F(BlockModel, FeaturesFollowTheBlocks) {
  std::vector<std::int32_t> block(2000);
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::int32_t>(i % 2);
  write_block_features(path_, block, 8, 3, 1);
  const MappedMatrix matrix = MappedMatrix::open(path_);
  ASSERT_EQ(matrix.rows(), 2000);
  double distance = 0;
  for (std::int64_t c = 0; c < 8; ++c) {
    double mean[2] = {}, square[2] = {};
    for (std::int64_t i = 0; i < 2000; ++i) {
      mean[i % 2] += matrix.row(i)[at(c)] / 1000;
      square[i % 2] += matrix.row(i)[at(c)] * matrix.row(i)[at(c)] / 1000;
    }
    for (int b = 0; b < 2; ++b) EXPECT_NEAR(square[b] - mean[b] * mean[b], 1, 0.2);
    distance += (mean[0] - mean[1]) * (mean[0] - mean[1]);
  }
  EXPECT_GT(std::sqrt(distance), 3);
}

TEST_F(BlockModel, RefusesWhatItCannotDraw) {
  const auto kind = [&](BlockModelOptions options) {
    return error_of([&] { write_block_model(path_, options); }).kind();
  };
  EXPECT_EQ(kind({1, 10, 1}), ErrorKind::usage);
  EXPECT_EQ(kind({10, 1000, 1}), ErrorKind::usage);
  EXPECT_EQ(kind({10, 10, 6}), ErrorKind::usage);
  EXPECT_EQ(kind({10, 10, 1, 1.5}), ErrorKind::usage);
  EXPECT_EQ(kind({10, 10, 1, 0.5, 2.0}), ErrorKind::usage);
  EXPECT_FALSE(fs::exists(path_));
}

}  // namespace
}  // namespace tern::graph
