#include "compress/posttrain/reconstruct.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "base/seed.hpp"
#include "compress/posttrain/adam.hpp"
#include "compress/posttrain/float_twin.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Runs nodes [first, last) differentiably from the value of the node before. `drop`: see ReconstructOptions.
at::Tensor run_stretch(learn::Model& model, std::size_t first, std::size_t last, const at::Tensor& src,
                       std::int64_t num_steps, double drop, at::Generator& generator) {
  const auto& nodes = model.net().nodes();
  std::map<std::string, at::Tensor> values{{nodes[first - 1].name, src}};
  for (std::size_t i = first; i < last; ++i) {
    std::vector<at::Tensor> inputs;
    for (const auto& source : nodes[i].inputs) inputs.push_back(values.at(source));
    at::Tensor value = run_node(model, nodes[i], inputs, num_steps, true);
    if (nodes[i].op == "quantize" && drop > 0)
      value = at::where(at::rand(value.sizes(), generator, value.options()).lt(drop), inputs[0], value);
    values[nodes[i].name] = value;
  }
  return values.at(nodes[last - 1].name);
}

std::size_t position_of(const net::Net& net, const std::string& name) {
  std::size_t i = 0;
  while (net.nodes()[i].name != name) ++i;
  return i;
}

/// The node of the float twin that stands for a node of the model.
std::string twin_name(const net::Net& net, std::string name) {
  while (net.node(name).op == "quantize") name = net.node(name).inputs[0];
  return name;
}

/// Squared gradients of -log p(drawn class) with respect to the twin's value at `name`, with mean 1.
BatchValues fisher_weights(learn::Model& twin, const std::string& name, const BatchValues& values,
                           const Samples& samples, at::Generator& generator) {
  const std::size_t first = position_of(twin.net(), name) + 1, last = twin.net().nodes().size();
  BatchValues result;
  double sum = 0, count = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const at::Tensor leaf = values[i].detach().requires_grad_(true);
    at::Tensor scores = leaf;
    if (first < last) scores = run_stretch(twin, first, last, leaf, samples[i].num_steps, 0, generator);
    const at::Tensor logs = scores.flatten(1).log_softmax(1);
    const at::Tensor drawn = at::multinomial(logs.detach().exp(), 1, false, generator);
    const at::Tensor loss = -logs.gather(1, drawn).sum();
    result.push_back(torch::autograd::grad({loss}, {leaf})[0].square());
    sum += result.back().sum().item<double>();
    count += static_cast<double>(result.back().numel());
  }
  for (auto& weight : result) weight.mul_(count / std::max(sum, 1e-30));
  return result;
}

/// One block being learned.
class BlockProblem {
 public:
  BlockProblem(learn::Model& model, learn::Model& twin, const Block& block, const std::vector<std::string>& weights,
               const Samples& samples, const ReconstructOptions& options)
      : model_(model), block_(block), samples_(samples), options_(options),
        generator_(learn::make_generator(derive_seed(options.seed, block.first))) {
    const auto& nodes = model.net().nodes();
    for (std::size_t i = block.first; i < block.last; ++i) {
      const std::string name = nodes[i].name + ".weight";
      if (std::find(weights.begin(), weights.end(), name) == weights.end()) continue;
      learn::Parameter& parameter = model.parameters().at(name);
      if (!has_grid(parameter)) continue;
      const WeightGrid grid = weight_grid(parameter);
      kernels_.push_back({&parameter, grid, SoftRounding(twin.parameters().at(name).latent, grid)});
    }
  }

  bool empty() const { return kernels_.empty(); }
  at::Generator& generator() { return generator_; }

  /// -> {error of nearest rounding, error of the learned one}; freezes the better one.
  std::pair<double, double> solve(const BatchValues& src, const BatchValues& targets, const BatchValues& factors) {
    for (auto& kernel : kernels_) kernel.parameter->override_value = kernel.grid.codes * kernel.grid.scale;
    const double nearest = mean_error(src, targets, factors);
    if (nearest > 0) learn(src, targets, factors, nearest);
    for (auto& kernel : kernels_) kernel.parameter->override_value = kernel.rounding.hard_codes() * kernel.grid.scale;
    const double learned = mean_error(src, targets, factors);
    for (auto& kernel : kernels_) {
      kernel.parameter->override_value = at::Tensor();
      freeze_codes(*kernel.parameter, learned < nearest ? kernel.rounding.hard_codes() : kernel.grid.codes,
                   kernel.grid.stored);
    }
    return {nearest, std::min(nearest, learned)};
  }

