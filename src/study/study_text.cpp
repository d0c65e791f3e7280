#include "study/study_text.hpp"

#include "base/error.hpp"

namespace tern::study {
namespace {

std::string train_keys(const train::TrainOptions& o) {
  return fmt::format(
      "epochs: {}, batch_size: {}, optimizer: {}, weight_decay: {}, momentum: {}, learning_rate: {}, "
      "learning_rate_schedule: {}, warmup_share: {}, loss: {}, label_smoothing: {}, mixup_alpha: {}, max_shift: {}, "
      "horizontal_flip: {}, event_drop: {}, calibration_samples: {}",
      o.epochs, o.batch_size, o.optimizer.name, o.optimizer.weight_decay, o.optimizer.momentum, o.learning_rate.base,
      o.learning_rate.name, o.learning_rate.warmup_share, o.loss, o.label_smoothing, o.mixup_alpha, o.augment.max_shift,
      o.augment.horizontal_flip, o.augment.event_drop, o.calibration_samples) +
         (o.distillation > 0 ? fmt::format(", distillation: {}, temperature: {}", o.distillation, o.temperature) : "");
}

std::string train_text(const train::TrainOptions& o) { return "{" + train_keys(o) + "}"; }

}  // namespace

std::string plan_line(const NamedPlan& plan) {
  return fmt::format("{{name: {}, plan: \"{}\", from: {}{}, {}}}", plan.name, plan.plan,
                     plan.from_scratch ? "scratch" : "baseline",
                     plan.from_scratch ? fmt::format(", width: {}", plan.network.options.width) : "",
                     train_keys(plan.train));
}

std::string plans_text(const StudyConfig& c) {
  std::string text;
  for (const auto& plan : c.plans)
    text += "  - " + plan.text + "\n";
  return text.empty() ? text : "plans:\n" + text;
}

std::string resolved_text(const StudyConfig& c, const std::string& plans) {
  const data::DataOptions& d = c.data;
  const zoo::NeuronOptions& n = c.network.options.neuron;
  return fmt::format(
      "name: {}\ntitle: \"{}\"\n"
      "data: {{name: {}, path: \"{}\", num_steps: {}, slicing: \"{}\", step_ms: {}, window_ms: {}, height: {}, width: {}, "
      "denoise_us: {}, transforms: \"{}\", validation_fraction: {}, max_per_class: {}, seed: {}}}\n"
      "network: {{name: {}, {}width: {}, dropout: {}, neuron: {}, form: {}, tau: {}, beta: {}, v_threshold: {}, "
      "v_reset: {}, reset: {}, detach_reset: {}, surrogate: {}, surrogate_alpha: {}}}\n"
      "train: {}\nfinetune: {}\n"
      "grid: {{combinations: [{}], bits: [{}], sparsity: [{}], schedule: {}, quantizer: {}, gradient: {}}}\n"
      "{}seeds: [{}]\nhardware: {}\nactivity_samples: {}\ntolerance: {}\n",
      c.name, c.title, d.name, d.path.string(), d.num_steps, d.slicing, d.step_ms, d.window_ms, d.height, d.width,
      d.denoise_us, d.transforms, d.validation_fraction, d.max_per_class, d.seed, c.network.name,
      c.network.options.channels.empty() ? "" : fmt::format("channels: [{}], ", fmt::join(c.network.options.channels, ", ")),
      c.network.options.width, c.network.options.dropout, n.op, n.form, n.tau, n.beta, n.v_threshold, n.v_reset, n.reset,
      n.detach_reset, n.surrogate, n.surrogate_alpha, train_text(c.train), train_text(c.finetune),
      fmt::join(c.grid.combinations, ", "), fmt::join(c.grid.bits, ", "), fmt::join(c.grid.sparsity, ", "),
      c.grid.schedule, c.grid.quantizer, c.grid.gradient, plans, fmt::join(c.seeds, ", "), c.hardware.string(),
      c.activity_samples, c.tolerance);
}

}  // namespace tern::study
