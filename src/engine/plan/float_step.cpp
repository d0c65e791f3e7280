#include "engine/plan/float_step.hpp"

#include <algorithm>
#include <cstring>

#include "engine/plan/kernel_step.hpp"

namespace tern::engine {
namespace {

/// Multiply-accumulates below which a second thread costs more than it brings.
constexpr std::int64_t macs_of_a_thread = 100'000;

template <class T>
kernels::Plane<T> plane(const RunState& state, std::size_t storage, std::int64_t frame) {
  const Storage& s = state.storages[storage];
  return {state.at<T>(storage, frame), s.pixel(), s.row()};
}

}  // namespace

FloatStep::FloatStep(kernels::ConvShape shape, std::vector<float> weights, std::vector<float> bias, std::size_t source,
                     std::size_t dst)
    : shape_(shape), weights_(std::move(weights)), bias_(std::move(bias)), source_(source), dst_(dst) {
  bias_.resize(static_cast<std::size_t>(shape.oc), 0.0F);
  reads = {source};
  writes = {dst};
  facts.macs = shape.macs();
  facts.kernel = shape.groups == 1 ? "float" : "float depthwise";
}

void FloatStep::set_norm(std::vector<float> scale, std::vector<float> shift) {
  has_norm_ = true;
  const std::size_t size = weights_.size() / scale.size();
  for (std::size_t o = 0; o < scale.size(); ++o) {
    for (std::size_t i = o * size; i < (o + 1) * size; ++i) weights_[i] *= scale[o];
    bias_[o] = bias_[o] * scale[o] + shift[o];
  }
}

void FloatStep::set_residual(std::size_t storage) {
  residual_ = storage;
  reads.push_back(storage);
}

void FloatStep::set_clamp(float low, float high) {
  clamp_ = true;
  low_ = low;
  high_ = high;
}

void FloatStep::prepare(const std::vector<Storage>& storages) {
  const Storage& source = storages[source_];
  copies_ = source.border_h < shape_.pad_h || source.border_w < shape_.pad_w;
  shape_.src_pixel = source.pixel();
  shape_.src_row = copies_ ? (source.w + 2 * shape_.pad_w) * source.pixel() : source.row();
  packed_ = kernels::pack_float_conv(shape_, weights_.data(), bias_.data());
  std::vector<float>().swap(weights_);
  std::vector<float>().swap(bias_);
  facts.weight_bytes = packed_.bytes();
  if (copies_) copied_bytes_ = whole_lines(static_cast<std::size_t>((source.h + 2 * shape_.pad_h) * shape_.src_row) * 4);
}

std::size_t FloatStep::scratch_bytes(std::int64_t) const {
  return copies_ ? copied_bytes_ + 2 * Storage::slack : 0;
}

const float* FloatStep::with_border(const Storage& source, const float* frame, std::byte* memory) const {
  auto* const begin = reinterpret_cast<float*>(memory + Storage::slack);
  const std::int64_t side = shape_.pad_w * source.pixel(), row = source.w * source.pixel();
  const auto clear = [](float* values, std::int64_t count) { std::fill_n(values, count, 0.0F); };
  clear(begin, shape_.pad_h * shape_.src_row);
  float* to = begin + shape_.pad_h * shape_.src_row;
  for (std::int64_t y = 0; y < source.h; ++y, to += shape_.src_row) {
    clear(to, side);
    std::memcpy(to + side, frame + y * source.row(), static_cast<std::size_t>(row) * sizeof(float));
    clear(to + side + row, side);
  }
  clear(to, shape_.pad_h * shape_.src_row);
  return begin + shape_.pad_h * shape_.src_row + side;
}

void FloatStep::run(const RunState& state) const {
  const Storage& source = state.storages[source_];
  for (std::int64_t frame = 0; frame < state.storages[dst_].frames(state.num_steps); ++frame) {
    kernels::Epilogue epilogue;
    epilogue.channels = shape_.oc;
    epilogue.clamp = clamp_;
    epilogue.clamp_low = low_;
    epilogue.clamp_high = high_;
    epilogue.floats = plane<float>(state, dst_, frame);
    if (residual_) epilogue.residual = plane<const float>(state, *residual_, frame);
    clear_border(state, dst_, frame);
    const float* src = state.at<const float>(source_, frame);
    if (copies_) src = with_border(source, src, state.workers.scratch);
    state.workers.split(shape_.out_h, std::max<std::int64_t>(1, facts.macs / macs_of_a_thread),
                        [&](std::int64_t first, std::int64_t last, std::byte*) {
                          kernels::run_float_conv(shape_, packed_, src, epilogue, first, last);
                        });
  }
}

}  // namespace tern::engine
