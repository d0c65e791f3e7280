// Optimizers over a Model's parameters, with state that checkpoints can hold and masks can clear.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"
#include "learn/model.hpp"

namespace tern::train {

struct OptimizerOptions {
  std::string name = "adam";  ///< a row of optimizer_table()
  double weight_decay = 0.0;  ///< kernels only, never norms, biases or quantizers
  std::string decay_only{};   ///< pattern of node names whose kernels decay ("conv*"); empty: all
  double momentum = 0.9;      ///< sgd
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;  ///< adam
};

/// "sgd":  v = momentum v + (g + decay w); w -= lr v (Sutskever et al. 2013, as torch writes it).
/// "adam-l2": the same moments, with decay * w added to the gradient, as papers before AdamW decay.
/// "adam": Kingma and Ba 2015, with bias correction; decay decoupled from the moments (Loshchilov and Hutter 2019).
std::vector<MethodInfo> optimizer_table();

/// Steps every trainable tensor of a model: latents by parameter name, quantizer tensors as "PARAMETER/TENSOR".
class Optimizer {
 public:
  /// Errors: ErrorKind::usage for an unknown name. `model` must outlive the optimizer.
  Optimizer(learn::Model& model, OptimizerOptions options);

  void zero_gradients();

  /// Scales all gradients together down to a Euclidean norm of `largest` where theirs is larger (Pascanu et al. 2013).
  void clip_gradients(double largest);

  /// One update with the gradients that backward left. Where a parameter has a mask, gradient, latent and moments are
  /// held at zero. Quantizers are projected afterwards.
  void step(double learning_rate);

  /// Moments by "TENSOR@MOMENT", and the number of steps taken: all there is to save.
  std::map<std::string, at::Tensor> state() const;
  std::int64_t steps() const { return steps_; }
  /// Errors: ErrorKind::bad_data where a moment is missing or has another shape.
  void restore(const std::map<std::string, at::Tensor>& state, std::int64_t steps);

 private:
  struct Slot {
    std::string name;
    at::Tensor tensor;
    const learn::Parameter* owner = nullptr;  ///< of a latent: its mask holds values at zero
    bool decays = false;
    at::Tensor first, second;  ///< momentum or Adam's moments; undefined until used
  };
  void update_sgd(Slot& slot, const at::Tensor& gradient, double learning_rate) const;
  void update_adam(Slot& slot, at::Tensor gradient, double learning_rate) const;
  /// Slots of tensors that appeared since (a quantizer attached in mid-training).
  void collect();

  learn::Model& model_;
  OptimizerOptions options_;
  bool is_adam_, decoupled_;
  std::vector<Slot> slots_;
  std::int64_t steps_ = 0;
};

}  // namespace tern::train
