#include "graph/graph_file.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>

#include <unistd.h>

#include "base/atomic_file.hpp"
#include "graph/mapped_matrix.hpp"
#include "graph/random_graphs.hpp"

namespace tern::graph {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class GraphFile : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove(path_); }
  /// Not through write_file_atomically, whose syncing takes seconds over many files.
  void write(const std::string& bytes) { std::ofstream(path_, std::ios::binary) << bytes; }
  Error refusal(const std::string& bytes) {
    write(bytes);
    return error_of([&] { map_graph(path_); });
  }
  fs::path path_ = fs::temp_directory_path() / ("tern_graph_" + std::to_string(::getpid()));
};

TEST_F(GraphFile, ReadsBackWhatWasWritten) {
  for (std::uint64_t seed = 0; seed < 8; ++seed) {
    const auto nodes = static_cast<std::int64_t>(seed * 7);
    const Graph graph =
        nodes == 0 ? Graph()
                   : build_graph(random_edges(nodes, seed % 3 == 0 ? 0 : 4 * nodes, seed, seed % 2 == 1));
    write_graph(path_, graph);
    const Graph back = map_graph(path_);
    EXPECT_EQ(back.num_nodes(), graph.num_nodes());
    EXPECT_EQ(back.is_weighted(), graph.is_weighted());
    expect_near(dense_of(back), dense_of(graph), 0);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(back.col().data()) % (back.num_edges() > 0 ? 64 : 1), 0u);
  }
}

TEST_F(GraphFile, TheMappingOutlivesTheFile) {
  const Graph graph = build_graph(random_edges(50, 200, 1));
  write_graph(path_, graph);
  const Graph back = map_graph(path_);
  fs::remove(path_);
  expect_near(dense_of(back), dense_of(graph), 0);
}

TEST_F(GraphFile, EveryTruncationAndDamageIsAnErrorOrAGraph) {
  write_graph(path_, build_graph(random_edges(9, 20, 1, true)));
  const std::string bytes = read_file(path_);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(refusal(bytes.substr(0, size)).kind(), ErrorKind::bad_data) << size;
  ASSERT_EQ(refusal(bytes + "x").kind(), ErrorKind::bad_data);
  Rng rng(5);
  for (int i = 0; i < 120; ++i) {
    std::string damaged = bytes;
    damaged[rng.below(bytes.size())] = static_cast<char>(rng.below(256));
    write(damaged);
    try {
      const Graph graph = map_graph(path_);
      std::int64_t sum = 0;  // whatever was accepted can be walked
      for (std::int64_t node = 0; node < graph.num_nodes(); ++node)
        for (const std::int32_t v : graph.neighbours(node)) sum += graph.degree(v);
      EXPECT_GE(sum, 0);
    } catch (const Error& error) {
      EXPECT_TRUE(error.kind() == ErrorKind::bad_data || error.kind() == ErrorKind::unsupported);
    }
  }
}

TEST_F(GraphFile, HeadersThatPromiseTooMuchAreRefused) {
  write_graph(path_, build_graph({3, {0, 1}, {1, 2}, {}}));
  const std::string bytes = read_file(path_);
  const auto with = [&](std::size_t at, std::int64_t value) {
    std::string out = bytes;
    std::memcpy(out.data() + at, &value, sizeof value);
    return refusal(out);
  };
  EXPECT_NE(with(16, 40).message().find("40 nodes and 4 edges take"), std::string::npos);
  EXPECT_NE(with(16, std::int64_t{1} << 62).message().find("not possible"), std::string::npos);
  EXPECT_NE(with(24, -1).message().find("not possible"), std::string::npos);
  EXPECT_NE(with(64 + 8, 5).message().find("row 0 reaches"), std::string::npos);
  EXPECT_EQ(with(8, 2).kind(), ErrorKind::unsupported);
  EXPECT_EQ(refusal("P6 64 64").message(), "8 bytes are no graph file");
  EXPECT_EQ(error_of([] { map_graph("/nowhere/at-all"); }).kind(), ErrorKind::io);
}

TEST_F(GraphFile, NothingAppearsWithoutCommit) {
  { GraphFileWriter writer(path_, 10, 20, true); }
  EXPECT_FALSE(fs::exists(path_));
  EXPECT_EQ(error_of([] { write_graph("/proc/no-such-place/g", Graph()); }).kind(), ErrorKind::io);
}

TEST_F(GraphFile, MatricesAreMappedAndChecked) {
  {
    MappedMatrix matrix = MappedMatrix::create(path_, 5, 3);
    for (int i = 0; i < 15; ++i) matrix.writable()[i] = static_cast<float>(i) / 4;
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(matrix.data()) % 64, 0u);
    matrix.commit();
  }
  const MappedMatrix back = MappedMatrix::open(path_);
  EXPECT_EQ(back.rows(), 5);
  EXPECT_EQ(back.columns(), 3);
  EXPECT_EQ(back.row(4)[2], 3.5F);
  back.release_rows(0, 5);
  EXPECT_EQ(back.row(4)[2], 3.5F);
  const std::string bytes = read_file(path_);
  const auto refused = [&](const std::string& text) {
    write(text);
    return error_of([&] { MappedMatrix::open(path_); }).kind();
  };
  for (std::size_t size = 0; size < bytes.size(); ++size)
    ASSERT_EQ(refused(bytes.substr(0, size)), ErrorKind::bad_data);
  std::string other = bytes;
  other.replace(other.find("<f4"), 3, "<f8");
  EXPECT_EQ(refused(other), ErrorKind::bad_data);
  other = bytes;
  other.replace(other.find("5, 3"), 4, "9, 3");
  EXPECT_EQ(refused(other), ErrorKind::bad_data);
  EXPECT_EQ(error_of([&] { MappedMatrix::create(path_, -1, 3); }).kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace tern::graph
