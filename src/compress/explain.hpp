// What each step of a plan does to which layer, without training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compress/plan_run.hpp"

namespace tern::compress {

/// One kernel before and after a step. A layer that the step made has no before, one that it removed no after.
struct LayerChange {
  std::string layer;              ///< parameter, "conv1.weight"
  std::vector<std::int64_t> shape_before, shape_after;
  int bits_before = 0, bits_after = 0;
  std::int64_t zeros_before = 0, zeros_after = 0;
  double snr_db = 0;  ///< 10 log10(|w|^2 / |w - w'|^2) where the shapes are equal; infinite where nothing changed
};

struct StepExplanation {
  std::string step;                 ///< canonical text
  std::vector<std::string> notes;   ///< the method's own words
  std::vector<LayerChange> layers;  ///< those that changed, in Net order
  std::int64_t macs_before = 0, macs_after = 0;        ///< of one sample and step
  std::int64_t weights_before = 0, weights_after = 0;
};

/// Carries out the plan on `model` step by step, untrained, and says what happened. Errors: as apply_untrained.
std::vector<StepExplanation> explain(const Plan& plan, learn::Model& model, const RunHooks& hooks);

}  // namespace tern::compress
