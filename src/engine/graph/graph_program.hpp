// Runs a packed graph network: features of nodes and a graph in, scores of nodes or of graphs out.
//
// Every layer is chosen as in engine::Program: linear layers with integer weights behind a `quantize` node run on codes, in
// blocks of rows, by the kernel that measured fastest; propagation runs on the sparse product of kernels/graph with the
// normalisation fused. Sums of integers are exact and the sparse product adds in the order of the edges, so that scores
// equal those of training bit for bit where linear layers are integers, on any number of threads; edges of factor 0 are left out, and sums then agree
// within rounding.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "engine/options.hpp"
#include "engine/program.hpp"
#include "engine/result.hpp"
#include "graph/graph.hpp"
#include "graph/sparse_matrix.hpp"
#include "pack/model_file.hpp"

namespace tern::engine {

/// What a graph network runs on; nothing is copied. Exactly one of `features` and `sparse` is given.
struct GraphInput {
  const graph::Graph* graph = nullptr;
  std::span<const std::int64_t> offsets{};  ///< graphs side by side, [graphs + 1] from 0 to the nodes; empty: one graph
  std::span<const float> features{};        ///< [nodes, features], row-major
  const graph::SparseMatrix* sparse = nullptr;  ///< the same where most are zero
};

/// Cheap to copy (shared and immutable); run may be called from many threads at once. No exception leaves a public call.
class GraphProgram {
 public:
  /// Errors: io, bad_model, unsupported (the operation's name and the reason).
  static Result<GraphProgram> load(const std::string& path, const Options& options = {});
  static Result<GraphProgram> from(const pack::PackedModel& model, const Options& options = {});

  /// Scores [nodes, classes], or [graphs, classes] behind a readout. Memory: the activations that are alive at once.
  /// Errors: bad_input with the size expected and got.
  Result<std::vector<float>> run(const GraphInput& input) const;

  /// One step a node that computes something: its kernel, and its weights' bytes.
  PlanDescription describe() const;
  const net::Net& net() const;
  const std::map<std::string, std::string>& metadata() const;

 private:
  struct State;
  explicit GraphProgram(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::shared_ptr<const State> state_;
};

}  // namespace tern::engine
