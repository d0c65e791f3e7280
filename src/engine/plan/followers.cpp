#include "engine/plan/followers.hpp"

#include <cmath>

#include "kernels/batch_norm.hpp"

namespace tern::engine {
namespace {

const net::Node* only_reader(const net::Net& net, const net::Node& node) {
  if (node.name == net.output().name) return nullptr;
  const auto readers = net.readers(node.name);
  return readers.size() == 1 ? readers[0] : nullptr;
}

bool absorb_norm(const pack::PackedModel& model, const net::Node& norm, LayerStep& kernel) {
  if (kernel.has_norm() || kernel.has_residual() || kernel.has_clamp()) return false;
  const auto values = [&](const char* name) { return pack::dequantize(model.tensors.at(norm.name + "." + name)); };
  const auto gamma = values("weight"), beta = values("bias"), mean = values("running_mean"), var = values("running_var");
  const auto eps = static_cast<float>(model.net.context(norm).real("eps"));
  for (const float v : var)
    if (!(v + eps > 0)) return false;  // refused by the operation itself
  std::vector<float> scale(gamma.size()), shift(gamma.size());
  kernels::fold_batch_norm(static_cast<std::int64_t>(gamma.size()), gamma.data(), beta.data(), mean.data(), var.data(), eps,
                           scale.data(), shift.data());
  kernel.set_norm(std::move(scale), std::move(shift));
  return true;
}

bool absorb_sum(const net::Node& sum, const std::string& current, LayerStep& kernel, const ResidualOf& residual_of) {
  if (kernel.has_residual() || kernel.has_clamp() || sum.inputs.size() != 2) return false;
  const std::string& other = sum.inputs[sum.inputs[0] == current ? 1 : 0];
  if (other == current) return false;
  const auto residual = residual_of(other);
  if (residual) kernel.set_residual(*residual);
  return residual.has_value();
}

bool absorb_clamp(const net::Node& clamp, LayerStep& kernel) {
  if (kernel.has_clamp()) return false;
  kernel.set_clamp(0.0F, clamp.op == "relu" ? INFINITY : 6.0F);
  return true;
}

}  // namespace

std::vector<const net::Node*> absorb_followers(const pack::PackedModel& model, const net::Node& first, LayerStep& kernel,
                                               const ResidualOf& residual_of) {
  const auto absorb = [&](const net::Node& next, const std::string& current) {
    if (next.op == "dropout") return true;
    if (next.op == "batch_norm") return absorb_norm(model, next, kernel);
    if (next.op == "add") return absorb_sum(next, current, kernel, residual_of);
    return (next.op == "relu" || next.op == "relu6") && absorb_clamp(next, kernel);
  };
  std::vector<const net::Node*> followers;
  const net::Node* last = &first;
  for (const net::Node* next; (next = only_reader(model.net, *last)) != nullptr && absorb(*next, last->name); last = next)
    followers.push_back(next);
  return followers;
}

}  // namespace tern::engine
