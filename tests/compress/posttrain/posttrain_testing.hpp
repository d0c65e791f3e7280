// Small networks and samples for the tests of post-training methods.
#pragma once

#include <string>
#include <vector>

#include "base/seed.hpp"
#include "compress/quantize/quantizer.hpp"
#include "compress/samples.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {

/// Weights of a trained network's size, norms with statistics and gains that differ by channel.
inline void randomize(learn::Model& model, std::uint64_t seed) {
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    const at::Tensor draw = learn::random(parameter.latent.sizes(), derive_seed(seed, name));
    if (name.ends_with("running_var") || parameter.role == net::ParameterRole::norm) {
      const bool is_shift = name.ends_with(".bias");
      parameter.latent.copy_(is_shift ? 0.5 * draw : (0.5 * draw).exp());
    } else if (parameter.role == net::ParameterRole::weight) {
      const double fan_in = static_cast<double>(parameter.latent.numel() / parameter.latent.size(0));
      parameter.latent.copy_(draw * std::sqrt(2 / fan_in));
    } else {
      parameter.latent.copy_(0.2 * draw);
    }
  }
}

inline net::Net chain_net() {
  net::Net net("chain");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 8}, {"padding", 1}, {"bias", true}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("relu1", "relu", {"bn1"});
  net.add("dw", "conv2d", {"relu1"}, {{"out_channels", 8}, {"padding", 1}, {"groups", 8}});
  net.add("bn2", "batch_norm", {"dw"});
  net.add("relu2", "relu", {"bn2"});
  net.add("conv3", "conv2d", {"relu2"}, {{"out_channels", 12}, {"kernel", 1}});
  net.add("bn3", "batch_norm", {"conv3"});
  net.add("relu3", "relu", {"bn3"});
  net.add("pool", "max_pool2d", {"relu3"});
  net.add("flatten", "flatten", {"pool"});
  net.add("fc", "linear", {"flatten"}, {{"out_features", 5}, {"bias", true}});
  return net;
}

inline net::Net residual_net() {
  net::Net net("residual");
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}});
  net.add("conv1", "conv2d", {"input"}, {{"out_channels", 8}, {"padding", 1}, {"bias", true}});
  net.add("relu1", "relu", {"conv1"});
  net.add("conv2", "conv2d", {"relu1"}, {{"out_channels", 8}, {"padding", 1}, {"bias", true}});
  net.add("relu2", "relu", {"conv2"});
  net.add("conv3", "conv2d", {"relu2"}, {{"out_channels", 8}, {"padding", 1}, {"bias", true}});
  net.add("sum", "add", {"conv3", "relu1"});
  net.add("relu3", "relu", {"sum"});
  net.add("pool", "global_avg_pool", {"relu3"});
  net.add("fc", "linear", {"pool"}, {{"out_features", 5}, {"bias", true}});
  return net;
}

inline learn::Model random_model(const net::Net& net, std::uint64_t seed = 1) {
  learn::Model model(net, seed);
  randomize(model, seed);
  return model;
}

/// Images with neighbouring pixels alike, in batches.
inline Samples image_samples(std::int64_t batches = 2, std::int64_t n = 16, std::uint64_t seed = 9) {
  Samples samples;
  for (std::int64_t i = 0; i < batches; ++i) {
    const at::Tensor coarse = learn::random({n, 3, 4, 4}, derive_seed(seed, static_cast<std::uint64_t>(i)));
    const at::Tensor frames =
        at::upsample_bilinear2d(coarse, {8, 8}, false).contiguous(at::MemoryFormat::ChannelsLast);
    samples.push_back({frames, at::full({n, 5}, 0.2), 1});
  }
  return samples;
}

inline at::Tensor scores_of(learn::Model& model, const Samples& samples) {
  const c10::NoGradGuard no_grad;
  std::vector<at::Tensor> parts;
  for (const auto& batch : samples) parts.push_back(learn::forward(model, batch.frames, batch.num_steps, {}));
  return at::cat(parts);
}

inline void quantize_weights(learn::Model& model, int bits, const char* per = "tensor") {
  for (const auto& name : model.weight_names()) {
    learn::Parameter& parameter = model.parameters().at(name);
    QuantizerOptions options;
    options.bits = bits;
    options.granularity = parse_granularity(per);
    parameter.quantizer = make_quantizer("affine", options, parameter.masked());
  }
}

/// Keeps every second weight.
inline void prune_half(learn::Model& model, std::uint64_t seed) {
  const c10::NoGradGuard no_grad;
  for (const auto& name : model.weight_names()) {
    learn::Parameter& parameter = model.parameters().at(name);
    parameter.mask = learn::random(parameter.latent.sizes(), derive_seed(seed, name)).gt(0).to(at::kFloat);
    parameter.latent.mul_(parameter.mask);
  }
}

}  // namespace tern::compress
