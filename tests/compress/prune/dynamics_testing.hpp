// A small network trained by hand, for tests of what happens to masks meanwhile.
#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "compress/gradients.hpp"
#include "compress/prune/dynamics/prune_settings.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {

inline learn::Model tiny_model(std::uint64_t seed = 1) {
  net::Net net("tiny", 1);
  net.add("x", "input", {}, {{"shape", 8}});
  net.add("a", "linear", {"x"}, {{"out_features", 16}});
  net.add("relu", "relu", {"a"}, {});
  net.add("b", "linear", {"relu"}, {{"out_features", 4}});
  return learn::Model(net, seed);
}

inline PruneSettings settings_at(double sparsity, std::string_view scope = "global",
                                 std::string_view criterion = "magnitude") {
  PruneSettings settings;
  settings.sparsity = sparsity;
  settings.scope = &find_scope(scope);
  settings.criterion = &find_criterion(criterion);
  return settings;
}

inline SampleBatch tiny_batch(std::int64_t step) {
  const at::Tensor frames = learn::random({12, 8}, 100 + static_cast<std::uint64_t>(step % 9));
  const at::Tensor labels = frames.narrow(1, 0, 4).argmax(1);
  return {frames, learn::one_hot(labels, 4, 0.0), 1};
}

inline TransformContext context_of(learn::Model& model, std::int64_t num_steps = 0) {
  return {model, 0, num_steps, 5, learn::find_loss("ce").loss, nullptr, nullptr, false, false, {}};
}

/// Zeros by mask in each weight.
inline std::map<std::string, std::int64_t> zeros_of(const learn::Model& model) {
  std::map<std::string, std::int64_t> zeros;
  for (const auto& name : model.weight_names()) {
    const at::Tensor& mask = model.parameters().at(name).mask;
    zeros[name] = mask.defined() ? mask.eq(0).sum().item<std::int64_t>() : 0;
  }
  return zeros;
}

inline std::int64_t all_zeros(const learn::Model& model) {
  std::int64_t sum = 0;
  for (const auto& [name, zeros] : zeros_of(model)) sum += zeros;
  return sum;
}

/// Gradient descent with momentum on tiny_model() (128 + 64 weights), holding latents and momentum outside
/// trainable_mask() at zero as every optimizer must.
class TinyTraining {
 public:
  using Factory = std::function<std::unique_ptr<Transform>()>;

  explicit TinyTraining(Factory make, std::int64_t num_steps = 200)
      : make_(std::move(make)), num_steps_(num_steps) {
    transform_ = make_();
    samples_ = {tiny_batch(0), tiny_batch(1)};
  }

  learn::Model model = tiny_model();
  std::function<void(std::int64_t)> before_apply, after_apply, after_step;
  bool remake_each_step = false;  ///< as if every step were that of a resumed run
  int resets = 0;

  void run() {
    transform_->check(model);
    for (std::int64_t step = 0; step < num_steps_; ++step) {
      if (remake_each_step) transform_ = make_();
      take(step);
      if (after_step) after_step(step);
    }
    TransformContext context = context_at(num_steps_);
    transform_->finish(context);
  }

 private:
  TransformContext context_at(std::int64_t step) {
    TransformContext context = context_of(model, num_steps_);
    context.step = step;
    context.samples = [this]() -> const Samples& { return samples_; };
    context.batch_gradients = [this, step, loss = context.loss] {
      return weight_gradients(model, model.weight_names(), tiny_batch(step), loss, true);
    };
    return context;
  }

  void take(std::int64_t step) {
    TransformContext context = context_at(step);
    if (before_apply) before_apply(step);
    if (transform_->is_due(step, num_steps_)) transform_->apply(context);
    if (context.reset_optimizer) momentum_.clear(), ++resets;
    if (after_apply) after_apply(step);
    std::map<std::string, at::Tensor> leaves;
    for (auto& [name, parameter] : model.parameters()) {
      leaves[name] = parameter.latent;
      if (parameter.gate)
        for (auto& [key, tensor] : parameter.gate->tensors()) leaves[name + "/" + key] = tensor;
    }
    for (auto& [name, leaf] : leaves) leaf.mutable_grad() = at::Tensor();
    const SampleBatch batch = tiny_batch(step);
    learn::ForwardOptions options;
    options.training = true;
    options.seed = static_cast<std::uint64_t>(step);
    at::Tensor loss =
        context.loss(learn::forward(model, batch.frames, batch.num_steps, options), batch.targets);
    if (const at::Tensor penalty = transform_->penalty(model); penalty.defined()) loss = loss + penalty;
    loss.backward();
    if (transform_->watches_gradients()) transform_->after_backward(context);
    const c10::NoGradGuard no_grad;
    for (auto& [name, leaf] : leaves) descend(name, leaf);
  }

  void descend(const std::string& name, at::Tensor& leaf) {
    if (!leaf.grad().defined()) return;
    at::Tensor& momentum = momentum_[name];
    if (!momentum.defined()) momentum = at::zeros_like(leaf);
    momentum = momentum * 0.9 + leaf.grad();
    const auto owner = model.parameters().find(name);
    const at::Tensor mask = owner == model.parameters().end() ? at::Tensor() : owner->second.trainable_mask();
    if (mask.defined()) momentum = momentum * mask;
    leaf.sub_(momentum, 0.05);
    if (mask.defined()) leaf.mul_(mask);
  }

  Factory make_;
  std::int64_t num_steps_;
  std::unique_ptr<Transform> transform_;
  Samples samples_;
  std::map<std::string, at::Tensor> momentum_;
};

}  // namespace tern::compress
