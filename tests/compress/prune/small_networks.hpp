// Networks and samples that the tests of this folder share.
#pragma once

#include "compress/prune/criterion.hpp"
#include "learn/testing.hpp"

namespace tern::compress {

/// 912 weights: conv1 [8, 4, 3, 3], batch norm, `nonlinearity`, max_pool2d, conv2 [8, 8, 3, 3], batch norm, a
/// residual add, global_avg_pool, fc [6, 8] with bias. Images of [4, 8, 8], batch norms with statistics of
/// their own.
inline learn::Model residual_net(const std::string& nonlinearity = "relu", std::uint64_t seed = 1) {
  net::Net net("residual");
  net.add("x", "input", {}, {{"shape", net::Shape{4, 8, 8}}, {"time", false}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 8}, {"kernel", 3}, {"padding", 1}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("act1", nonlinearity, {"bn1"});
  net.add("pool", "max_pool2d", {"act1"});
  net.add("conv2", "conv2d", {"pool"}, {{"out_channels", 8}, {"kernel", 3}, {"padding", 1}});
  net.add("bn2", "batch_norm", {"conv2"});
  net.add("sum", "add", {"bn2", "pool"});
  net.add("act2", nonlinearity, {"sum"});
  net.add("mean", "global_avg_pool", {"act2"});
  net.add("fc", "linear", {"mean"}, {{"out_features", 6}, {"bias", true}});
  learn::Model model(net, seed);
  const c10::NoGradGuard no_grad;
  for (const char* norm : {"bn1", "bn2"}) {
    model.parameter(norm, "weight").latent.copy_(learn::random({8}, seed + 1).abs() + 0.5);
    model.parameter(norm, "bias").latent.copy_(learn::random({8}, seed + 2) * 0.2);
    model.parameter(norm, "running_mean").latent.copy_(learn::random({8}, seed + 3) * 0.2);
    model.parameter(norm, "running_var").latent.copy_(learn::random({8}, seed + 4).square() + 0.5);
  }
  return model;
}

/// Linear layers a [4, 3], b [2, 4] with silu between them: smooth, 20 weights.
inline learn::Model smooth_net(std::uint64_t seed = 3) {
  net::Net net("smooth");
  net.add("x", "input", {}, {{"shape", net::Shape{3}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 4}, {"bias", true}});
  net.add("act", "silu", {"a"});
  net.add("b", "linear", {"act"}, {{"out_features", 2}});
  learn::Model model(net, seed);
  const c10::NoGradGuard no_grad;
  for (const auto& name : model.weight_names()) model.parameters().at(name).latent.mul_(2);
  return model;
}

/// Normal inputs of [n, shape...] with labels in turn.
inline Samples make_samples(const learn::Model& model, int batches, std::int64_t n, std::uint64_t seed = 7) {
  const std::int64_t classes = model.net().type(model.net().output().name).shape[0];
  auto sizes = model.net().type(model.net().input().name).shape;
  sizes.insert(sizes.begin(), n);
  Samples samples;
  for (int b = 0; b < batches; ++b)
    samples.push_back({learn::random(sizes, seed + static_cast<std::uint64_t>(b)),
                       learn::one_hot((at::arange(n, at::kLong) + b) % classes, classes, 0.0), 1});
  return samples;
}

inline Scores scores_of(const std::string& criterion, learn::Model& model, const Samples& samples,
                        double sparsity = 0.0) {
  const auto names = model.weight_names();
  return score_weights(find_criterion(criterion), {.model = model,
                                                   .names = names,
                                                   .samples = [&]() -> const Samples& { return samples; },
                                                   .loss = learn::find_loss("ce").loss,
                                                   .seed = 5,
                                                   .sparsity = sparsity});
}

}  // namespace tern::compress
