#include "train/optimizer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.hpp"
#include "compress/select_layers.hpp"
#include "learn/torch.hpp"

namespace tern::train {

std::vector<MethodInfo> optimizer_table() {
  return {{"adam",
           "adaptive moments, weight decay decoupled",
           "Kingma and Ba 2015; Loshchilov and Hutter 2019",
           {{"beta1", "float", "0.9", "0..1", "decay of the first moment"},
            {"beta2", "float", "0.999", "0..1", "decay of the second moment"},
            {"eps", "float", "1e-8", "> 0", "added to the root of the second moment"},
            {"weight_decay", "float", "0", ">= 0", "kernels only"}}},
          {"adam-l2",
           "adaptive moments, weight decay as a gradient",
           "Kingma and Ba 2015",
           {{"beta1", "float", "0.9", "0..1", "decay of the first moment"},
            {"beta2", "float", "0.999", "0..1", "decay of the second moment"},
            {"eps", "float", "1e-8", "> 0", "added to the root of the second moment"},
            {"weight_decay", "float", "0", ">= 0", "kernels only"}}},
          {"sgd",
           "stochastic gradient descent with momentum",
           "Sutskever et al. 2013",
           {{"momentum", "float", "0.9", "0..1", "share of the earlier step kept"},
            {"weight_decay", "float", "0", ">= 0", "kernels only"}}}};
}

Optimizer::Optimizer(learn::Model& model, OptimizerOptions options) : model_(model), options_(std::move(options)) {
  const auto table = optimizer_table();
  const std::string_view name =
      find_method(table, "optimizer", options_.name, [](const MethodInfo& row) -> const MethodInfo& { return row; }).name;
  is_adam_ = name != "sgd";
  decoupled_ = name == "adam";
  collect();
}

void Optimizer::collect() {
  const auto add = [&](std::string name, const at::Tensor& tensor, const learn::Parameter* owner, bool decays) {
    const auto known = std::find_if(slots_.begin(), slots_.end(), [&](const Slot& slot) { return slot.name == name; });
    if (known != slots_.end() && known->tensor.is_same(tensor)) return;
    Slot slot{std::move(name), tensor, owner, decays, at::zeros_like(tensor), {}};
    if (is_adam_) slot.second = at::zeros_like(tensor);
    if (known != slots_.end()) *known = std::move(slot);
    else slots_.push_back(std::move(slot));
  };
  const auto add_all = [&](const std::string& name, const std::map<std::string, at::Tensor>& tensors) {
    for (const auto& [tensor_name, tensor] : tensors)
      if (tensor.requires_grad()) add(name + "/" + tensor_name, tensor, nullptr, false);
  };
  for (auto& [name, parameter] : model_.parameters()) {
    if (parameter.role == net::ParameterRole::buffer) continue;
    const bool decays = parameter.role == net::ParameterRole::weight &&
                        (options_.decay_only.empty() || compress::matches_glob(options_.decay_only, compress::node_of(name)));
    add(name, parameter.latent, &parameter, decays);
    if (parameter.quantizer) add_all(name, parameter.quantizer->tensors());
    if (parameter.gate) add_all(name + "/gate", parameter.gate->tensors());
  }
  for (auto& [node, quantizer] : model_.activation_quantizers())
    if (quantizer) add_all(node, quantizer->tensors());
}

void Optimizer::zero_gradients() {
  collect();
  for (auto& slot : slots_) slot.tensor.mutable_grad() = at::Tensor();
}

void Optimizer::update_sgd(Slot& slot, const at::Tensor& gradient, double learning_rate) const {
  const at::Tensor decayed =
      slot.decays && options_.weight_decay > 0 ? gradient.add(slot.tensor, options_.weight_decay) : gradient;
  slot.first.mul_(options_.momentum).add_(decayed);
  slot.tensor.sub_(slot.first, learning_rate);
}

void Optimizer::update_adam(Slot& slot, at::Tensor gradient, double learning_rate) const {
  if (slot.decays && options_.weight_decay > 0) {
    if (decoupled_) slot.tensor.mul_(1 - learning_rate * options_.weight_decay);
    else gradient = gradient.add(slot.tensor, options_.weight_decay);
  }
  slot.first.mul_(options_.beta1).add_(gradient, 1 - options_.beta1);
  slot.second.mul_(options_.beta2).addcmul_(gradient, gradient, 1 - options_.beta2);
  const double correct1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_));
  const double correct2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
  const at::Tensor root = slot.second.sqrt().div_(std::sqrt(correct2)).add_(options_.eps);
  slot.tensor.addcdiv_(slot.first, root, -learning_rate / correct1);
}

void Optimizer::clip_gradients(double largest) {
  const c10::NoGradGuard no_grad;
  double squares = 0;
  for (const auto& slot : slots_)
    if (slot.tensor.grad().defined()) squares += slot.tensor.grad().square().sum(at::kDouble).item<double>();
  if (squares <= largest * largest) return;
  for (auto& slot : slots_)
    if (slot.tensor.grad().defined()) slot.tensor.mutable_grad().mul_(largest / std::sqrt(squares));
}

void Optimizer::step(double learning_rate) {
  const c10::NoGradGuard no_grad;
  collect();
  ++steps_;
  for (auto& slot : slots_) {
    at::Tensor gradient = slot.tensor.grad();
    if (!gradient.defined()) continue;
    const at::Tensor mask = slot.owner ? slot.owner->trainable_mask() : at::Tensor();
    if (mask.defined()) {
      gradient = gradient * mask;
      slot.first.mul_(mask);
      if (slot.second.defined()) slot.second.mul_(mask);
    }
    is_adam_ ? update_adam(slot, gradient, learning_rate) : update_sgd(slot, gradient, learning_rate);
    if (mask.defined()) slot.tensor.mul_(mask);
  }
  for (auto& [name, parameter] : model_.parameters())
    if (parameter.quantizer) parameter.quantizer->project();
  for (auto& [node, quantizer] : model_.activation_quantizers())
    if (quantizer) quantizer->project();
}

std::map<std::string, at::Tensor> Optimizer::state() const {
  std::map<std::string, at::Tensor> state;
  for (const auto& slot : slots_) {
    state[slot.name + "@first"] = slot.first;
    if (slot.second.defined()) state[slot.name + "@second"] = slot.second;
  }
  return state;
}

void Optimizer::restore(const std::map<std::string, at::Tensor>& state, std::int64_t steps) {
  collect();
  const c10::NoGradGuard no_grad;
  const auto copy = [&](const std::string& name, at::Tensor& into) {
    const auto found = state.find(name);
    if (found == state.end() || found->second.sizes() != into.sizes())
      fail(ErrorKind::bad_data, "checkpoint", "optimizer state '{}' is missing or has another shape", name);
    into.copy_(found->second);
  };
  for (auto& slot : slots_) {
    copy(slot.name + "@first", slot.first);
    if (slot.second.defined()) copy(slot.name + "@second", slot.second);
  }
  steps_ = steps;
}

}  // namespace tern::train
