// Which kernel a layer gets: measured on this machine, remembered for equal layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/layers/layer.hpp"
#include "engine/options.hpp"

namespace tern::engine {

struct KernelTime {
  std::string kernel;
  double microseconds = 0;  ///< of one frame on one thread; 0: not measured
};

struct ChosenLayer {
  std::unique_ptr<Layer> layer;
  std::string kernel;
  std::vector<KernelTime> times;  ///< of every kernel that suits, fastest first
};

/// Every kernel that suits, fastest first, on random codes or spikes at a tenth of the places. Kept for layers of equal
/// shape, widths and zeros.
std::vector<KernelTime> measured_kernels(const LayerTask& task);

/// Errors: ErrorKind::usage when options.kernel is unknown.
ChosenLayer choose_layer(const LayerTask& task, const Options& options);

}  // namespace tern::engine
