#include "graph/block_model.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "graph/graph_file.hpp"
#include "graph/mapped_matrix.hpp"

namespace tern::graph {
namespace {

using Index = std::size_t;
constexpr std::int64_t edges_a_chunk =
    1 << 16;  // each has a random stream of its own, so that chunks can be drawn again

void check(const BlockModelOptions& o) {
  const char* place = "block model";
  if (o.num_nodes < 2 || o.num_nodes > most_nodes)
    fail(ErrorKind::usage, place, "num_nodes {}: expected 2 .. {}", o.num_nodes, most_nodes);
  if (o.num_blocks < 1 || o.num_blocks > o.num_nodes / 2)
    fail(ErrorKind::usage, place, "num_blocks {}: expected 1 .. {}", o.num_blocks, o.num_nodes / 2);
  if (o.num_edges < 1 || o.num_edges > o.num_nodes * (o.num_nodes - 1) / 4)
    fail(ErrorKind::usage, place, "num_edges {}: expected 1 .. half of all pairs", o.num_edges);
  if (!(o.within >= 0 && o.within <= 1))
    fail(ErrorKind::usage, place, "within {}: expected 0 .. 1", o.within);
  if (!(o.tail > 2)) fail(ErrorKind::usage, place, "tail {}: expected more than 2", o.tail);
  if (!(o.flat_ranks > 0)) fail(ErrorKind::usage, place, "flat_ranks {}: expected more than 0", o.flat_ranks);
  if (o.memory_bytes < 1 << 20)
    fail(ErrorKind::usage, place, "memory_bytes {}: expected at least 1 MiB", o.memory_bytes);
}

/// Draws the edges of the model, the same ones every time.
class EdgeSource {
 public:
  explicit EdgeSource(const BlockModelOptions& o) : options_(o), power_(1 - 1 / (o.tail - 1)) {
    new_id_.resize(static_cast<Index>(o.num_nodes));
    std::iota(new_id_.begin(), new_id_.end(), 0);
    Rng rng(derive_seed(o.seed, "order"));
    if (o.shuffle)
      for (Index i = new_id_.size(); i > 1; --i)
        std::swap(new_id_[i - 1], new_id_[static_cast<Index>(rng.below(i))]);
    for (std::int64_t b = 0; b <= o.num_blocks; ++b) begin_.push_back(b * o.num_nodes / o.num_blocks);
    low_ = std::pow(o.flat_ranks, power_);
    for (std::int64_t b = 0; b < o.num_blocks; ++b)
      high_.push_back(std::pow(o.flat_ranks + static_cast<double>(begin_[static_cast<Index>(b) + 1] -
                                                                  begin_[static_cast<Index>(b)]),
                               power_));
  }

  template <typename Visit>
  void for_each(const Visit& visit) const {
    for (std::int64_t first = 0; first < options_.num_edges; first += edges_a_chunk) {
      Rng rng(derive_seed(derive_seed(options_.seed, "edges"), static_cast<std::uint64_t>(first)));
      const std::int64_t last = std::min(options_.num_edges, first + edges_a_chunk);
      for (std::int64_t e = first; e < last; ++e) {
        const auto blocks = static_cast<std::uint64_t>(options_.num_blocks);
        const auto block = static_cast<std::int64_t>(rng.below(blocks));
        const bool inside = rng.uniform() < options_.within;
        const std::int32_t u = draw(block, rng);
        const std::int32_t v = draw(inside ? block : static_cast<std::int64_t>(rng.below(blocks)), rng);
        if (u != v) visit(u, v);
      }
    }
  }

  std::vector<std::int32_t> blocks() const {
    std::vector<std::int32_t> out(new_id_.size());
    for (Index b = 0; b + 1 < begin_.size(); ++b)
      for (auto i = static_cast<Index>(begin_[b]); i < static_cast<Index>(begin_[b + 1]); ++i)
        out[static_cast<Index>(new_id_[i])] = static_cast<std::int32_t>(b);
    return out;
  }

 private:
  /// A node of the block, by inverting the integral of the ranks' density.
  std::int32_t draw(std::int64_t block, Rng& rng) const {
    const std::int64_t first = begin_[static_cast<Index>(block)],
                       size = begin_[static_cast<Index>(block) + 1] - first;
    const double at = low_ + rng.uniform() * (high_[static_cast<Index>(block)] - low_);
    const double rank = std::pow(at, 1 / power_) - options_.flat_ranks;
    const std::int64_t r = std::clamp<std::int64_t>(static_cast<std::int64_t>(rank), 0, size - 1);
    return new_id_[static_cast<Index>(first + r)];
  }

