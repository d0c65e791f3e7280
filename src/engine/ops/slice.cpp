// A part of the channels at every place.
#include <algorithm>

#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class Slice final : public Operation {
 public:
  explicit Slice(const BuildContext& context)
      : src_(context.src()), begin_(context.rules.integer("begin")), count_(context.dst.shape[0]) {}

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    const std::int64_t channels = src_.shape[0];
    const std::int64_t places = extent.frames(src_) * net::num_elements(src_.shape) / channels;
    for (std::int64_t place = 0; place < places; ++place)
      dst = std::copy_n(src[0] + place * channels + begin_, count_, dst);
  }

 private:
  net::TensorType src_;
  std::int64_t begin_, count_;
};

}  // namespace

Made make_slice(const BuildContext& context) { return std::make_unique<Slice>(context); }

}  // namespace tern::engine::ops
