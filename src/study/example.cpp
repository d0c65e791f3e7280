#include "study/example.hpp"

#include <algorithm>

#include "learn/activity.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"
#include "train/batches.hpp"

namespace tern::study {
namespace {

report::RasterLayer thin_out(const std::string& node, const at::Tensor& spikes, std::int64_t most_neurons) {
  const std::int64_t num_steps = spikes.size(0), neurons = spikes.size(1), shown = std::min(neurons, most_neurons);
  report::RasterLayer layer{node, neurons, shown, {}};
  const auto* data = spikes.data_ptr<std::uint8_t>();
  for (std::int64_t t = 0; t < num_steps; ++t)
    for (std::int64_t i = 0; i < shown; ++i) layer.spikes.push_back(data[t * neurons + i * neurons / shown]);
  return layer;
}

}  // namespace

report::ExampleRaster make_example(learn::Model& model, const data::FrameDataset& data, const data::Split& split,
                                   std::int64_t index, std::int64_t most_neurons) {
  const c10::NoGradGuard no_grad;
  const std::int64_t indices[] = {index};
  const train::Batch batch = train::make_batch(data, split, indices);
  const at::Tensor scores = learn::forward(model, batch.frames, batch.num_steps, {});
  report::ExampleRaster example;
  example.sample_name = split.sample_names[static_cast<std::size_t>(index)];
  example.label = data.class_names[static_cast<std::size_t>(split.labels[static_cast<std::size_t>(index)])];
  example.predicted = data.class_names[static_cast<std::size_t>(scores.argmax(1).item<std::int64_t>())];
  example.num_steps = data.num_steps;
  example.c = data.sample_shape[0];
  example.h = data.sample_shape[1];
  example.w = data.sample_shape[2];
  const at::Tensor frames = batch.frames.contiguous();
  example.frames.assign(frames.data_ptr<float>(), frames.data_ptr<float>() + frames.numel());
  const auto rasters = learn::spike_rasters(model, batch.frames, batch.num_steps);
  for (const auto& node : model.net().nodes())
    if (const auto found = rasters.find(node.name); found != rasters.end())
      example.layers.push_back(thin_out(node.name, found->second.contiguous(), most_neurons));
  return example;
}

}  // namespace tern::study
