// How busy a network is on real data: what the cost model needs and what a raster shows.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include <ATen/core/Tensor.h>

#include "learn/graph/graph_batch.hpp"
#include "learn/model.hpp"

namespace tern::learn {

/// Activity at one node that has weights, over all samples and steps seen.
struct NodeActivity {
  double src_density = 0.0;   ///< fraction of inputs that are not zero
  double dst_density = 0.0;   ///< fraction of spikes after the next neuron; 1 where no neuron follows
  bool src_is_binary = true;  ///< every input was exactly 0 or 1: accumulation needs no multiplier
  double src_max = 0.0;       ///< largest absolute input
  std::int64_t synops = 0;    ///< per sample: products of a non-zero weight and a non-zero input, borders exact
};

/// Adds up the activity of every node with multiply-accumulates over batches run in evaluation. `model` must outlive it.
class ActivityMeter {
 public:
  explicit ActivityMeter(Model& model) : model_(model) {}
  /// frames: [num_steps * n, c, h, w], or those of a graph network with its graph; samples are then nodes.
  void measure(const at::Tensor& frames, std::int64_t num_steps, std::shared_ptr<const GraphBatch> graph = nullptr);
  /// By node name.
  std::map<std::string, NodeActivity> result() const;

 private:
  struct Counts {
    double src_nonzero = 0, src_total = 0, dst_nonzero = 0, dst_total = 0, synops = 0, src_max = 0;
    bool src_is_binary = true;
  };
  Model& model_;
  std::map<std::string, Counts> counts_;
  std::int64_t samples_ = 0;
};

/// Spikes of every neuron node for one sample: node name -> uint8 [num_steps, neurons], in c, h, w order.
std::map<std::string, at::Tensor> spike_rasters(Model& model, const at::Tensor& frames, std::int64_t num_steps);

}  // namespace tern::learn
