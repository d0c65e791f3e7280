#include "study/engine_run.hpp"

#include <algorithm>
#include <chrono>

#include "base/error.hpp"
#include "data/batch.hpp"

namespace tern::study {

EngineRun run_engine(const engine::Program& program, const data::FrameDataset& data, const data::Split& split,
                     std::int64_t batch_size) {
  EngineRun run;
  std::int64_t correct = 0;
  const data::BatchOrder order(split.size(), batch_size, 0, 0, false);
  for (std::int64_t b = 0; b < order.num_batches(); ++b) {
    const auto indices = order.batch(b);
    const auto n = static_cast<std::int64_t>(indices.size());
    std::vector<float> frames(static_cast<std::size_t>(n * data.sample_size()));
    data::gather(data, split, indices, frames.data());
    const auto start = std::chrono::steady_clock::now();
    const auto scores = program.run(frames, data.num_steps, n);
    run.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!scores) fail(ErrorKind::bad_data, "engine", "{}", scores.error().message);
    run.scores.insert(run.scores.end(), scores->begin(), scores->end());
    const std::int64_t classes = static_cast<std::int64_t>(scores->size()) / n;
    for (std::int64_t i = 0; i < n; ++i) {
      const auto first = scores->begin() + i * classes;
      run.predictions.push_back(std::max_element(first, first + classes) - first);
      correct += run.predictions.back() == split.labels[run.predictions.size() - 1];
    }
  }
  run.accuracy = static_cast<double>(correct) / static_cast<double>(std::max<std::int64_t>(1, split.size()));
  return run;
}

}  // namespace tern::study
