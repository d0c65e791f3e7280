// Which layer hurts: the damage that a compression step does to one layer at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/progress.hpp"
#include "data/dataset.hpp"
#include "learn/model.hpp"

namespace tern::train {

struct LayerDamage {
  std::string layer;           ///< node
  std::string step;            ///< as given: "quantize:w=4,affine"
  double snr_db = 0;           ///< of the scores: 10 log10(|s|^2 / |s - s'|^2), larger is better
  double accuracy = 0;         ///< with this layer alone compressed, 0..1
  double accuracy_loss = 0;    ///< against the model as it is
};

/// Applies each step, untrained, to each kernel's node alone and compares scores over `max_samples` samples spread over
/// `split`. Rows are sorted by SNR, worst first. Layers that a step refuses are left out.
/// Errors: ErrorKind::usage for a step that is no step, or that fits no layer; a model that is quantized already.
std::vector<LayerDamage> measure_sensitivity(learn::Model& model, const std::vector<std::string>& steps,
                                             const data::FrameDataset& data, const data::Split& split,
                                             std::int64_t max_samples, const ProgressCallback& progress = {});

}  // namespace tern::train
