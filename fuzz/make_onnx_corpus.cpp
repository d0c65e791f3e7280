// Writes the seeds of corpus/onnx: exports of small networks that hold every operation with an ONNX form.
//
//   make_onnx_corpus FOLDER
#include <cmath>
#include <filesystem>

#include "base/seed.hpp"
#include "formats/onnx/export_model.hpp"

namespace {

using namespace tern;
using Ints = std::vector<std::int64_t>;

net::Net every_operation() {
  net::Net net("every");
  net.add("input", "input", {}, {{"shape", Ints{3, 6, 6}}, {"time", false}});
  net.add("pad", "pad2d", {"input"}, {{"border", Ints{0, 0, 1, 1}}});
  net.add("conv", "conv2d", {"pad"}, {{"out_channels", 4}, {"padding", 1}, {"bias", true}});
  net.add("norm", "batch_norm", {"conv"});
  net.add("relu", "relu", {"norm"});
  net.add("codes", "quantize", {"relu"});
  net.add("depthwise", "conv2d", {"codes"}, {{"out_channels", 4}, {"groups", 4}, {"padding", 1}});
  net.add("hard", "hard_swish", {"depthwise"});
  net.add("silu", "silu", {"relu"});
  net.add("sum", "add", {"hard", "silu"});
  net.add("mean", "global_avg_pool", {"sum"});
  net.add("gate", "hard_sigmoid", {"mean"});
  net.add("gated", "multiply", {"sum", "gate"});
  net.add("part", "slice", {"gated"}, {{"begin", 1}, {"end", 3}});
  net.add("joined", "concat", {"gated", "part"});
  net.add("pool", "max_pool2d", {"joined"});
  net.add("large", "upsample2d", {"pool"});
  net.add("average", "avg_pool2d", {"large"});
  net.add("leaky", "leaky_relu", {"average"});
  net.add("clip", "relu6", {"leaky"});
  net.add("row", "flatten", {"clip"});
  net.add("linear", "linear", {"row"}, {{"out_features", 4}, {"bias", true}});
  net.add("votes", "vote", {"linear"}, {{"group", 2}});
  net.add("scores", "softmax", {"votes"});
  return net;
}

net::Net small() {
  net::Net net("small");
  net.add("input", "input", {}, {{"shape", Ints{2, 3, 3}}, {"time", false}});
  net.add("conv", "conv2d", {"input"}, {{"out_channels", 2}, {"padding", 1}});
  net.add("row", "flatten", {"conv"});
  net.add("linear", "linear", {"row"}, {{"out_features", 2}});
  return net;
}

pack::PackedModel with_tensors(net::Net net) {
  pack::PackedModel model{std::move(net), {}, {}};
  Rng rng(1);
  for (const auto& node : model.net.nodes())
    for (const auto& parameter : model.net.parameters(node)) {
      pack::PackedTensor tensor{parameter.shape};
      for (std::int64_t i = 0; i < net::num_elements(parameter.shape); ++i) {
        const auto value = static_cast<float>(rng.uniform() - 0.5);
        const bool is_positive = parameter.name == "scale" || parameter.name == "running_var";
        tensor.values.push_back(parameter.name == "zero_point" ? 0.0F
                                : is_positive                  ? 0.1F + std::abs(value)
                                                               : value);
      }
      model.tensors[node.name + "." + parameter.name] = tensor;
    }
  return model;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::filesystem::path folder = argv[1];
  for (const auto& net : {every_operation(), small()}) {
    const pack::PackedModel model = with_tensors(net);
    onnx::ExportOptions options;
    for (const auto& node : net.nodes()) options.ranges[node.name] = {-1.0F, 2.0F};
    onnx::write_model(folder / (net.name() + "-floats"), model, options);
    options.form = onnx::ExportForm::qdq;
    onnx::write_model(folder / (net.name() + "-qdq"), model, options);
  }
}
