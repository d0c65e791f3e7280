#include "train/sensitivity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "compress/plan_run.hpp"
#include "compress/select_layers.hpp"
#include "learn/forward.hpp"
#include "learn/losses.hpp"
#include "learn/torch.hpp"
#include "train/batches.hpp"
#include "train/frame_source.hpp"

namespace tern::train {
namespace {

struct ClassScores {
  at::Tensor values;
  std::int64_t correct = 0, count = 0;
  double accuracy() const { return static_cast<double>(correct) / static_cast<double>(count); }
};

ClassScores run(learn::Model& model, const std::vector<Batch>& batches) {
  const c10::NoGradGuard no_grad;
  ClassScores scores;
  std::vector<at::Tensor> parts;
  for (const auto& batch : batches) {
    parts.push_back(learn::forward(model, batch.frames, batch.num_steps, {}));
    scores.correct += learn::count_correct(parts.back(), batch.labels);
    scores.count += batch.labels.size(0);
  }
  scores.values = at::cat(parts);
  return scores;
}

std::vector<Batch> make_batches(const data::FrameDataset& data, const data::Split& split, std::int64_t max_samples) {
  const std::int64_t count = std::min(max_samples, split.size());
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i) chosen.push_back(i * split.size() / count);
  std::vector<Batch> batches;
  constexpr std::size_t batch_size = 128;
  for (std::size_t first = 0; first < chosen.size(); first += batch_size)
    batches.push_back(make_batch(data, split, {chosen.data() + first, std::min(batch_size, chosen.size() - first)}));
  return batches;
}

/// The step for one layer: "quantize:w=4" -> "quantize:w=4,only=conv1".
std::string for_layer(const std::string& step, const std::string& layer) {
  return step + (step.find(':') == std::string::npos ? ":" : ",") + "only=" + layer;
}

double snr_db(const at::Tensor& clean, const at::Tensor& noisy) {
  const double signal = clean.square().sum(at::kDouble).item<double>();
  const double noise = (clean - noisy).square().sum(at::kDouble).item<double>();
  return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}

}  // namespace

std::vector<LayerDamage> measure_sensitivity(learn::Model& model, const std::vector<std::string>& steps,
                                             const data::FrameDataset& data, const data::Split& split,
                                             std::int64_t max_samples, const ProgressCallback& progress) {
  for (const auto& [name, parameter] : model.parameters())
    if (parameter.quantizer) fail(ErrorKind::usage, name, "the model is quantized already: give the float one");
  if (split.size() == 0) fail(ErrorKind::usage, "data set '" + data.name + "'", "the split is empty");
  const std::vector<Batch> batches = make_batches(data, split, max_samples);
  const ClassScores clean = run(model, batches);
  const compress::Samples samples = calibration_samples(data, 256);
  compress::RunHooks hooks;
  hooks.samples = [&]() -> const compress::Samples& { return samples; };

  std::vector<LayerDamage> rows;
  const std::vector<std::string> weights = model.weight_names();
  std::int64_t done = 0;
  for (const auto& step : steps) {
    compress::parse_plan(step);
    std::string refusal;
    bool fits = false;
    for (const auto& weight : weights) {
      const std::string layer(compress::node_of(weight));
      try {
        learn::Model copy = model.clone_without_quantizers();
        compress::apply_untrained(compress::parse_plan(for_layer(step, layer)), copy, hooks);
        const ClassScores scores = run(copy, batches);
        rows.push_back({layer, step, snr_db(clean.values, scores.values), scores.accuracy(),
                        clean.accuracy() - scores.accuracy()});
        fits = true;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::usage) throw;
        refusal = error.what();
      }
      if (progress) {
        const auto total = static_cast<std::int64_t>(weights.size() * steps.size());
        ++done;
        progress({"sensitivity", done, total, "layers", {}, done == total});
      }
    }
    if (!fits) fail(ErrorKind::usage, "step '" + step + "'", "no layer can take it: {}", refusal);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const LayerDamage& a, const LayerDamage& b) { return a.snr_db < b.snr_db; });
  return rows;
}

}  // namespace tern::train