 private:
  struct Kernel {
    learn::Parameter* parameter;
    WeightGrid grid;
    SoftRounding rounding;
  };

  at::Tensor error(std::size_t i, const BatchValues& src, const BatchValues& targets, const BatchValues& factors,
                   double drop) {
    const at::Tensor dst =
        run_stretch(model_, block_.first, block_.last, src[i], samples_[i].num_steps, drop, generator_);
    at::Tensor squares = (dst - targets[i]).square();
    if (!factors.empty()) squares = squares * factors[i];
    return squares.sum() * (static_cast<double>(dst.size(1)) / static_cast<double>(dst.numel()));
  }

  double mean_error(const BatchValues& src, const BatchValues& targets, const BatchValues& factors) {
    const c10::NoGradGuard no_grad;
    double sum = 0, count = 0;
    for (std::size_t i = 0; i < src.size(); ++i) {
      const double rows = static_cast<double>(targets[i].size(0));
      sum += rows * error(i, src, targets, factors, 0).item<double>();
      count += rows;
    }
    return sum / count;
  }

  void learn(const BatchValues& src, const BatchValues& targets, const BatchValues& factors, double nearest) {
    std::vector<at::Tensor> leaves;
    double count = 0;
    for (auto& kernel : kernels_) {
      leaves.push_back(kernel.rounding.variable());
      count += static_cast<double>(kernel.rounding.count());
    }
    // Nearest rounding leaves 1/12 of a step's square a weight: this is the unit of one step of one weight.
    const double unit = nearest * 12 / count;
    Adam adam(leaves, std::vector<double>(leaves.size(), options_.rate));
    Rng order(derive_seed(options_.seed, block_.last));
    for (int i = 0; i < options_.iterations; ++i) {
      const double progress = static_cast<double>(i) / options_.iterations;
      for (auto& kernel : kernels_) kernel.parameter->override_value = kernel.rounding.soft_values();
      at::Tensor loss = error(order.below(src.size()), src, targets, factors, options_.drop) / unit;
      if (RoundingSchedule::is_active(progress))
        for (auto& kernel : kernels_)
          loss = loss + options_.lambda * kernel.rounding.regulariser(RoundingSchedule::beta(progress));
      adam.step(torch::autograd::grad({loss}, leaves));
    }
  }

  learn::Model& model_;
  Block block_;
  const Samples& samples_;
  const ReconstructOptions& options_;
  at::Generator generator_;
  std::vector<Kernel> kernels_;
};

}  // namespace

std::vector<LayerError> reconstruct(learn::Model& model, const std::vector<std::string>& weights,
                                    const Samples& given, const ReconstructOptions& options) {
  const Samples samples = split_samples(given, options.batch);
  learn::Model twin = float_twin(model);
  NetWalk quantized(model, samples), reference(twin, samples);
  std::vector<LayerError> errors;
  for (const Block& block : reconstruction_blocks(model.net())) {
    const auto& nodes = model.net().nodes();
    BlockProblem problem(model, twin, block, weights, samples, options);
    if (problem.empty()) continue;
    const std::string target = twin_name(model.net(), nodes[block.last - 1].name);
    quantized.advance_past(nodes[block.first - 1].name);
    reference.advance_past(target);
    const BatchValues targets = reference.value(target);
    const BatchValues factors =
        options.fisher ? fisher_weights(twin, target, targets, samples, problem.generator()) : BatchValues();
    const auto [before, after] = problem.solve(quantized.value(nodes[block.first - 1].name), targets, factors);
    errors.push_back({nodes[block.last - 1].name, before, after});
  }
  return errors;
}

}  // namespace tern::compress
