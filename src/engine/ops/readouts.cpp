// mean_time and vote: from spikes to class scores.
#include <algorithm>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class MeanTime final : public Operation {
 public:
  explicit MeanTime(const net::TensorType& type) : size_(net::num_elements(type.shape)) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t size = extent.n * size_;
    std::copy_n(src[0], size, dst);
    for (std::int64_t t = 1; t < extent.num_steps; ++t)
      for (std::int64_t i = 0; i < size; ++i) dst[i] += src[0][t * size + i];
    for (std::int64_t i = 0; i < size; ++i) dst[i] /= static_cast<float>(extent.num_steps);
  }

 private:
  std::int64_t size_;
};

class Vote final : public Operation {
 public:
  explicit Vote(const BuildContext& context) : dst_(context.dst), group_(context.rules.integer("group")) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t scores = extent.frames(dst_) * dst_.shape[0];
    for (std::int64_t i = 0; i < scores; ++i) {
      float sum = 0.0F;
      for (std::int64_t k = 0; k < group_; ++k) sum += src[0][i * group_ + k];
      dst[i] = sum / static_cast<float>(group_);
    }
  }

 private:
  net::TensorType dst_;
  std::int64_t group_;
};

}  // namespace

Made make_mean_time(const BuildContext& context) { return std::make_unique<MeanTime>(context.dst); }
Made make_vote(const BuildContext& context) { return std::make_unique<Vote>(context); }

}  // namespace tern::engine::ops
