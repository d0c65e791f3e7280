// Small networks for tests of channel removal, one for each way in which channels hang together.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compress/structure/remove_channels.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {

using Ints = std::vector<std::int64_t>;

inline net::Net image_net(const std::string& name, Ints shape = {3, 8, 8}) {
  net::Net net(name);
  net.add("x", "input", {}, {{"shape", std::move(shape)}, {"time", false}});
  return net;
}

/// NAME, NAME_bn, NAME_act; returns the last one's name.
inline std::string conv_block(net::Net& net, const std::string& name, const std::string& src, std::int64_t channels,
                              std::map<std::string, net::Attribute> attributes = {}, const std::string& act = "relu") {
  attributes.emplace("out_channels", channels);
  attributes.emplace("padding", std::int64_t{1});
  net.add(name, "conv2d", {src}, attributes);
  net.add(name + "_bn", "batch_norm", {name});
  return act.empty() ? name + "_bn" : net.add(name + "_act", act, {name + "_bn"});
}

inline net::Net classified(net::Net net, const std::string& src) {
  net.add("pool", "global_avg_pool", {src});
  net.add("fc", "linear", {"pool"}, {{"out_features", std::int64_t{4}}, {"bias", true}});
  return net;
}

inline net::Net residual_net() {
  net::Net net = image_net("residual");
  const std::string a = conv_block(net, "a", "x", 8);
  const std::string b = conv_block(net, "b", a, 6);
  const std::string c = conv_block(net, "c", b, 8, {}, "");
  net.add("sum", "add", {c, a});
  net.add("act", "relu", {"sum"});
  return classified(net, conv_block(net, "d", "act", 5));
}

/// Two branches side by side, then a sum over both: two groups.
inline net::Net concat_net() {
  net::Net net = image_net("concat");
  const std::string a = conv_block(net, "a", "x", 4);
  const std::string b = conv_block(net, "b", "x", 6);
  net.add("both", "concat", {a, b});
  const std::string c = conv_block(net, "c", "both", 10, {}, "");
  net.add("sum", "add", {"both", c});
  net.add("wide", "concat", {"sum", a});
  return classified(net, conv_block(net, "d", "wide", 5));
}

inline net::Net depthwise_net() {
  net::Net net = image_net("depthwise");
  const std::string a = conv_block(net, "a", "x", 6);
  const std::string b = conv_block(net, "b", a, 12, {{"groups", std::int64_t{6}}, {"bias", true}}, "relu6");
  const std::string c = conv_block(net, "c", b, 8, {{"kernel", std::int64_t{1}}, {"padding", std::int64_t{0}}});
  return classified(net, conv_block(net, "d", c, 8, {{"groups", std::int64_t{2}}, {"bias", true}}));
}

/// Channels a place apart per group, features per channel, no norm.
inline net::Net flatten_net() {
  net::Net net = image_net("flatten", {2, 6, 6});
  net.add("a", "conv2d", {"x"}, {{"out_channels", std::int64_t{5}}, {"bias", true}});
  net.add("a_act", "leaky_relu", {"a"});
  net.add("pool", "max_pool2d", {"a_act"});
  net.add("flat", "flatten", {"pool"});
  net.add("fc1", "linear", {"flat"}, {{"out_features", std::int64_t{9}}, {"bias", true}});
  net.add("fc1_act", "hard_swish", {"fc1"});
  net.add("fc2", "linear", {"fc1_act"}, {{"out_features", std::int64_t{3}}});
  return net;
}

/// Squeeze and excitation: a gate that is 1/2 where its channel is gone.
inline net::Net gated_net() {
  net::Net net = image_net("gated");
  const std::string a = conv_block(net, "a", "x", 6);
  net.add("squeeze", "global_avg_pool", {a});
  net.add("fc1", "linear", {"squeeze"}, {{"out_features", std::int64_t{3}}, {"bias", true}});
  net.add("fc1_act", "sigmoid", {"fc1"});
  net.add("fc2", "linear", {"fc1_act"}, {{"out_features", std::int64_t{6}}, {"bias", true}});
  net.add("gate", "hard_sigmoid", {"fc2"});
  net.add("gated", "multiply", {a, "gate"});
  return classified(net, conv_block(net, "d", "gated", 5));
}

inline net::Net spiking_net() {
  net::Net net("spiking", 4);
  net.add("x", "input", {}, {{"shape", Ints{2, 8, 8}}});
  conv_block(net, "a", "x", 6, {}, "lif");
  net.add("pool", "max_pool2d", {"a_act"});
  conv_block(net, "b", "pool", 6, {}, "if");
  net.add("sum", "add", {"pool", "b_act"});
  conv_block(net, "c", "sum", 5, {}, "lif");
  net.add("att", "tcja", {"c_act"});
  net.add("flat", "flatten", {"att"});
  net.add("fc1", "linear", {"flat"}, {{"out_features", std::int64_t{7}}});
  net.add("fc1_act", "lif", {"fc1"}, {{"v_threshold", 0.1}});
  net.add("fc2", "linear", {"fc1_act"}, {{"out_features", std::int64_t{6}}});
  net.add("out", "lif", {"fc2"}, {{"v_threshold", 0.02}});
  net.add("mean", "mean_time", {"out"});
  net.add("vote", "vote", {"mean"}, {{"group", std::int64_t{2}}});
  return net;
}

/// A Model with weights that are no longer initial: norms and biases random, variances positive.
inline learn::Model random_model(net::Net net, std::uint64_t seed) {
  learn::Model model(std::move(net), seed);
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    if (parameter.role == net::ParameterRole::weight) continue;
    const at::Tensor noise = learn::random(parameter.latent.sizes(), ++seed);
    const bool is_positive = name.find("running_var") != std::string::npos || name.find(".weight") != std::string::npos;
    parameter.latent.copy_(is_positive ? noise.abs() + 0.5 : 0.5 * noise);
  }
  return model;
}

inline at::Tensor frames_for(const net::Net& net, std::int64_t samples, std::uint64_t seed) {
  Ints sizes = net.type(net.input().name).shape;
  sizes.insert(sizes.begin(), samples * std::max<std::int64_t>(1, net.num_steps()));
  return learn::random(sizes, seed);
}

inline at::Tensor run(learn::Model& model, const at::Tensor& frames) {
  const c10::NoGradGuard no_grad;
  return learn::forward(model, frames, std::max<std::int64_t>(1, model.net().num_steps()), {});
}

/// About `fraction` of every group's channels, at least one kept.
inline ChannelMarks random_marks(const ChannelGraph& graph, double fraction, std::uint64_t seed) {
  ChannelMarks marks(static_cast<std::size_t>(graph.num_coupled()), 0);
  for (const auto& group : graph.groups()) {
    const auto count = static_cast<std::int64_t>(group.channels.size());
    const at::Tensor order = at::randperm(count, learn::make_generator(++seed), at::TensorOptions(at::kLong));
    const auto gone = std::min(count - 1, static_cast<std::int64_t>(fraction * static_cast<double>(count) + 0.5));
    for (std::int64_t i = 0; i < gone; ++i)
      marks[static_cast<std::size_t>(group.channels[static_cast<std::size_t>(order[i].item<std::int64_t>())])] = 1;
  }
  return marks;
}

inline std::vector<net::Net> all_shapes() {
  return {residual_net(), concat_net(), depthwise_net(), flatten_net(), gated_net(), spiking_net()};
}

}  // namespace tern::compress
