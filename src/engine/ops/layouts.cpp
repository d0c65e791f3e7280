// input and flatten: where an activation changes between the Net's order and channels last.
#include "engine/layout.hpp"
#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

class Input final : public Operation {
 public:
  explicit Input(net::TensorType type) : type_(std::move(type)) {}
  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    to_channels_last(type_.shape, extent.frames(type_), src[0], dst);
  }

 private:
  net::TensorType type_;
};

/// Rows of features in c, h, w order.
class Flatten final : public Operation {
 public:
  explicit Flatten(net::TensorType src) : src_(std::move(src)) {}
  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    to_channels_first(src_.shape, extent.frames(src_), src[0], dst);
  }

 private:
  net::TensorType src_;
};

}  // namespace

Made make_input(const BuildContext& context) { return std::make_unique<Input>(context.dst); }
Made make_flatten(const BuildContext& context) { return std::make_unique<Flatten>(context.src()); }

}  // namespace tern::engine::ops
