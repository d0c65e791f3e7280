#include "engine/plan/kernel_step.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/event/neuron_rows.hpp"

namespace tern::engine {
namespace {

/// Multiply-accumulates below which a second thread costs more than it brings.
constexpr std::int64_t macs_of_a_thread = 200'000;

template <class T>
kernels::Plane<T> plane(const RunState& state, std::size_t storage, std::int64_t frame) {
  const Storage& s = state.storages[storage];
  return {state.at<T>(storage, frame), s.pixel(), s.row()};
}

}  // namespace

void clear_border(const RunState& state, std::size_t storage, std::int64_t frame) {
  const Storage& s = state.storages[storage];
  if (s.border_h == 0 && s.border_w == 0) return;
  const auto element = static_cast<std::size_t>(s.element_bytes());
  std::byte* row = state.arena + s.begin + Storage::slack + static_cast<std::size_t>(frame * s.frame()) * element;
  const std::size_t row_bytes = static_cast<std::size_t>(s.row()) * element;
  const std::size_t side = static_cast<std::size_t>(s.border_w * s.pixel()) * element;
  const std::size_t top = row_bytes * static_cast<std::size_t>(s.border_h);
  std::memset(row, s.offset, top + side);
  row += top;
  // The right side of a row and the left side of the next lie side by side.
  for (std::int64_t y = 1; y < s.h; ++y) std::memset(row + static_cast<std::size_t>(y) * row_bytes - side, s.offset, 2 * side);
  std::memset(row + static_cast<std::size_t>(s.h) * row_bytes - side, s.offset, side + top);
}

KernelStep::KernelStep(kernels::ConvShape shape, int bits, std::vector<std::int8_t> weights, ChannelValues values,
                       std::size_t source, std::optional<CodeGrid> grid, std::int64_t cold_weight_bytes, const Options& options)
    : shape_(shape), bits_(bits), weights_(std::move(weights)), values_(std::move(values)), source_(source), grid_(grid),
      cold_weight_bytes_(cold_weight_bytes), options_(options) {
  epilogue_.channels = shape.oc;
  reads.push_back(source);
  facts.macs = shape.macs();
}

void KernelStep::set_norm(std::vector<float> scale, std::vector<float> shift) {
  values_.norm_scale = std::move(scale);
  values_.norm_shift = std::move(shift);
}

void KernelStep::set_residual(std::size_t storage) {
  residual_ = storage;
  reads.push_back(storage);
}

void KernelStep::set_clamp(float low, float high) {
  epilogue_.clamp = true;
  epilogue_.clamp_low = low;
  epilogue_.clamp_high = high;
}

void KernelStep::write_floats(std::size_t storage) {
  floats_ = storage;
  writes.push_back(storage);
}

void KernelStep::write_codes(std::size_t storage, const CodeGrid& grid) {
  codes_ = storage;
  writes.push_back(storage);
  epilogue_.inverse_scale = 1.0F / grid.scale;
  epilogue_.low = grid.low;
  epilogue_.high = grid.high;
  epilogue_.offset = grid.offset;
}

void KernelStep::write_spikes(std::size_t storage, const kernels::NeuronParameters& parameters) {
  spikes_ = storage;
  neuron_ = parameters;
  writes.push_back(storage);
}

void KernelStep::prepare(const std::vector<Storage>& storages) {
  const auto pad = [&](std::vector<float>& values) {
    if (values.empty()) return;
    std::vector<float> padded;
    padded.reserve(values.size() + kernels::epilogue_block);  // growing would take twice as much
    padded = values;
    padded.resize(values.size() + kernels::epilogue_block, 0.0F);
    values.swap(padded);
  };
  for (auto* values : {&values_.scale, &values_.bias, &values_.norm_scale, &values_.norm_shift}) pad(*values);
  const auto pointer = [](const std::vector<float>& values) { return values.empty() ? nullptr : values.data(); };
  epilogue_.scale = pointer(values_.scale);
  epilogue_.bias = pointer(values_.bias);
  epilogue_.norm_scale = pointer(values_.norm_scale);
  epilogue_.norm_shift = pointer(values_.norm_shift);

  const Storage& source = storages[source_];
  shape_.src_pixel = source.pixel();
  shape_.src_row = source.row();
  LayerTask task{shape_, source.form, source.h, source.w, 0, 255, bits_, weights_};
  const bool residual_floats = residual_ && storages[*residual_].form == Form::floats;
  task.epilogue = {residual_floats, residual_ && !residual_floats, floats_.has_value() || spikes_.has_value(), codes_.has_value()};
  task.cold_weight_bytes = cold_weight_bytes_;
  if (grid_) {
    task.source_offset = grid_->offset;
    task.source_largest = static_cast<std::int32_t>(grid_->high) + grid_->offset;
  }
  layer_ = choose_layer(task, options_);
  std::vector<std::int8_t>().swap(weights_);  // assigning {} would keep its memory
  facts.kernel = layer_.kernel;
  facts.weight_bytes = layer_.layer->weight_bytes();
  facts.measured = layer_.measured;
  facts.candidates.reserve(layer_.times.size());
  for (const auto& time : layer_.times) facts.candidates.emplace_back(time.kernel, time.microseconds);
  std::vector<KernelTime>().swap(layer_.times);
}

std::size_t KernelStep::held_bytes() const {
  std::size_t bytes = sizeof *this + options_.kernel.capacity() + options_.cache_folder.capacity();
  for (const auto* values : {&values_.scale, &values_.bias, &values_.norm_scale, &values_.norm_shift})
    bytes += values->capacity() * sizeof(float);
  return bytes;
}

std::size_t KernelStep::scratch_bytes(std::int64_t num_steps) const {
  const std::size_t bytes = spikes_ ? layer_.layer->spiking_scratch_bytes(num_steps) : layer_.layer->scratch_bytes();
  return fallback_ ? std::max(bytes, fallback_->scratch_bytes({num_steps, 1})) : bytes;
}

void KernelStep::set_fallback(std::unique_ptr<Operation> operation, std::size_t floats, std::size_t sums) {
  fallback_ = std::move(operation);
  fallback_floats_ = floats;
  fallback_sums_ = sums;
  reads.push_back(floats);
  writes.push_back(sums);
}

void KernelStep::run(const RunState& state) const {
  if (fallback_ && !*state.input_is_spikes) return run_fallback(state);
  if (spikes_) return run_spiking(state);
  for (std::int64_t frame = 0; frame < state.storages[source_].frames(state.num_steps); ++frame) run_frame(state, frame);
}

void KernelStep::set_residual_planes(const RunState& state, std::int64_t frame, kernels::Epilogue& epilogue) const {
  if (!residual_) return;
  const Storage& residual = state.storages[*residual_];
  if (residual.form == Form::floats) {
    epilogue.residual = plane<const float>(state, *residual_, frame);
  } else {
    epilogue.residual_codes = plane<const std::uint8_t>(state, *residual_, frame);
    epilogue.residual_scale = residual.scale;
    epilogue.residual_offset = residual.offset;
  }
}

const void* KernelStep::source_of(const RunState& state, std::int64_t frame) const {
  if (state.storages[source_].form == Form::bits) return state.at<const std::uint64_t>(source_, frame);
  return state.at<const std::uint8_t>(source_, frame);
}

template <class RunRows>
void KernelStep::split_rows(const RunState& state, std::int64_t macs, RunRows run_rows) const {
  state.workers.split(shape_.out_h, std::max<std::int64_t>(1, macs / macs_of_a_thread), run_rows);
}

void KernelStep::run_frame(const RunState& state, std::int64_t frame) const {
  kernels::Epilogue epilogue = epilogue_;
  set_residual_planes(state, frame, epilogue);
  if (floats_) epilogue.floats = plane<float>(state, *floats_, frame);
  if (codes_) {
    epilogue.codes = plane<std::uint8_t>(state, *codes_, frame);
    clear_border(state, *codes_, frame);
  }
  split_rows(state, facts.macs, [&](std::int64_t first, std::int64_t last, std::byte* scratch) {
    layer_.layer->run(source_of(state, frame), epilogue, first, last, scratch);
  });
}

void KernelStep::run_spiking(const RunState& state) const {
  const Storage& dst = state.storages[*spikes_];
  kernels::Epilogue epilogue = epilogue_;
  set_residual_planes(state, 0, epilogue);
  kernels::EventLayer layer;
  layer.num_steps = state.num_steps;
  layer.src_step = state.storages[source_].frame();
  layer.dst = state.at<std::uint64_t>(*spikes_, 0);
  layer.dst_step = dst.frame();
  layer.dst_row = dst.row();
  layer.dst_pixel = dst.pixel();
  layer.residual_step = residual_ ? state.storages[*residual_].frame() : 0;
  layer.neuron = neuron_;
  for (std::int64_t frame = 0; frame < state.num_steps; ++frame) clear_border(state, *spikes_, frame);
  split_rows(state, facts.macs * state.num_steps, [&](std::int64_t first, std::int64_t last, std::byte* scratch) {
    layer_.layer->run_spiking(source_of(state, 0), layer, epilogue, first, last, scratch);
  });
}

void KernelStep::run_fallback(const RunState& state) const {
  const float* const src = state.at<const float>(fallback_floats_, 0);
  fallback_->run_in({state.num_steps, 1}, std::span(&src, 1), state.at<float>(fallback_sums_, 0), state.workers);
  const Storage& sums = state.storages[fallback_sums_];
  for (std::int64_t frame = 0; frame < sums.frames(state.num_steps); ++frame) {
    kernels::Epilogue epilogue = epilogue_;
    epilogue.scale = epilogue.bias = nullptr;
    set_residual_planes(state, frame, epilogue);
    float* const values = state.at<float>(fallback_sums_, frame);
    epilogue.floats = floats_ ? plane<float>(state, *floats_, frame) : plane<float>(state, fallback_sums_, frame);
    if (codes_) {
      epilogue.codes = plane<std::uint8_t>(state, *codes_, frame);
      clear_border(state, *codes_, frame);
    }
    if (spikes_) clear_border(state, *spikes_, frame);
    for (std::int64_t y = 0; y < sums.h; ++y)
      kernels::finish(epilogue, values + y * sums.row(), sums.pixel(), y, 0, sums.w, 0, sums.c);
  }
  if (!spikes_) return;
  const Storage& dst = state.storages[*spikes_];
  for (std::int64_t y = 0; y < sums.h; ++y)
    kernels::neuron_rows(neuron_, {state.num_steps, sums.w, sums.c, state.at<const float>(fallback_sums_, 0) + y * sums.row(),
                                   sums.frame(), sums.pixel(), state.at<std::uint64_t>(*spikes_, 0) + y * dst.row(),
                                   dst.frame(), dst.pixel()});
}

}  // namespace tern::engine
