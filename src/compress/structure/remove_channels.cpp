#include "compress/structure/remove_channels.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "base/error.hpp"
#include "compress/model_builder.hpp"
#include "compress/structure/channel_constants.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using Parameters = std::map<std::string, learn::Parameter>;

bool is_marked(const ChannelMarks& marks, std::int64_t channel) { return marks[static_cast<std::size_t>(channel)] != 0; }

/// Places of `channels` whose mark is `wanted`.
at::Tensor places(const std::vector<std::int64_t>& channels, const ChannelMarks& marks, bool wanted) {
  std::vector<std::int64_t> found;
  for (std::size_t i = 0; i < channels.size(); ++i)
    if (is_marked(marks, channels[i]) == wanted) found.push_back(static_cast<std::int64_t>(i));
  return at::tensor(found, at::kLong);
}

/// A copy whose slices `rows` along dimension 0 are zero.
void zero_rows(learn::Parameter& parameter, const at::Tensor& rows) {
  const bool is_leaf = parameter.latent.requires_grad();
  parameter.latent = parameter.latent.detach().index_fill(0, rows, 0.0).set_requires_grad(is_leaf);
}

/// Slices one tensor of a parameter, or leaves it undefined.
template <typename Slice>
learn::Parameter sliced(const learn::Parameter& source, Slice slice) {
  learn::Parameter result = source;
  result.latent = slice(source.latent.detach()).contiguous().set_requires_grad(source.latent.requires_grad());
  if (source.mask.defined()) result.mask = slice(source.mask).contiguous();
  if (source.backward_mask.defined()) result.backward_mask = slice(source.backward_mask).contiguous();
  for (auto& [name, tensor] : result.state)
    if (tensor.sizes() == source.latent.sizes()) tensor = slice(tensor).contiguous();
  return result;
}

/// Sum over inputs of (kernel summed over its taps) * constant: what removed constants add to each output, [oc].
at::Tensor added_by_constants(const at::Tensor& weight, const at::Tensor& constants, std::int64_t groups) {
  const at::Tensor sums = weight.dim() == 4 ? weight.sum(at::IntArrayRef{2, 3}) : weight;  // [oc, ic / groups]
  const at::Tensor inputs = constants.view({groups, 1, -1});
  return (sums.view({groups, sums.size(0) / groups, -1}) * inputs).sum(2).view(-1);
}

class Remover {
 public:
  Remover(const learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks, std::vector<at::Tensor> constants)
      : model_(model), graph_(graph), marks_(marks), constants_(std::move(constants)), builder_(model) {
    for (const auto& node : model.net().nodes())
      for (const auto& source : node.inputs) readers_[source].push_back(&node);
  }

  Removal run() {
    const auto& nodes = model_.net().nodes();
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (graph_.form(i) != KernelForm::none) {
        keep_kernel(i);
      } else if (nodes[i].op == "batch_norm" || nodes[i].op == "propagate") {
        keep_channels(i);
      } else {
        builder_.keep(nodes[i]);
      }
    }
    return {builder_.finish(), std::move(notes_)};
  }

 private:
  void keep_kernel(std::size_t i) {
    const net::Node& node = model_.net().nodes()[i];
    const net::OpContext context = model_.net().context(node);
    const at::Tensor rows = places(graph_.outputs(i), marks_, false);
    const at::Tensor inputs = places(graph_.inputs(i), marks_, false);
    auto attributes = node.attributes;
    attributes[node.op == "linear" ? "out_features" : "out_channels"] = rows.size(0);

    at::Tensor columns = inputs;
    if (graph_.form(i) == KernelForm::depthwise) attributes["groups"] = inputs.size(0);
    if (graph_.form(i) == KernelForm::grouped) columns = inputs.slice(0, 0, inputs.size(0) / context.integer("groups"));
    const bool all_columns = graph_.form(i) == KernelForm::depthwise;
    Parameters parameters;
    parameters["weight"] = sliced(model_.parameter(node.name, "weight"), [&](const at::Tensor& tensor) {
      const at::Tensor kept = tensor.index_select(0, rows);
      return all_columns ? kept : kept.index_select(1, columns);
    });
    const bool has_bias = context.flag("bias");
    if (has_bias)
      parameters["bias"] = sliced(model_.parameter(node.name, "bias"),
                                  [&](const at::Tensor& tensor) { return tensor.index_select(0, rows); });
    if (!all_columns) fold_constants(i, context, rows, attributes, parameters);
    builder_.keep(node, std::move(attributes), std::move(parameters));
  }

  /// Removed inputs that are constants other than zero go on in the bias, or in the running mean of the norm behind.
  void fold_constants(std::size_t i, const net::OpContext& context, const at::Tensor& rows,
                      std::map<std::string, net::Attribute>& attributes, Parameters& parameters) {
    const net::Node& node = context.node;
    const at::Tensor& constants = constants_[graph_.source(i, 0)];
    const auto count = constants.ne(0).sum().item<std::int64_t>();
    if (count == 0) return;
    const std::int64_t groups = node.op == "conv2d" ? context.integer("groups") : 1;
    const at::Tensor added = added_by_constants(model_.parameter(node.name, "weight").stored(), constants, groups)
                                 .index_select(0, rows);
    if (context.flag("bias")) {
      parameters["bias"].latent = (parameters["bias"].latent.detach() + added).set_requires_grad(true);
    } else if (const auto& readers = readers_[node.name]; readers.size() == 1 && readers[0]->op == "batch_norm") {
      shift_of_norm_[readers[0]->name] = -added;
    } else {
      attributes["bias"] = true;
      parameters["bias"] = make_parameter(added, net::ParameterRole::bias);
    }
    const bool is_padded = node.op == "conv2d" && context.pair("padding") != std::pair<std::int64_t, std::int64_t>{0, 0};
    notes_.push_back(fmt::format("{}: {} removed inputs were constants and went into its bias{}", node.name, count,
                                 is_padded ? "; inexact at the border, where it is padded with zeros" : ""));
  }

  /// A norm or a propagation: a value a channel, but for the one eps of GIN.
  void keep_channels(std::size_t i) {
    const net::Node& node = model_.net().nodes()[i];
    const at::Tensor rows = places(graph_.outputs(i), marks_, false);
    Parameters parameters;
    for (const auto& spec : model_.net().parameters(node)) {
      const learn::Parameter& parameter = model_.parameter(node.name, spec.name);
      const auto slice = [&](const at::Tensor& tensor) { return tensor.index_select(0, rows); };
      parameters[spec.name] = spec.name == "eps" ? parameter : sliced(parameter, slice);
    }
    const auto shift = shift_of_norm_.find(node.name);
    if (shift != shift_of_norm_.end()) parameters["running_mean"].latent.add_(shift->second);
    builder_.keep(node, node.attributes, std::move(parameters));
  }

  const learn::Model& model_;
  const ChannelGraph& graph_;
  const ChannelMarks& marks_;
  std::vector<at::Tensor> constants_;  // by node, of its output
  ModelBuilder builder_;
  std::unordered_map<std::string, std::vector<const net::Node*>> readers_;
  std::unordered_map<std::string, at::Tensor> shift_of_norm_;
  std::vector<std::string> notes_;
};

}  // namespace

