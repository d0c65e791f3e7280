#include "compress/prune/dynamics/gate.hpp"

#include <cmath>

#include "compress/prune/dynamics/bernoulli_gate.hpp"
#include "compress/prune/dynamics/hard_concrete_gate.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double tie_breaking = 0.01;
constexpr double smallest_draw = 1e-6;

}  // namespace

ProbabilityGate::ProbabilityGate(const at::Tensor& weight, double probability) {
  const c10::NoGradGuard no_grad;
  const at::Tensor sizes = weight.detach().abs();
  const at::Tensor relative = sizes / sizes.mean().clamp_min(1e-12) - 1;
  scaled_logit_ = ((std::log(probability / (1 - probability)) + tie_breaking * relative) / logit_gain)
                      .contiguous()
                      .set_requires_grad(true);
}

at::Tensor ProbabilityGate::logits() const {
  return scaled_logit_ * logit_gain;
}

at::Tensor ProbabilityGate::apply(const at::Tensor& weight, bool training, std::uint64_t seed) {
  if (!training) return weight * expected();
  const at::Tensor u = at::rand(weight.sizes(), learn::make_generator(seed), at::TensorOptions(at::kFloat));
  return weight * draw(u.clamp(smallest_draw, 1 - smallest_draw));
}

const std::vector<GateRow>& gate_table() {
  static const std::vector<GateRow> table{
      {hard_concrete_info(),
       [](const at::Tensor& weight) -> std::shared_ptr<ProbabilityGate> {
         return std::make_shared<HardConcreteGate>(weight);
       }},
      {bernoulli_info(),
       [](const at::Tensor& weight) -> std::shared_ptr<ProbabilityGate> {
         return std::make_shared<BernoulliGate>(weight);
       }},
  };
  return table;
}

const GateRow& find_gate(std::string_view name) {
  return find_method(gate_table(), "weight gate", name,
                     [](const GateRow& row) -> const MethodInfo& { return row.info; });
}

std::shared_ptr<learn::WeightGate> make_gate_from_spec(std::string_view spec, const at::Tensor& weight) {
  return find_gate(spec).make(weight);
}

}  // namespace tern::compress
