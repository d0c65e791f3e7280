#include "compress/posttrain/net_walk.hpp"

#include <algorithm>
#include <utility>

#include "base/error.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Samples first .. first+count of [num_steps * n, ...].
at::Tensor slice_frames(const SampleBatch& batch, std::int64_t first, std::int64_t count) {
  auto sizes = batch.frames.sizes().vec();
  const std::int64_t n = sizes[0] / batch.num_steps;
  if (count == n) return batch.frames;
  auto split = sizes;
  split[0] = n;
  split.insert(split.begin(), batch.num_steps);
  sizes[0] = batch.num_steps * count;
  return batch.frames.contiguous().view(split).narrow(1, first, count).reshape(sizes);
}

}  // namespace

at::Tensor run_node(learn::Model& model, const net::Node& node, std::vector<at::Tensor> src, std::int64_t num_steps,
                    bool training) {
  if (node.op == "dropout") return src[0];
  learn::ForwardOptions options;
  options.training = training;
  options.frozen_norms = true;
  options.observer = [](const net::Node&, const at::Tensor&) {};  // values are kept: nothing may act in place
  learn::OpCall call{model, node, std::move(src), num_steps, options};
  return learn::find_meaning(node)(call);
}

Samples split_samples(const Samples& samples, std::int64_t batch) {
  if (samples.empty()) fail(ErrorKind::usage, "samples", "post-training methods need calibration samples, got none");
  Samples result;
  for (const auto& source : samples) {
    if (source.graph) fail(ErrorKind::unsupported, "samples", "this method does not work on graph networks yet");
    if (source.num_steps != samples[0].num_steps)
      fail(ErrorKind::usage, "samples", "batches of {} and of {} steps", samples[0].num_steps, source.num_steps);
    const std::int64_t n = source.frames.size(0) / source.num_steps;
    for (std::int64_t first = 0; first < n; first += batch) {
      const std::int64_t count = std::min(batch, n - first);
      const at::Tensor targets = source.targets.defined() ? source.targets.narrow(0, first, count) : source.targets;
      result.push_back({slice_frames(source, first, count), targets, source.num_steps});
    }
  }
  return result;
}

NetWalk::NetWalk(learn::Model& model, const Samples& samples) : model_(model), samples_(samples) {
  for (const auto& node : model.net().nodes())
    for (const auto& source : node.inputs) ++pending_[source];
}

const net::Node* NetWalk::next() const {
  const auto& nodes = model_.net().nodes();
  return position_ < nodes.size() ? &nodes[position_] : nullptr;
}

void NetWalk::advance() {
  const c10::NoGradGuard no_grad;
  const net::Node& node = *next();
  BatchValues values;
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    if (node.op == "input") {
      const at::Tensor& frames = samples_[i].frames;
      values.push_back(frames.dim() == 4 ? frames.contiguous(at::MemoryFormat::ChannelsLast) : frames.contiguous());
      continue;
    }
    std::vector<at::Tensor> src;
    for (const auto& source : node.inputs) src.push_back(values_.at(source)[i]);
    values.push_back(run_node(model_, node, std::move(src), samples_[i].num_steps));
  }
  advance_with(std::move(values));
}

void NetWalk::advance_past(const std::string& name) {
  for (std::string done; done != name; advance()) {
    if (!next()) fail(ErrorKind::internal, "node '" + name + "'", "the walk is past it");
    done = next()->name;
  }
}

BatchValues& NetWalk::value(const std::string& name) {
  const auto found = values_.find(name);
  if (found == values_.end())
    fail(ErrorKind::internal, "node '" + name + "'", "its value was dropped or not computed");
  return found->second;
}

void NetWalk::advance_with(BatchValues values) {
  const auto& nodes = model_.net().nodes();
  const net::Node& node = nodes[position_];
  if (position_ > 0 && pending_[nodes[position_ - 1].name] == 0) values_.erase(nodes[position_ - 1].name);
  values_[node.name] = std::move(values);
  release(node);
  ++position_;
}

void NetWalk::release(const net::Node& node) {
  for (const auto& source : node.inputs)
    if (--pending_[source] == 0) values_.erase(source);
}

}  // namespace tern::compress