void check_unquantized(const learn::Model& model) {
  for (const auto& [name, parameter] : model.parameters())
    if (parameter.quantizer || parameter.gate)
      fail(ErrorKind::usage, "plan", "{} has a {}: remove channels before that step", name,
           parameter.quantizer ? "quantizer" : "gate");
}

void mask_channels(learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks) {
  const c10::NoGradGuard no_grad;
  const auto& nodes = model.net().nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const bool is_norm = nodes[i].op == "batch_norm", is_propagation = nodes[i].op == "propagate";
    if (graph.form(i) == KernelForm::none && !is_norm && !is_propagation) continue;
    const at::Tensor rows = places(graph.outputs(i), marks, true);
    if (rows.size(0) == 0) continue;
    if (!is_propagation) zero_rows(model.parameter(nodes[i].name, "weight"), rows);
    if (is_norm || model.net().context(nodes[i]).flag("bias")) zero_rows(model.parameter(nodes[i].name, "bias"), rows);
  }
}

ChannelMarks silent_channels(const learn::Model& model, const ChannelGraph& graph) {
  const c10::NoGradGuard no_grad;
  ChannelMarks silent(static_cast<std::size_t>(graph.num_coupled()), 1);
  const auto& nodes = model.net().nodes();
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (graph.form(i) == KernelForm::none || graph.form(i) == KernelForm::depthwise) continue;
    const auto& channels = graph.outputs(i);
    const at::Tensor weight = model.parameter(nodes[i].name, "weight").stored();
    const at::Tensor speaks = weight.reshape({weight.size(0), -1}).ne(0).any(1).contiguous();
    for (std::size_t c = 0; c < channels.size(); ++c)
      if (speaks.data_ptr<bool>()[c]) silent[static_cast<std::size_t>(channels[c])] = 0;
  }
  for (std::size_t c = 0; c < silent.size(); ++c)
    if (!graph.removable(static_cast<std::int64_t>(c))) silent[c] = 0;
  return silent;
}

Removal remove_channels(const learn::Model& model, const ChannelGraph& graph, const ChannelMarks& marks) {
  check_unquantized(model);
  for (std::size_t c = 0; c < marks.size(); ++c)
    if (marks[c] && !graph.removable(static_cast<std::int64_t>(c)))
      fail(ErrorKind::internal, "channels", "coupled channel {} cannot be removed", c);
  const c10::NoGradGuard no_grad;
  const ChannelMarks silent = silent_channels(model, graph);
  ChannelMarks masked = marks;
  for (std::size_t c = 0; c < masked.size(); ++c) masked[c] = marks[c] && !silent[c];

  learn::Model reference = model;  // shares tensors; mask_channels replaces what it changes
  mask_channels(reference, graph, masked);
  ChannelConstants constants = channel_constants(reference, graph, marks);
  if (std::find(constants.varying.begin(), constants.varying.end(), 1) != constants.varying.end()) {
    mask_channels(reference, graph, constants.varying);
    constants = channel_constants(reference, graph, marks);
  }
  return Remover(model, graph, marks, std::move(constants.values)).run();
}

}  // namespace tern::compress
