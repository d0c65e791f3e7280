#include "compress/posttrain/zeroq.hpp"

#include <algorithm>
#include <map>
#include <string>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/posttrain/adam.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/fold.hpp"
#include "compress/posttrain/net_walk.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

struct Statistics {
  at::Tensor mean, deviation;
};

/// What each node's output ought to have, by node name.
std::map<std::string, Statistics> wanted_statistics(const learn::Model& model) {
  std::map<std::string, Statistics> wanted;
  for (const auto& node : model.net().nodes()) {
    if (node.op == "batch_norm") {
      const double eps = model.net().context(node).real("eps");
      wanted[node.inputs[0]] = {model.parameter(node.name, "running_mean").latent,
                                (model.parameter(node.name, "running_var").latent + eps).sqrt()};
    } else if (const auto bias = model.parameters().find(node.name + ".bias"); bias != model.parameters().end()) {
      const auto& state = bias->second.state;
      if (state.count(norm_shift_state) && state.count(norm_gain_state))
        wanted[node.name] = {state.at(norm_shift_state), state.at(norm_gain_state)};
    }
  }
  if (wanted.empty())
    fail(ErrorKind::usage, "net '" + model.net().name() + "'", "it has no batch_norm to distill images from");
  return wanted;
}

at::Tensor distance(const at::Tensor& value, const Statistics& wanted) {
  const at::Tensor rows = (value.dim() == 4 ? value.permute({1, 0, 2, 3}) : value.t()).reshape({value.size(1), -1});
  const at::Tensor deviation = (rows.var(1, false) + 1e-8).sqrt();
  return (rows.mean(1) - wanted.mean).square().mean() + (deviation - wanted.deviation).square().mean();
}

}  // namespace

at::Tensor norm_distance(learn::Model& twin, const at::Tensor& frames, std::int64_t num_steps) {
  const auto wanted = wanted_statistics(twin);
  at::Tensor sum = distance(frames, {at::zeros({}), at::ones({})});
  std::size_t left = wanted.size();
  std::map<std::string, at::Tensor> values;
  for (const auto& node : twin.net().nodes()) {
    if (left == 0) break;  // the head behind the last norm adds nothing
    std::vector<at::Tensor> src;
    for (const auto& source : node.inputs) src.push_back(values.at(source));
    values[node.name] = node.op == "input" ? frames : run_node(twin, node, src, num_steps, true);
    if (const auto found = wanted.find(node.name); found != wanted.end()) {
      sum = sum + distance(values[node.name], found->second);
      --left;
    }
  }
  return sum;
}

Samples distill_samples(const learn::Model& model, const ZeroqOptions& options, std::uint64_t seed) {
  learn::Model twin = float_twin(model);
  const std::int64_t num_steps = std::max<std::int64_t>(1, twin.net().num_steps());
  auto sizes = twin.net().type(twin.net().input().name).shape;
  sizes.insert(sizes.begin(), 0);
  at::Generator generator = learn::make_generator(derive_seed(seed, "zeroq"));
  Samples samples;
  for (std::int64_t done = 0; done < options.count; done += options.batch) {
    sizes[0] = num_steps * std::min(options.batch, options.count - done);
    at::Tensor frames = at::randn(sizes, generator, at::TensorOptions(at::kFloat));
    if (frames.dim() == 4) frames = frames.contiguous(at::MemoryFormat::ChannelsLast);
    frames.set_requires_grad(true);
    Adam adam({frames}, {options.rate});
    for (int i = 0; i < options.iterations; ++i) {
      // The rate halves each time nothing but fine work is left: after half and three quarters of the way.
      const double factor = 2 * i < options.iterations ? 1.0 : 4 * i < 3 * options.iterations ? 0.5 : 0.25;
      adam.step(torch::autograd::grad({norm_distance(twin, frames, num_steps)}, {frames}), factor);
    }
    const c10::NoGradGuard no_grad;
    const at::Tensor images = frames.detach();
    const at::Tensor scores = learn::forward(twin, images, num_steps, {}).flatten(1);
    samples.push_back({images, scores.softmax(1), num_steps});
  }
  return samples;
}

}  // namespace tern::compress
