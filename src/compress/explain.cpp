#include "compress/explain.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

struct Snapshot {
  at::Tensor values;
  int bits = 32;
};

std::map<std::string, Snapshot> take(const learn::Model& model) {
  std::map<std::string, Snapshot> layers;
  for (const auto& name : model.weight_names()) {
    const learn::Parameter& parameter = model.parameters().at(name);
    layers[name] = {parameter.stored().detach().clone(), parameter.bits()};
  }
  return layers;
}

std::int64_t zeros(const at::Tensor& values) { return values.numel() - values.count_nonzero().item<std::int64_t>(); }

double signal_to_noise(const at::Tensor& before, const at::Tensor& after) {
  const double signal = before.square().sum(at::kDouble).item<double>();
  const double noise = (before - after).square().sum(at::kDouble).item<double>();
  return noise == 0 ? std::numeric_limits<double>::infinity() : 10 * std::log10(signal / noise);
}

void describe_before(LayerChange& change, const Snapshot& layer) {
  change.shape_before = layer.values.sizes().vec();
  change.bits_before = layer.bits;
  change.zeros_before = zeros(layer.values);
}

void describe_after(LayerChange& change, const Snapshot& layer) {
  change.shape_after = layer.values.sizes().vec();
  change.bits_after = layer.bits;
  change.zeros_after = zeros(layer.values);
}

std::vector<LayerChange> compare(const learn::Model& model, const std::map<std::string, Snapshot>& before,
                                 const std::map<std::string, Snapshot>& after) {
  std::vector<LayerChange> changes;
  for (const auto& name : model.weight_names()) {
    LayerChange change{name, {}, {}, 0, 0, 0, 0, std::numeric_limits<double>::infinity()};
    const Snapshot& now = after.at(name);
    describe_after(change, now);
    if (const auto old = before.find(name); old != before.end()) {
      describe_before(change, old->second);
      if (change.shape_before == change.shape_after) {
        change.snr_db = signal_to_noise(old->second.values, now.values);
        if (std::isinf(change.snr_db) && change.bits_before == change.bits_after) continue;
      }
    }
    changes.push_back(change);
  }
  for (const auto& [name, layer] : before) {
    if (after.count(name)) continue;
    LayerChange change{name, {}, {}, 0, 0, 0, 0, 0};
    describe_before(change, layer);
    changes.push_back(change);
  }
  return changes;
}

}  // namespace

std::vector<StepExplanation> explain(const Plan& plan, learn::Model& model, const RunHooks& hooks) {
  std::vector<StepExplanation> result;
  for (const auto& phase : plan.phases) {
    std::vector<Step> order = phase.steps;
    std::stable_sort(order.begin(), order.end(),
                     [](const Step& a, const Step& b) { return a.kind->rank < b.kind->rank; });
    for (const auto& step : order) {
      StepExplanation entry;
      entry.step = step.text();
      const auto before = take(model);
      const net::NetTotals totals_before = net::totals(model.net());
      RunHooks noting = hooks;
      noting.note = [&](const std::string& note) { entry.notes.push_back(note); };
      PhaseRun run(Phase{{step}}, model, noting);
      run.before_step(0, 0);
      run.finish(0);
      const net::NetTotals totals_after = net::totals(model.net());
      entry.layers = compare(model, before, take(model));
      entry.macs_before = totals_before.macs_per_step;
      entry.macs_after = totals_after.macs_per_step;
      entry.weights_before = totals_before.weights;
      entry.weights_after = totals_after.weights;
      result.push_back(std::move(entry));
    }
  }
  return result;
}

}  // namespace tern::compress