  BlockModelOptions options_;
  double power_, low_ = 0;
  std::vector<std::int32_t> new_id_;
  std::vector<std::int64_t> begin_;  ///< first rank of each block
  std::vector<double> high_;         ///< of each block: the integral up to its last rank
};

}  // namespace

std::vector<std::int32_t> write_block_model(const std::filesystem::path& path,
                                            const BlockModelOptions& options,
                                            const ProgressCallback& progress) {
  check(options);
  const EdgeSource source(options);
  const auto nodes = static_cast<Index>(options.num_nodes);
  std::vector<std::int64_t> drawn(nodes + 1, 0);  // places before each row, repeated edges included
  source.for_each([&](std::int32_t u, std::int32_t v) {
    ++drawn[static_cast<Index>(u) + 1];
    ++drawn[static_cast<Index>(v) + 1];
  });
  for (Index u = 0; u < nodes; ++u) drawn[u + 1] += drawn[u];

  GraphFileWriter file(path, options.num_nodes, drawn.back(), false);
  const std::int64_t band_edges = options.memory_bytes / static_cast<std::int64_t>(sizeof(std::int32_t));
  std::vector<std::int32_t> band;
  std::vector<std::int64_t> next;
  std::int64_t written = 0;
  for (Index first = 0; first < nodes;) {
    Index last = first + 1;
    while (last < nodes && drawn[last + 1] - drawn[first] <= band_edges) ++last;
    band.resize(static_cast<Index>(drawn[last] - drawn[first]));
    next.assign(drawn.begin() + static_cast<std::ptrdiff_t>(first),
                drawn.begin() + static_cast<std::ptrdiff_t>(last));
    const auto put = [&](std::int32_t row, std::int32_t column) {
      const auto r = static_cast<Index>(row);
      if (r >= first && r < last) band[static_cast<Index>(next[r - first]++ - drawn[first])] = column;
    };
    source.for_each([&](std::int32_t u, std::int32_t v) {
      put(u, v);
      put(v, u);
    });
    const std::int64_t before = written;
    for (Index row = first; row < last; ++row) {
      const auto begin = band.begin() + (drawn[row] - drawn[first]),
                 end = band.begin() + (drawn[row + 1] - drawn[first]);
      std::sort(begin, end);
      const auto kept = std::unique(begin, end);
      std::copy(begin, kept, file.col().begin() + written);
      written += kept - begin;
      file.rowptr()[row + 1] = written;
    }
    file.release_edges(before, written);
    first = last;
    if (progress)
      progress(
          {"generate", static_cast<std::int64_t>(first), options.num_nodes, "nodes", {}, first == nodes});
  }
  if (written == 0) fail(ErrorKind::usage, "block model", "no edge was drawn between different nodes");
  file.commit(written);
  return source.blocks();
}

void write_block_features(const std::filesystem::path& path, std::span<const std::int32_t> block,
                          std::int64_t columns, double signal, std::uint64_t seed) {
  if (columns < 1) fail(ErrorKind::usage, path.string(), "{} columns: expected at least 1", columns);
  MappedMatrix out = MappedMatrix::create(path, static_cast<std::int64_t>(block.size()), columns);
  const std::int32_t blocks = block.empty() ? 0 : *std::max_element(block.begin(), block.end()) + 1;
  Rng rng(derive_seed(seed, "centres"));
  std::vector<float> centres(static_cast<Index>(blocks) * static_cast<Index>(columns));
  for (float& c : centres) c = static_cast<float>(signal * rng.normal());
  constexpr std::int64_t rows_a_chunk = 1 << 14;
  for (std::int64_t first = 0; first < out.rows(); first += rows_a_chunk) {
    const std::int64_t last = std::min(out.rows(), first + rows_a_chunk);
    for (std::int64_t row = first; row < last; ++row) {
      Rng noise(derive_seed(derive_seed(seed, "noise"), static_cast<std::uint64_t>(row)));
      const float* centre =
          centres.data() + static_cast<std::int64_t>(block[static_cast<Index>(row)]) * columns;
      for (std::int64_t c = 0; c < columns; ++c)
        out.writable()[row * columns + c] = centre[c] + static_cast<float>(noise.normal());
    }
    out.release_rows(first, last);
  }
  out.commit();
}

}  // namespace tern::graph
