// A convolution or linear layer with everything that follows it element by element.
#pragma once

#include <memory>
#include <optional>

#include "engine/layers/choose.hpp"
#include "engine/operation.hpp"
#include "engine/plan/code_grid.hpp"
#include "engine/plan/layer_step.hpp"

namespace tern::engine {

/// Values per output channel, padded as kernels::Epilogue wants them; empty: left out.
struct ChannelValues {
  std::vector<float> scale, bias, norm_scale, norm_shift;
};

class KernelStep final : public LayerStep {
 public:
  /// `weights`: [oc, ic / groups, kh, kw]; shape without strides of the source. `grid` of a source of codes.
  KernelStep(kernels::ConvShape shape, int bits, std::vector<std::int8_t> weights, ChannelValues values,
             std::size_t source, std::optional<CodeGrid> grid, std::int64_t cold_weight_bytes, const Options& options);

  void prepare(const std::vector<Storage>& storages) override;
  void run(const RunState& state) const override;
  std::size_t scratch_bytes(std::int64_t num_steps) const override;
  std::size_t held_bytes() const override;

  /// For an input that turns out to be no spikes: `operation` on the floats (scale and bias included) into `sums`.
  void set_fallback(std::unique_ptr<Operation> operation, std::size_t floats, std::size_t sums);

  void set_norm(std::vector<float> scale, std::vector<float> shift) override;
  void set_residual(std::size_t storage) override;
  void set_clamp(float low, float high) override;
  void write_floats(std::size_t storage);
  void write_codes(std::size_t storage, const CodeGrid& grid);
  /// Neurons at the end, over all steps: nothing but their spikes is written.
  void write_spikes(std::size_t storage, const kernels::NeuronParameters& parameters);

  bool has_norm() const override { return !values_.norm_scale.empty(); }
  bool has_residual() const override { return residual_.has_value(); }
  bool has_clamp() const override { return epilogue_.clamp; }
  bool has_codes() const { return codes_.has_value(); }
  bool writes_anything() const { return floats_ || codes_ || spikes_; }

  const ChosenLayer& layer() const { return layer_; }

 private:
  void run_frame(const RunState& state, std::int64_t frame) const;
  void run_spiking(const RunState& state) const;
  void run_fallback(const RunState& state) const;
  /// Calls run_rows(first, last, scratch) for all rows, on as many threads as the work is worth.
  template <class RunRows>
  void split_rows(const RunState& state, std::int64_t macs, RunRows run_rows) const;
  void set_residual_planes(const RunState& state, std::int64_t frame, kernels::Epilogue& epilogue) const;
  const void* source_of(const RunState& state, std::int64_t frame) const;

  kernels::ConvShape shape_;
  int bits_;
  std::vector<std::int8_t> weights_;  ///< until prepare
  ChannelValues values_;
  std::size_t source_;
  std::optional<CodeGrid> grid_;
  std::int64_t cold_weight_bytes_;
  Options options_;
  kernels::Epilogue epilogue_;  ///< without planes
  std::optional<std::size_t> residual_, floats_, codes_, spikes_;
  kernels::NeuronParameters neuron_;
  ChosenLayer layer_;
  std::unique_ptr<Operation> fallback_;
  std::size_t fallback_floats_ = 0, fallback_sums_ = 0;
};

/// The border of one frame of codes or bits set to zero.
void clear_border(const RunState& state, std::size_t storage, std::int64_t frame);

}  // namespace tern::engine
