// Writes the seeds of corpus/tern: one small network for each encoding, width and family of operations.
//
//   make_tern_corpus FOLDER
#include <cstdio>
#include <string>

#include "base/seed.hpp"
#include "pack/model_file.hpp"

namespace {

using namespace tern;
using Ints = std::vector<std::int64_t>;

net::Net spiking() {
  net::Net net("spiking", 2);
  net.add("x", "input", {}, {{"shape", Ints{2, 6, 6}}});
  net.add("c", "conv2d", {"x"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("n", "batch_norm", {"c"});
  net.add("l", "lif", {"n"}, {{"v_threshold", 0.5}});
  net.add("d", "conv2d", {"l"}, {{"out_channels", 4}, {"padding", 1}, {"groups", 2}});
  net.add("s", "add", {"d", "l"});
  net.add("i", "if", {"s"}, {{"reset", "soft"}});
  net.add("p", "max_pool2d", {"i"});
  net.add("t", "tcja", {"p"}, {{"kernel", 2}});
  net.add("f", "flatten", {"t"});
  net.add("y", "linear", {"f"}, {{"out_features", 4}, {"bias", true}});
  net.add("z", "lif", {"y"}, {{"form", "beta-scaled"}});
  net.add("v", "vote", {"z"}, {{"group", 2}});
  net.add("m", "mean_time", {"v"});
  return net;
}

net::Net convolutional() {
  net::Net net("convolutional");
  net.add("x", "input", {}, {{"shape", Ints{3, 9, 8}}, {"time", false}});
  net.add("q", "quantize", {"x"}, {{"bits", 8}, {"signed", true}});
  net.add("c", "conv2d", {"q"}, {{"out_channels", 8}, {"kernel", Ints{3, 2}}, {"stride", 2}, {"bias", true}});
  net.add("r", "relu6", {"c"});
  net.add("e", "quantize", {"r"}, {{"bits", 4}});
  net.add("w", "conv2d", {"e"}, {{"out_channels", 8}, {"padding", 1}, {"groups", 8}});
  net.add("h", "hard_swish", {"w"});
  net.add("g", "global_avg_pool", {"h"});
  net.add("k", "sigmoid", {"g"});
  net.add("u", "multiply", {"h", "k"});
  net.add("b", "concat", {"u", "e"});
  net.add("a", "avg_pool2d", {"b"});
  net.add("o", "global_avg_pool", {"a"});
  net.add("y", "linear", {"o"}, {{"out_features", 3}});
  return net;
}

/// Random tensors: weights of `bits` (32: floats) with a scale a channel, `density` of them not zero.
pack::PackedModel filled(net::Net net, int bits, double density, std::int64_t codebook_dim = 0) {
  pack::PackedModel model{std::move(net), {}, {{"classes", "a,b"}}};
  Rng rng(7);
  for (const auto& node : model.net.nodes()) {
    for (const auto& parameter : model.net.parameters(node)) {
      const bool is_weight = parameter.role == net::ParameterRole::weight;
      pack::PackedTensor tensor{parameter.shape, is_weight ? bits : 32};
      const std::int64_t size = net::num_elements(parameter.shape);
      const bool has_book = is_weight && codebook_dim > 0 && size % codebook_dim == 0;
      if (has_book) {
        tensor.codebook_dim = codebook_dim;
        for (std::int64_t i = 0; i < codebook_dim << bits; ++i) tensor.codebook.push_back(static_cast<float>(i / codebook_dim));
      }
      for (std::int64_t i = 0; i < (has_book ? size / codebook_dim : size); ++i) {
        const bool kept = !is_weight || rng.uniform() < density;
        if (tensor.is_float()) tensor.values.push_back(kept ? static_cast<float>(rng.uniform() + 0.1) : 0.0F);
        else if (has_book) tensor.codes.push_back(static_cast<std::int16_t>(kept ? rng.below(1ULL << bits) : 0));
        else if (bits == 1) tensor.codes.push_back(static_cast<std::int16_t>(!kept ? 0 : rng.below(2) == 0 ? -1 : 1));
        else tensor.codes.push_back(static_cast<std::int16_t>(kept ? static_cast<int>(rng.below(1ULL << bits)) - (1 << (bits - 1)) : 0));
      }
      if (!tensor.is_float()) tensor.scales.assign(static_cast<std::size_t>(parameter.shape[0]), 0.125F);
      if (parameter.name == "zero_point") tensor.values = {0.0F};
      model.tensors[node.name + "." + parameter.name] = std::move(tensor);
    }
  }
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/";
  for (const int bits : {1, 2, 4, 8, 32})
    for (const double density : {0.05, 0.5, 1.0})
      for (const bool is_spiking : {false, true}) {
        const auto model = filled(is_spiking ? spiking() : convolutional(), bits, density);
        const auto percent = std::to_string(static_cast<int>(density * 100));
        pack::write_model(folder + (is_spiking ? "spiking-w" : "convolutional-w") + std::to_string(bits) + "-d" + percent, model,
                          {.entropy_coding = density < 0.9});
      }
  pack::write_model(folder + "codebook-1", filled(spiking(), 3, 0.4, 1));
  pack::write_model(folder + "codebook-2", filled(convolutional(), 2, 0.8, 2));
  return 0;
}
