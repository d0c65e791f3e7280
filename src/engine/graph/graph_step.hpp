// One node of a graph network made ready to run. Private to the engine.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/graph/graph_program.hpp"
#include "engine/operation.hpp"
#include "graph/normalise.hpp"
#include "kernels/graph/spmm.hpp"

namespace tern::engine {

/// Rows of floats, [count, width], aligned for the sparse product; `sparse` stands in for them where most are zero.
struct Rows {
  std::int64_t count = 0, width = 0;
  std::vector<float> storage;
  const float* given = nullptr;                 ///< the caller's, in place of `storage`
  const graph::SparseMatrix* sparse = nullptr;

  Rows() = default;
  Rows(std::int64_t rows, std::int64_t columns);
  float* data();
  const float* data() const;
};

/// What steps share while one input runs.
class GraphRun {
 public:
  /// `edge_factors`: of each edge, empty for 1; edges of factor 0 are left out of products.
  GraphRun(const GraphInput& input, const std::vector<float>& edge_factors);
  const GraphInput& input() const { return input_; }
  const std::vector<float>& edge_factors() const { return edge_factors_; }
  /// The edges to multiply with, weights and factors together.
  kernels::Csr edges() const;
  std::int64_t num_graphs() const {
    return input_.offsets.empty() ? 1 : static_cast<std::int64_t>(input_.offsets.size()) - 1;
  }
  /// Of the input's graph, computed once.
  const graph::Scales& scales(graph::Normalisation normalisation, double lambda);

 private:
  const GraphInput& input_;
  const std::vector<float>& edge_factors_;
  std::vector<std::int64_t> rowptr_;  ///< of the edges left, where some have factors
  std::vector<std::int32_t> col_;
  std::vector<float> value_;
  std::map<std::pair<graph::Normalisation, double>, graph::Scales> scales_;
};

class GraphStep {
 public:
  virtual ~GraphStep() = default;
  virtual Rows run(GraphRun& run, const std::vector<const Rows*>& src) const = 0;

  StepDescription facts;
};

/// REQUIRES: the node's tensors were checked. Errors: unsupported with the node's name.
std::unique_ptr<GraphStep> make_row_step(const BuildContext& context);        // any operation that works row by row
std::unique_ptr<GraphStep> make_propagate_step(const BuildContext& context);
std::unique_ptr<GraphStep> make_attention_step(const BuildContext& context);
std::unique_ptr<GraphStep> make_readout_step(const BuildContext& context);
/// A linear layer on features of which most are zero.
std::unique_ptr<GraphStep> make_sparse_linear_step(const BuildContext& context);
/// A linear layer with integer weights together with the `quantize` node before it, on that node's source.
std::unique_ptr<GraphStep> make_integer_linear_step(const BuildContext& context, const net::Node& quantize,
                                                    const Options& options);

}  // namespace tern::engine
