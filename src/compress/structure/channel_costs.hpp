// MACs and parameters of a Net while coupled channels leave it one by one.
#pragma once

#include <cstdint>
#include <vector>

#include "compress/structure/channel_graph.hpp"

namespace tern::compress {

/// Running totals, exactly those that net::totals gives for the Net after the removal. Taking a channel away costs time
/// in the number of nodes it touches.
class ChannelCosts {
 public:
  explicit ChannelCosts(const ChannelGraph& graph);

  void remove(std::int64_t channel);

  std::int64_t macs_per_step() const { return macs_; }
  std::int64_t parameters() const { return parameters_; }
  /// Output channels of kernels that are gone: coupled channels weigh as many as there are.
  std::int64_t removed_outputs() const { return removed_outputs_; }
  /// Output channels of kernels that belong to removable coupled channels.
  std::int64_t removable_outputs() const { return removable_outputs_; }

 private:
  /// One kernel, norm or propagation: its channel counts as they stand and what one pair of channels costs.
  struct Layer {
    KernelForm form = KernelForm::none;
    std::int64_t inputs = 0, outputs = 0, groups = 1;
    std::int64_t taps = 0;    ///< kh * kw
    std::int64_t places = 0;  ///< output pixels
    std::int64_t per_output = 0;  ///< parameters beside the kernel: bias, or gain and shift
    std::int64_t macs_per_output = 0;  ///< beside the kernel: edges a node
    std::int64_t weights() const;
    std::int64_t macs() const { return weights() * places + macs_per_output * outputs; }
    std::int64_t parameters() const { return weights() + per_output * outputs; }
  };
  struct Use {
    std::size_t layer;
    std::int64_t inputs, outputs;  ///< channels of the layer that are this coupled channel
  };
  void count(std::int64_t channel, std::size_t layer, std::int64_t inputs, std::int64_t outputs);

  std::vector<Layer> layers_;
  std::vector<std::vector<Use>> uses_;  // by coupled channel
  std::int64_t macs_ = 0, parameters_ = 0, removed_outputs_ = 0, removable_outputs_ = 0;
};

}  // namespace tern::compress
