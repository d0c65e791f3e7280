// tcja: temporal-channel joint attention. With m [T, c] the spatial mean of one sample, and l = (k-1)/2 zeros before
// and k-1-l behind (the length stays):
//   A[t', c] = sum over t, j of time_weight[t', t, j] * m[t, c + j - l]           mixes steps along the channels
//   B[t, c'] = sum over c, j of channel_weight[c', c, j] * m[t + j - l, c]        mixes channels along the steps
//   dst = src * sigmoid(A * B)
#include <cmath>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

/// A matrix [rows, columns], row-major, zero outside.
struct Padded {
  const float* values;
  std::int64_t rows, columns;
  float at(std::int64_t row, std::int64_t column) const {
    const bool inside = row >= 0 && row < rows && column >= 0 && column < columns;
    return inside ? values[row * columns + column] : 0.0F;
  }
};

class Attention final : public ScratchOperation {
 public:
  explicit Attention(const BuildContext& context)
      : channels_(context.dst.shape[0]),
        places_(context.dst.shape[1] * context.dst.shape[2]),
        kernel_(context.rules.integer("kernel")),
        time_weight_(context.values("time_weight")),
        channel_weight_(context.values("channel_weight")) {}

  std::size_t scratch_bytes(Extent extent) const override {
    return static_cast<std::size_t>(extent.num_steps * channels_) * sizeof(float);
  }

  void run_in(Extent extent, std::span<const float* const> src, float* dst, const Workers& workers) const override {
    auto* const means = reinterpret_cast<float*>(workers.scratch);
    const std::int64_t size = places_ * channels_;
    for (std::int64_t sample = 0; sample < extent.n; ++sample) {
      for (std::int64_t t = 0; t < extent.num_steps; ++t)
        mean(src[0] + (t * extent.n + sample) * size, means + t * channels_);
      const Padded m{means, extent.num_steps, channels_};
      for (std::int64_t t = 0; t < extent.num_steps; ++t) {
        const std::int64_t offset = (t * extent.n + sample) * size;
        for (std::int64_t c = 0; c < channels_; ++c) {
          const float gate = 1.0F / (1.0F + std::exp(-(mix_steps(m, t, c) * mix_channels(m, t, c))));
          for (std::int64_t i = offset + c; i < offset + size; i += channels_) dst[i] = src[0][i] * gate;
        }
      }
    }
  }

 private:
  void mean(const float* src, float* dst) const {
    for (std::int64_t c = 0; c < channels_; ++c) {
      float sum = 0.0F;
      for (std::int64_t place = 0; place < places_; ++place) sum += src[place * channels_ + c];
      dst[c] = sum / static_cast<float>(places_);
    }
  }

  float mix_steps(const Padded& m, std::int64_t step, std::int64_t c) const {
    float sum = 0.0F;
    const float* weight = time_weight_.data() + step * m.rows * kernel_;
    for (std::int64_t t = 0; t < m.rows; ++t)
      for (std::int64_t j = 0; j < kernel_; ++j) sum += *weight++ * m.at(t, c + j - (kernel_ - 1) / 2);
    return sum;
  }

  float mix_channels(const Padded& m, std::int64_t t, std::int64_t channel) const {
    float sum = 0.0F;
    const float* weight = channel_weight_.data() + channel * m.columns * kernel_;
    for (std::int64_t c = 0; c < m.columns; ++c)
      for (std::int64_t j = 0; j < kernel_; ++j) sum += *weight++ * m.at(t + j - (kernel_ - 1) / 2, c);
    return sum;
  }

  std::int64_t channels_, places_, kernel_;
  std::vector<float> time_weight_, channel_weight_;
};

}  // namespace

Made make_tcja(const BuildContext& context) { return std::make_unique<Attention>(context); }

}  // namespace tern::engine::ops
