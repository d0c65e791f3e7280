// Kernels of one convolution or linear layer, and the table from which the plan chooses.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/plan/storage.hpp"
#include "kernels/conv_shape.hpp"
#include "kernels/epilogue.hpp"
#include "kernels/event/event_layer.hpp"

namespace tern::engine {

/// What a layer's epilogue reads and writes besides its sums; kernels differ in how well they do it.
struct EpilogueParts {
  bool residual_floats = false, residual_codes = false, floats = false, codes = true;
  auto operator<=>(const EpilogueParts&) const = default;
};

/// A layer with integer weights on codes or bits. Sums fit int32.
struct LayerTask {
  kernels::ConvShape shape;
  Form source = Form::codes;
  std::int64_t source_h = 1, source_w = 1;  ///< without its border
  std::int32_t source_offset = 0;     ///< of codes
  std::int32_t source_largest = 255;  ///< largest byte that occurs, of codes
  int bits = 8;                       ///< of the weights, 1 to 8
  std::span<const std::int8_t> weights{};  ///< [oc, ic / groups, kh, kw]
  EpilogueParts epilogue{};
  /// The whole network's weights, where they do not stay in the second cache from run to run; else 0.
  std::int64_t cold_weight_bytes = 0;

  /// Share of the weights that are zero.
  double zeros() const;
};

/// A layer made ready for one kernel. Immutable, safe to run from many threads.
class Layer {
 public:
  virtual ~Layer() = default;
  /// Output rows [first, last) of one frame. `src`: element (0, 0) of the frame; scratch: scratch_bytes() bytes,
  /// aligned to 64.
  virtual void run(const void* src, const kernels::Epilogue& epilogue, std::int64_t first, std::int64_t last,
                   void* scratch) const = 0;
  virtual std::size_t scratch_bytes() const { return 0; }
  virtual std::size_t weight_bytes() const = 0;

  /// The layer with the neurons behind it, over all steps; the epilogue has no destinations. The default goes through
  /// floats of a few rows. src_step counts elements of the source.
  virtual void run_spiking(const void* src, const kernels::EventLayer& layer, const kernels::Epilogue& epilogue,
                           std::int64_t first, std::int64_t last, void* scratch) const;
  virtual std::size_t spiking_scratch_bytes(std::int64_t num_steps) const;

 protected:
  /// What the defaults need to know.
  struct Facts {
    kernels::ConvShape shape;
    std::int64_t source_bytes = 1;  ///< of one element of the source
  };
  virtual Facts spiking_facts() const = 0;
};

/// One kernel. `make` packs the weights.
struct LayerKernel {
  std::string_view name;
  bool (*suits)(const LayerTask& task);
  std::unique_ptr<Layer> (*make)(const LayerTask& task);
};

/// In order of preference where nothing is measured; the last, "plain", suits everything.
std::span<const LayerKernel> layer_kernels();

namespace layers {
extern const LayerKernel dense, depthwise, grouped, sparse, event, bit_serial, low_bit, identity, plain;
}

}  // namespace tern::engine
