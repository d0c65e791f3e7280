// A convolution or linear layer of floats with what follows it element by element.
#pragma once

#include <optional>
#include <vector>

#include "engine/plan/layer_step.hpp"
#include "kernels/conv_shape.hpp"
#include "kernels/dense/float_conv.hpp"

namespace tern::engine {

/// Batch norm goes into the weights, where sums start from the bias: no work while running.
class FloatStep final : public LayerStep {
 public:
  /// weights: [oc, ic / groups, kh, kw]; bias: [oc] or empty; shape without strides of the source.
  FloatStep(kernels::ConvShape shape, std::vector<float> weights, std::vector<float> bias, std::size_t source,
            std::size_t dst);

  void set_norm(std::vector<float> scale, std::vector<float> shift) override;
  void set_residual(std::size_t storage) override;
  void set_clamp(float low, float high) override;
  bool has_norm() const override { return has_norm_; }
  bool has_residual() const override { return residual_.has_value(); }
  bool has_clamp() const override { return clamp_; }

  void prepare(const std::vector<Storage>& storages) override;
  void run(const RunState& state) const override;
  /// Of the source in a border, where its storage has none.
  std::size_t scratch_bytes(std::int64_t num_steps) const override;
  std::size_t held_bytes() const override { return sizeof *this; }
  bool takes_borders() const override { return true; }

 private:
  /// The frame in the border that the layer wants, in memory that holds anything.
  const float* with_border(const Storage& source, const float* frame, std::byte* memory) const;

  kernels::ConvShape shape_;
  std::vector<float> weights_, bias_;  ///< until prepare
  std::size_t source_, dst_;
  std::optional<std::size_t> residual_;
  bool has_norm_ = false, clamp_ = false, copies_ = false;
  float low_ = 0, high_ = 0;
  std::size_t copied_bytes_ = 0;
  kernels::FloatWeights packed_;
};

}  // namespace tern::engine
