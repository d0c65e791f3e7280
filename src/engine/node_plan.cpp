#include "engine/node_plan.hpp"

#include <algorithm>
#include <map>

#include "engine/layout.hpp"

namespace tern::engine {
NodePlan::NodePlan(const pack::PackedModel& model) : net_(model.net) {
  std::map<std::string, std::size_t> index;
  for (const auto& node : net_.nodes()) {
    const net::TensorType& type = net_.type(node.name);
    Step step{node.name, type, find_operation(node.op, node.name).make({node, net_.context(node), type, model}), {}, 0};
    for (const auto& source : node.inputs) step.sources.push_back(index.at(source));
    index[node.name] = steps_.size();
    steps_.push_back(std::move(step));
  }
  assign_slots();
}

void NodePlan::assign_slots() {
  std::vector<std::size_t> last_reader(steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    last_reader[i] = i;
    for (const auto source : steps_[i].sources) last_reader[source] = i;
  }
  last_reader.back() = steps_.size();  // the output outlives the run
  std::vector<std::size_t> free;
  const auto release = [&](std::size_t earlier, std::size_t now) {
    if (last_reader[earlier] != now) return;
    free.push_back(steps_[earlier].slot);
    last_reader[earlier] = steps_.size();  // once, also where a node reads one source twice
  };
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    // Taken before the sources are released: no operation works in place.
    if (free.empty()) {
      free.push_back(slot_elements_.size());
      slot_elements_.push_back(0);
    }
    Step& step = steps_[i];
    step.slot = free.back();
    free.pop_back();
    slot_elements_[step.slot] = std::max(slot_elements_[step.slot], net::num_elements(step.type.shape));
    release(i, i);
    for (const auto source : step.sources) release(source, i);
  }
}

void NodePlan::run(Extent extent, const float* src, float* dst, Workspace& workspace, const Observer& observer) const {
  workspace.slots.resize(slot_elements_.size());
  for (std::size_t i = 0; i < slot_elements_.size(); ++i)
    workspace.slots[i].resize(static_cast<std::size_t>(slot_elements_[i] * extent.num_steps * extent.n));
  std::vector<const float*> sources;
  for (const auto& step : steps_) {
    sources.clear();
    if (step.sources.empty()) sources.push_back(src);
    for (const auto source : step.sources) sources.push_back(workspace.slots[steps_[source].slot].data());
    float* const values = workspace.slots[step.slot].data();
    step.operation->run(extent, sources, values);
    if (observer) observe(step, extent, values, observer);
  }
  const Step& last = steps_.back();
  to_channels_first(last.type.shape, extent.frames(last.type), workspace.slots[last.slot].data(), dst);
}

void NodePlan::observe(const Step& step, Extent extent, const float* values, const Observer& observer) const {
  const std::int64_t frames = extent.frames(step.type);
  std::vector<float> ordered(static_cast<std::size_t>(frames * net::num_elements(step.type.shape)));
  to_channels_first(step.type.shape, frames, values, ordered.data());
  net::Shape extents{extent.n};
  if (step.type.has_time) extents.insert(extents.begin(), extent.num_steps);
  extents.insert(extents.end(), step.type.shape.begin(), step.type.shape.end());
  observer(step.name, ordered, extents);
}

}  // namespace tern::engine
