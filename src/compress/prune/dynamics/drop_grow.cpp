#include "compress/prune/dynamics/drop_grow.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "compress/prune/pruner.hpp"
#include "compress/prune/sparsity_schedule.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double fewest_exchanges = 20;
constexpr double pi = 3.14159265358979323846;

/// Moves the `count` places that come first by (key, place) to the front.
template <typename Key>
void first_places(std::vector<std::int64_t>& places, std::int64_t count, Key key) {
  std::nth_element(places.begin(), places.begin() + count, places.end(), [&](std::int64_t a, std::int64_t b) {
    const float left = key(a), right = key(b);
    return left != right ? left < right : a < b;
  });
}

}  // namespace

void drop_and_grow(learn::Parameter& parameter, const at::Tensor& scores, std::int64_t drop,
                   std::int64_t grow, const std::string& name) {
  const c10::NoGradGuard no_grad;
  if (!at::isfinite(scores).all().item<bool>())
    fail(ErrorKind::bad_data, name,
         "scores to grow by are not finite: lower the learning rate, or look at the data");
  at::Tensor mask = parameter.mask.contiguous().clone();
  const at::Tensor sizes = parameter.latent.detach().abs().contiguous(), score = scores.contiguous();
  float* kept = mask.data_ptr<float>();
  const float *size = sizes.data_ptr<float>(), *rank = score.data_ptr<float>();
  std::vector<std::int64_t> ones, zeros;
  for (std::int64_t i = 0; i < mask.numel(); ++i) (kept[i] != 0.0F ? ones : zeros).push_back(i);
  first_places(ones, drop, [&](std::int64_t i) { return size[i]; });
  first_places(zeros, grow, [&](std::int64_t i) { return -rank[i]; });
  for (std::int64_t i = 0; i < drop; ++i) kept[ones[static_cast<std::size_t>(i)]] = 0.0F;
  for (std::int64_t i = 0; i < grow; ++i) kept[zeros[static_cast<std::size_t>(i)]] = 1.0F;
  parameter.mask = mask;
  parameter.latent.mul_(mask);
}

double drop_fraction(double drop, std::int64_t step, std::int64_t num_steps) {
  const double end = pruning_share * static_cast<double>(num_steps);
  return 0.5 * drop * (1.0 + std::cos(pi * std::min(1.0, static_cast<double>(step) / end)));
}

std::int64_t exchange_interval(int interval, std::int64_t num_steps) {
  const auto short_one =
      static_cast<std::int64_t>(pruning_share * static_cast<double>(num_steps) / fewest_exchanges);
  return std::max<std::int64_t>(1, std::min<std::int64_t>(interval, short_one));
}

DropGrow::DropGrow(PruneSettings settings, GrowthRule rule)
    : PruneTransform(std::move(settings)), rule_(rule) {}

bool DropGrow::exchanges_at(std::int64_t step, std::int64_t num_steps) const {
  return step > 0 && static_cast<double>(step) < pruning_share * static_cast<double>(num_steps) &&
         step % exchange_interval(settings_.interval, num_steps) == 0;
}

bool DropGrow::is_due(std::int64_t step, std::int64_t num_steps) const {
  if (step == 0 || exchanges_at(step, num_steps)) return true;
  if (!rule_.observe || static_cast<double>(step) >= pruning_share * static_cast<double>(num_steps))
    return false;
  return step % std::max<std::int64_t>(
                    1, exchange_interval(settings_.interval, num_steps) / rule_.observations) ==
         0;
}

void DropGrow::exchange(TransformContext& context, const std::vector<std::string>& names) const {
  Scores scores = rule_.scores(context, names);
  const double fraction = drop_fraction(settings_.drop, context.step, context.num_steps);
  std::vector<std::int64_t> dropped, room;
  for (const auto& name : names) {
    const at::Tensor& mask = context.model.parameters().at(name).mask;
    const auto ones = static_cast<std::int64_t>(mask.sum(at::kDouble).item<double>());
    room.push_back(mask.numel() - ones);
    dropped.push_back(std::min(room.back(), static_cast<std::int64_t>(fraction * static_cast<double>(ones))));
  }
  const std::vector<std::int64_t> grown =
      rule_.shares ? rule_.shares(context.model, names, dropped, room) : dropped;
  for (std::size_t i = 0; i < names.size(); ++i)
    drop_and_grow(context.model.parameters().at(names[i]), scores.at(names[i]), dropped[i], grown[i],
                  names[i]);
}

void DropGrow::apply(TransformContext& context) {
  if (context.step == 0) {
    prune_to(context, settings_, settings_.sparsity);
    return;
  }
  const std::vector<std::string> names = selected_weights(context.model, settings_);
  if (rule_.observe) rule_.observe(context, names);
  if (exchanges_at(context.step, context.num_steps)) exchange(context, names);
}

void DropGrow::finish(TransformContext& context) {
  if (rule_.state_key)
    for (auto& [name, parameter] : context.model.parameters()) parameter.state.erase(rule_.state_key);
  note_zeros(context, settings_);
}

void require_single_weights(const PruneSettings& settings, const std::string& method) {
  if (settings.shape.name != "element")
    fail(ErrorKind::usage, "plan", "prune: {} exchanges single weights, not shape {}", method,
         to_text(settings.shape));
}

}  // namespace tern::compress
