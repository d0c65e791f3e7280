// A packed model over a data split, in the engine.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.hpp"
#include "engine/program.hpp"

namespace tern::study {

struct EngineRun {
  std::vector<std::int64_t> predictions;  ///< class a sample, in the split's order; the first of equal scores
  std::vector<float> scores;              ///< [n, classes]
  double accuracy = 0.0;
  double seconds = 0.0;                   ///< inside the engine; gathering frames is not counted
};

/// Errors: ErrorKind::bad_data with the engine's message where the frames do not fit the model.
EngineRun run_engine(const engine::Program& program, const data::FrameDataset& data, const data::Split& split,
                     std::int64_t batch_size = 32);

}  // namespace tern::study
