// A Layer around one family of kernels: its packed weights and its function over rows.
#pragma once

#include <utility>

#include "engine/layers/layer.hpp"

namespace tern::engine::layers {

/// Family has Source (what an element of the source is), Weights with bytes(), and static functions
/// pack(task), scratch_bytes(shape, weights) and run(shape, weights, src, epilogue, first, last, scratch).
template <class Family>
class PackedLayer : public Layer {
 public:
  explicit PackedLayer(const LayerTask& task) : shape_(task.shape), weights_(Family::pack(task)) {}

  void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
           void* scratch) const override {
    Family::run(shape_, weights_, static_cast<const typename Family::Source*>(src), epilogue, first, last, scratch);
  }
  std::size_t scratch_bytes() const override { return Family::scratch_bytes(shape_, weights_); }
  std::size_t weight_bytes() const override { return weights_.bytes(); }

 protected:
  Layer::Facts spiking_facts() const override { return {shape_, sizeof(typename Family::Source)}; }

  kernels::ConvShape shape_;
  typename Family::Weights weights_;
};

template <class L>
std::unique_ptr<Layer> make_layer(const LayerTask& task) {
  return std::make_unique<L>(task);
}

}  // namespace tern::engine::layers
