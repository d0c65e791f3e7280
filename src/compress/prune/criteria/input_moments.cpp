#include "compress/prune/criteria/input_moments.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "compress/select_layers.hpp"
#include "learn/forward.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr double damping = 0.01;
constexpr std::int64_t rows_at_once = 8;  // samples unfolded together: bounds the memory

struct Layer {
  const net::Node* node;
  std::vector<MomentBlock> blocks;
  double inputs = 0;
};

Layer make_layer(const learn::Model& model, const std::string& name) {
  const net::Node& node = model.net().node(node_of(name));
  if (node.op != "conv2d" && node.op != "linear")
    fail(ErrorKind::unsupported, name,
         "criterion obs knows conv2d and linear, not {}: leave it out (except={})", node.op, node.name);
  const at::Tensor& latent = model.parameters().at(name).latent;
  const std::int64_t width = latent.numel() / latent.size(0);
  const std::int64_t groups = node.op == "conv2d" ? model.net().context(node).integer("groups") : 1;
  Layer layer{&node, {}, 0};
  for (std::int64_t g = 0; g < groups; ++g)
    for (std::int64_t column = 0; column < width; column += max_moment_columns) {
      const std::int64_t columns = std::min(max_moment_columns, width - column),
                         rows = latent.size(0) / groups;
      layer.blocks.push_back({g * rows, rows, column, columns, at::zeros({columns, columns}, at::kDouble)});
    }
  return layer;
}

/// x: [inputs, groups * D].
void add_inputs(Layer& layer, const at::Tensor& x) {
  const std::int64_t groups = layer.blocks.back().row / layer.blocks.back().rows + 1;
  const std::int64_t width = x.size(1) / groups;
  for (auto& block : layer.blocks) {
    const at::Tensor part = x.narrow(1, block.row / block.rows * width + block.column, block.columns);
    block.hessian.add_(at::mm(part.t(), part).to(at::kDouble));
  }
  layer.inputs += static_cast<double>(x.size(0));
}

void add_source(const net::Net& net, Layer& layer, const at::Tensor& src) {
  if (layer.node->op == "linear") return add_inputs(layer, src);
  const net::OpContext context = net.context(*layer.node);
  const auto [kh, kw] = context.pair("kernel");
  const auto [sh, sw] = context.pair("stride");
  const auto [ph, pw] = context.pair("padding");
  const auto [dh, dw] = context.pair("dilation");
  for (const at::Tensor& part : src.contiguous().split(rows_at_once)) {
    const at::Tensor columns = at::im2col(part, {kh, kw}, {dh, dw}, {ph, pw}, {sh, sw});
    add_inputs(layer, columns.transpose(1, 2).flatten(0, 1));
  }
}

}  // namespace

std::map<std::string, std::vector<MomentBlock>> input_moments(learn::Model& model,
                                                              const std::vector<std::string>& names,
                                                              const Samples& samples) {
  const c10::NoGradGuard no_grad;
  std::map<std::string, Layer> layers;
  for (const auto& name : names) layers.emplace(name, make_layer(model, name));
  learn::ForwardOptions options;
  options.observer = [&](const net::Node& node, const at::Tensor& value) {
    for (auto& [name, layer] : layers)
      if (layer.node->inputs[0] == node.name) add_source(model.net(), layer, value);
  };
  for (const auto& batch : samples) run(model, batch, options);

  std::map<std::string, std::vector<MomentBlock>> result;
  for (auto& [name, layer] : layers) {
    for (auto& block : layer.blocks) {
      block.hessian.mul_(2.0 / std::max(layer.inputs, 1.0));
      const double mean = block.hessian.diagonal().mean().item<double>();
      block.hessian.diagonal().add_(mean > 0 ? damping * mean : 1.0);
    }
    result.emplace(name, std::move(layer.blocks));
  }
  return result;
}

}  // namespace tern::compress
