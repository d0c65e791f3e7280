// Which kernel a layer gets: measured on this machine, remembered for equal layers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/layers/choice_file.hpp"
#include "engine/layers/layer.hpp"
#include "engine/options.hpp"

namespace tern::engine {

struct ChosenLayer {
  std::unique_ptr<Layer> layer;
  std::string kernel;
  std::vector<KernelTime> times;  ///< of every kernel that suits, fastest first
  bool measured = false;          ///< now; otherwise remembered, or not asked for
};

/// Every kernel that suits, fastest first (of much that does not stay in the second cache: the lightest of those within 8 % of it), on random codes or spikes at a twentieth of the places.
std::vector<KernelTime> measure_kernels(const LayerTask& task);

/// Measurements are kept in the process for layers of equal shape, widths and zeros, and read from options.cache_folder.
/// Errors: ErrorKind::usage when options.kernel is unknown.
ChosenLayer choose_layer(const LayerTask& task, const Options& options);

/// Writes what was measured since into options.cache_folder, once a plan is made; nothing where it cannot.
void keep_choices(const Options& options);

/// Forgets what the process remembers, for tests: as after a start.
void forget_choices();

}  // namespace tern::engine
