#include "compress/posttrain/reestimate.hpp"

#include <algorithm>

#include "compress/posttrain/float_twin.hpp"
#include "compress/posttrain/net_walk.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

void set(learn::Parameter& parameter, const at::Tensor& value, bool has_reference) {
  if (has_reference) keep_reference(parameter);
  parameter.latent.copy_(value);
  if (has_reference) seal_reference(parameter);
}

bool is_quantized(const learn::Model& model) {
  const auto& parameters = model.parameters();
  return !model.activation_quantizers().empty() ||
         std::any_of(parameters.begin(), parameters.end(),
                     [](const auto& entry) { return entry.second.quantizer != nullptr; });
}

void reestimate(learn::Model& model, const net::Node& norm, const BatchValues& inputs) {
  const c10::NoGradGuard no_grad;
  at::Tensor sum, squares;
  double rows = 0;
  for (const auto& input : inputs) {
    const at::Tensor wide = (input.dim() == 4 ? input.permute({1, 0, 2, 3}) : input.t())
                                .reshape({input.size(1), -1})
                                .to(at::kDouble);
    const at::Tensor first = wide.sum(1), second = wide.square().sum(1);
    sum = sum.defined() ? sum + first : first;
    squares = squares.defined() ? squares + second : second;
    rows += static_cast<double>(wide.size(1));
  }
  const at::Tensor mean = sum / rows;
  const bool has_reference = is_quantized(model);
  set(model.parameter(norm.name, "running_mean"), mean.to(at::kFloat), has_reference);
  const at::Tensor variance = (squares - rows * mean.square()).clamp_min_(0) / std::max(1.0, rows - 1);
  set(model.parameter(norm.name, "running_var"), variance.to(at::kFloat), has_reference);
}

}  // namespace

std::vector<std::string> reestimate_norms(learn::Model& model, const Samples& samples, std::size_t max_batches) {
  const Samples used(samples.begin(),
                     samples.begin() + static_cast<std::ptrdiff_t>(std::min(max_batches, samples.size())));
  const Samples batches = split_samples(used, 64);
  NetWalk walk(model, batches);
  std::vector<std::string> names;
  while (const net::Node* node = walk.next()) {
    if (node->op == "batch_norm") {
      reestimate(model, *node, walk.value(node->inputs[0]));
      names.push_back(node->name);
    }
    walk.advance();
  }
  return names;
}

}  // namespace tern::compress
