#include "train/layerwise/controller.hpp"

#include <cmath>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

constexpr std::int64_t width = 8;  // of the input and of the LSTM
constexpr double loss_factor = 0.1;

template <typename Draw>
at::Tensor drawn(at::IntArrayRef shape, const Draw& draw) {
  at::Tensor out = at::empty(shape);
  float* values = out.data_ptr<float>();
  for (std::int64_t i = 0; i < out.numel(); ++i) values[i] = static_cast<float>(draw());
  return out.set_requires_grad(true);
}

}  // namespace

Trajectory trajectory_of(const RunHistory& history, const LayerSchedule& schedule) {
  Trajectory out;
  bool last_stop = false;
  for (std::size_t layer = 0; layer < history.losses.size(); ++layer) {
    const auto epochs = static_cast<int>(history.losses[layer].size());
    for (int epoch = schedule.decide_every; epoch <= epochs; epoch += schedule.decide_every) {
      if (!schedule.decides_at(epoch)) continue;
      const bool waits = history.open && layer + 1 == history.losses.size() && epoch == epochs;
      const bool stopped = epoch == epochs && !waits;
      const int l = static_cast<int>(layer);
      out.steps.push_back({l, l * schedule.decisions_per_layer() + epoch / schedule.decide_every - 1,
                           history.losses[layer][static_cast<std::size_t>(epoch) - 1] - history.first_loss(),
                           last_stop, stopped});
      last_stop = stopped;
    }
  }
  return out;
}

Controller::Controller(const LayerSchedule& schedule, bool step_heads, std::uint64_t seed)
    : schedule_(schedule), step_heads_(step_heads) {
  if (schedule.layers < 1 || schedule.layers > 6)
    fail(ErrorKind::usage, "controller", "it decides for 1 to 6 layers, not for {}", schedule.layers);
  const std::int64_t places = std::int64_t{schedule.layers} * schedule.decisions_per_layer();
  if (places == 0 || schedule.min_epochs >= schedule.decisions_per_layer() * schedule.decide_every)
    fail(ErrorKind::usage, "controller",
         "{} epochs a layer with a decision every {} after {} leave nothing to decide",
         schedule.epochs_per_layer, schedule.decide_every, schedule.min_epochs);
  Rng rng(derive_seed(seed, "controller"));
  const double bound = 1 / std::sqrt(static_cast<double>(width));
  const auto uniform = [&] { return bound * (2 * rng.uniform() - 1); };
  const auto normal = [&] { return rng.normal(); };
  const std::int64_t heads = step_heads ? places : 1;
  tensors_["embedding"] = drawn({2 * places, width - 1 - schedule.layers}, normal);
  for (const char* name : {"lstm.weight_ih", "lstm.weight_hh"})
    tensors_[name] = drawn({4 * width, width}, uniform);
  for (const char* name : {"lstm.bias_ih", "lstm.bias_hh"}) tensors_[name] = drawn({4 * width}, uniform);
  tensors_["head.weight"] = drawn({heads, 2, width}, uniform);
  tensors_["head.bias"] = drawn({heads, 2}, uniform);
}

at::Tensor Controller::input_of(const Trajectory::Step& step) const {
  at::Tensor v = at::full({schedule_.layers + 1}, loss_factor * (step.change + 1));
  v[step.layer + 1] = loss_factor;
  return at::cat({v, tensors_.at("embedding")[2 * step.place + (step.last_stop ? 1 : 0)]}).unsqueeze(0);
}

std::vector<at::Tensor> Controller::log_policy(const Trajectory& trajectory) const {
  std::vector<at::Tensor> out;
  at::Tensor h = at::zeros({1, width}), c = at::zeros({1, width});
  for (const auto& step : trajectory.steps) {
    std::tie(h, c) =
        at::lstm_cell(input_of(step), {h, c}, tensors_.at("lstm.weight_ih"), tensors_.at("lstm.weight_hh"),
                      tensors_.at("lstm.bias_ih"), tensors_.at("lstm.bias_hh"));
    const std::int64_t head = step_heads_ ? step.place : 0;
    const at::Tensor scores = at::linear(h, tensors_.at("head.weight")[head], tensors_.at("head.bias")[head]);
    out.push_back(at::log_softmax(scores, 1).squeeze(0));
  }
  return out;
}

std::vector<double> Controller::stop_probabilities(const Trajectory& trajectory) const {
  const c10::NoGradGuard no_grad;
  std::vector<double> out;
  for (const at::Tensor& step : log_policy(trajectory)) out.push_back(std::exp(step[1].item<double>()));
  return out;
}

at::Tensor Controller::log_probability(const Trajectory& trajectory) const {
  at::Tensor sum = at::zeros({});
  const std::vector<at::Tensor> steps = log_policy(trajectory);
  for (std::size_t i = 0; i < steps.size(); ++i) sum = sum + steps[i][trajectory.steps[i].stop ? 1 : 0];
  return sum;
}

at::Tensor Controller::entropy(const Trajectory& trajectory) const {
  at::Tensor sum = at::zeros({});
  for (const at::Tensor& step : log_policy(trajectory)) sum = sum - (step.exp() * step).sum();
  return sum;
}

bool SampledStop::stop(const RunHistory& history) const {
  const Trajectory trajectory = trajectory_of(history, controller_->schedule());
  Rng rng(derive_seed(seed_, static_cast<std::uint64_t>(trajectory.steps.back().place)));
  return rng.uniform() < controller_->stop_probabilities(trajectory).back();
}

bool ThresholdStop::stop(const RunHistory& history) const {
  return controller_->stop_probabilities(trajectory_of(history, controller_->schedule())).back() >=
         threshold_;
}

}  // namespace tern::train
