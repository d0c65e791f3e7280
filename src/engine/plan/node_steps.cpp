#include <algorithm>

#include "engine/plan/other_steps.hpp"
#include "kernels/dense/max_pool_codes.hpp"
#include "kernels/event/spike_planes.hpp"
#include "kernels/spikes.hpp"

namespace tern::engine {
namespace {

class MaxPool final : public Step {
 public:
  MaxPool(const kernels::PoolShape& shape, std::size_t src, std::size_t dst) : shape_(shape), src_(src), dst_(dst) {
    reads = {src};
    writes = {dst};
    facts.kernel = "max pool";
  }
  void run(const RunState& state) const override {
    const Storage& src = state.storages[src_];
    for (std::int64_t frame = 0; frame < src.frames(state.num_steps); ++frame) {
      clear_border(state, dst_, frame);
      if (src.form == Form::bits)
        pool_spikes(state, frame);
      else
        pool_codes(state, frame);
    }
  }

 private:
  void pool_spikes(const RunState& state, std::int64_t frame) const {
    const Storage &src = state.storages[src_], &dst = state.storages[dst_];
    const kernels::SpikePool pool{src.c, shape_.kernel_h, shape_.kernel_w, shape_.stride_h, shape_.stride_w,
                                  dst.w, src.row(), src.pixel(), dst.row(), dst.pixel()};
    kernels::max_pool_spikes(pool, state.at<const std::uint64_t>(src_, frame), state.at<std::uint64_t>(dst_, frame), 0, dst.h);
  }

  void pool_codes(const RunState& state, std::int64_t frame) const {
    const Storage &src = state.storages[src_], &dst = state.storages[dst_];
    kernels::ConvShape shape;
    shape.ic = shape.oc = src.c;
    shape.kernel_h = shape_.kernel_h, shape.kernel_w = shape_.kernel_w;
    shape.stride_h = shape_.stride_h, shape.stride_w = shape_.stride_w;
    shape.out_h = dst.h, shape.out_w = dst.w;
    shape.src_pixel = src.pixel(), shape.src_row = src.row();
    kernels::max_pool_codes(shape, state.at<const std::uint8_t>(src_, frame),
                            {state.at<std::uint8_t>(dst_, frame), dst.pixel(), dst.row()}, 0, dst.h);
  }

  kernels::PoolShape shape_;
  std::size_t src_, dst_;
};

class Neuron final : public Step {
 public:
  Neuron(const kernels::NeuronParameters& parameters, std::size_t src, std::size_t dst)
      : parameters_(parameters), src_(src), dst_(dst) {
    reads = {src};
    writes = {dst};
    facts.kernel = "neuron";
  }
  void prepare(const std::vector<Storage>& storages) override { elements_ = storages[src_].frame(); }
  std::size_t scratch_bytes(std::int64_t num_steps) const override {
    return spikes_bytes(num_steps) + kernels::neuron_scratch_bytes(num_steps);
  }
  void run(const RunState& state) const override {
    const Storage &src = state.storages[src_], &dst = state.storages[dst_];
    auto* const spikes = reinterpret_cast<float*>(state.workers.scratch);
    kernels::neuron_forward_part(parameters_, state.num_steps, src.frame(), state.at<const float>(src_, 0), spikes, 0, 1,
                                 state.workers.scratch + spikes_bytes(state.num_steps));
    for (std::int64_t frame = 0; frame < state.num_steps; ++frame) {
      clear_border(state, dst_, frame);
      const float* row = spikes + frame * src.frame();
      for (std::int64_t y = 0; y < dst.h; ++y)
        for (std::int64_t x = 0; x < dst.w; ++x, row += dst.c)
          kernels::pack_spikes(dst.c, row, state.at<std::uint64_t>(dst_, frame) + y * dst.row() + x * dst.pixel());
    }
  }

 private:
  std::size_t spikes_bytes(std::int64_t num_steps) const {
    return whole_lines(static_cast<std::size_t>(num_steps * elements_) * sizeof(float));
  }

  kernels::NeuronParameters parameters_;
  std::size_t src_, dst_;
  std::int64_t elements_ = 0;
};

class OperationStep final : public Step {
 public:
  OperationStep(std::unique_ptr<Operation> operation, std::vector<std::size_t> sources, std::size_t dst)
      : operation_(std::move(operation)), dst_(dst) {
    reads = std::move(sources);
    writes = {dst};
    facts.kernel = "floats";
    facts.weight_bytes = operation_->weight_bytes();
  }
  std::size_t scratch_bytes(std::int64_t num_steps) const override {
    return list_bytes() + operation_->scratch_bytes({num_steps, 1});
  }
  void run(const RunState& state) const override {
    const Workers& workers = state.workers;  // the list of sources lies at the end of the first one's scratch
    auto* const sources = reinterpret_cast<const float**>(workers.scratch + workers.scratch_bytes - list_bytes());
    for (std::size_t i = 0; i < reads.size(); ++i) sources[i] = state.at<const float>(reads[i], 0);
    operation_->run_in({state.num_steps, 1}, {sources, reads.size()}, state.at<float>(dst_, 0), workers);
  }

 private:
  std::size_t list_bytes() const { return whole_lines(reads.size() * sizeof(float*)); }

  std::unique_ptr<Operation> operation_;
  std::size_t dst_;
};

}  // namespace

std::unique_ptr<Step> make_max_pool_step(const kernels::PoolShape& shape, std::size_t source, std::size_t dst) {
  return std::make_unique<MaxPool>(shape, source, dst);
}
std::unique_ptr<Step> make_neuron_step(const kernels::NeuronParameters& parameters, std::size_t floats, std::size_t bits) {
  return std::make_unique<Neuron>(parameters, floats, bits);
}
std::unique_ptr<Step> make_operation_step(std::unique_ptr<Operation> operation, std::vector<std::size_t> sources,
                                          std::size_t dst) {
  return std::make_unique<OperationStep>(std::move(operation), std::move(sources), dst);
}

}  // namespace tern::engine
