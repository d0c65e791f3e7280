#include "train/evaluate.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/batches.hpp"

namespace tern::train {

Evaluation evaluate(learn::Model& model, const data::FrameDataset& data, const data::Split& split,
                    std::int64_t batch_size, const ProgressCallback& progress) {
  if (split.size() == 0) fail(ErrorKind::usage, "data set '" + data.name + "'", "the split to evaluate is empty");
  const c10::NoGradGuard no_grad;
  const data::BatchOrder order(split.size(), batch_size, 0, 0, false);
  Evaluation result;
  std::int64_t correct = 0;
  for (std::int64_t b = 0; b < order.num_batches(); ++b) {
    const Batch batch = make_batch(data, split, order.batch(b));
    const at::Tensor scores = learn::forward(model, batch.frames, batch.num_steps, {});
    correct += learn::count_correct(scores, batch.labels);
    const at::Tensor rows = scores.to(at::kFloat).contiguous();
    result.scores.insert(result.scores.end(), rows.data_ptr<float>(), rows.data_ptr<float>() + rows.numel());
    const at::Tensor best = scores.argmax(1).contiguous();
    const auto* data_of_best = best.data_ptr<std::int64_t>();
    result.predictions.insert(result.predictions.end(), data_of_best, data_of_best + best.numel());
    if (progress)
      progress({"evaluate", static_cast<std::int64_t>(result.predictions.size()), split.size(), "samples", {},
                b + 1 == order.num_batches()});
  }
  result.accuracy = static_cast<double>(correct) / static_cast<double>(split.size());
  return result;
}

std::map<std::string, learn::NodeActivity> measure_activity(learn::Model& model, const data::FrameDataset& data,
                                                            const data::Split& split, std::int64_t max_samples) {
  const std::int64_t count = std::min(max_samples, split.size());
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) chosen.push_back(i * split.size() / count);
  learn::ActivityMeter meter(model);
  constexpr std::size_t batch_size = 64;
  for (std::size_t first = 0; first < chosen.size(); first += batch_size) {
    const std::span<const std::int64_t> indices(chosen.data() + first, std::min(batch_size, chosen.size() - first));
    const Batch batch = make_batch(data, split, indices);
    meter.measure(batch.frames, batch.num_steps);
  }
  return meter.result();
}

}  // namespace tern::train
