#include "compress/plan_run.hpp"

#include <utility>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Tells every method that anneals how far the phase is.
void set_progress(learn::Model& model, double progress) {
  for (auto& [name, parameter] : model.parameters())
    if (parameter.quantizer) parameter.quantizer->set_progress(progress);
  for (auto& [name, quantizer] : model.activation_quantizers())
    if (quantizer) quantizer->set_progress(progress);
}

void accumulate(at::Tensor& sum, const at::Tensor& term) {
  if (term.defined()) sum = sum.defined() ? sum + term : term;
}

const Samples& no_samples() {
  fail(ErrorKind::usage, "plan", "this step looks at data, and there is none: name a data set");
}

}  // namespace

PhaseRun::PhaseRun(const Phase& phase, learn::Model& model, RunHooks hooks)
    : model_(model), hooks_(std::move(hooks)), transforms_(make_transforms(phase)) {
  if (!hooks_.loss) hooks_.loss = learn::find_loss("ce").loss;
  if (!hooks_.samples) hooks_.samples = no_samples;
}

TransformContext PhaseRun::context(std::int64_t step, std::int64_t num_steps) const {
  TransformContext context{model_};
  context.step = step;
  context.num_steps = num_steps;
  context.seed = hooks_.seed;
  context.loss = hooks_.loss;
  context.samples = hooks_.samples;
  return context;
}

Changes PhaseRun::close(TransformContext& context) const {
  if (hooks_.note)
    for (const auto& note : context.notes) hooks_.note(note);
  return {context.net_changed, context.reset_optimizer || context.net_changed};
}

Changes PhaseRun::before_step(std::int64_t step, std::int64_t num_steps,
                              const std::function<std::map<std::string, at::Tensor>()>& batch_gradients) {
  TransformContext at = context(step, num_steps);
  at.batch_gradients = batch_gradients;
  for (auto& transform : transforms_) {
    if (!transform->is_due(step, num_steps)) continue;
    if (step == 0) transform->check(model_);
    transform->apply(at);
  }
  if (num_steps > 0) set_progress(model_, static_cast<double>(step) / static_cast<double>(num_steps));
  return close(at);
}

void PhaseRun::after_backward(std::int64_t step, std::int64_t num_steps) {
  TransformContext at = context(step, num_steps);
  for (auto& transform : transforms_)
    if (transform->watches_gradients()) transform->after_backward(at);
  close(at);
}

at::Tensor PhaseRun::penalty() {
  at::Tensor sum;
  for (auto& transform : transforms_) accumulate(sum, transform->penalty(model_));
  for (auto& [name, parameter] : model_.parameters()) {
    if (parameter.gate) accumulate(sum, parameter.gate->penalty());
    if (parameter.quantizer) accumulate(sum, parameter.quantizer->penalty());
  }
  for (auto& [name, quantizer] : model_.activation_quantizers())
    if (quantizer) accumulate(sum, quantizer->penalty());
  return sum;
}

Changes PhaseRun::finish(std::int64_t num_steps) {
  TransformContext at = context(num_steps, num_steps);
  for (auto& transform : transforms_) transform->finish(at);
  return close(at);
}

void apply_untrained(const Plan& plan, learn::Model& model, const RunHooks& hooks) {
  for (const auto& phase : plan.phases) {
    PhaseRun run(phase, model, hooks);
    run.before_step(0, 0);
    run.finish(0);
  }
}

}  // namespace tern::compress
