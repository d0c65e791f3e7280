// ugs: edges of the graph and weights pruned together, in rounds.
#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "compress/model_builder.hpp"
#include "compress/prune/dynamics/rewind.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress::steps {
namespace {

const net::Node& graph_node(const net::Net& net) {
  for (const auto& node : net.nodes())
    if (node.op == "graph") return node;
  fail(ErrorKind::usage, "plan", "ugs prunes the edges of a graph, and this net works on none");
}

learn::Parameter& edge_factors(learn::Model& model) { return model.parameter(graph_node(model.net()).name, "factor"); }

/// Zeros in `parameter`'s mask where `score` is not above the threshold; returns how many are new.
std::int64_t drop_smallest(learn::Parameter& parameter, const at::Tensor& score, double threshold) {
  const at::Tensor kept = parameter.mask.defined() ? parameter.mask : at::ones_like(parameter.latent).detach();
  const at::Tensor mask = kept * score.gt(threshold).to(at::kFloat);
  const auto dropped = (kept - mask).sum().item<double>();
  parameter.mask = mask;
  return static_cast<std::int64_t>(dropped);
}

/// The score that `share` of the kept ones do not exceed; below all scores where that is none.
double threshold_of(std::vector<at::Tensor> kept_scores, double share) {
  const at::Tensor all = at::cat(kept_scores);
  const auto drop = static_cast<std::int64_t>(share * static_cast<double>(all.numel()));
  return drop == 0 ? -std::numeric_limits<double>::infinity() : std::get<0>(all.kthvalue(drop)).item<double>();
}

at::Tensor kept_of(const learn::Parameter& parameter, const at::Tensor& score) {
  return parameter.mask.defined() ? score.masked_select(parameter.mask.ne(0)) : score.flatten();
}

/// Unified graph sparsification: a factor for each edge is trained with the weights under an L1 penalty. After each of
/// `rounds` rounds the share `edges` of the edges left, those with the smallest factors (of both directions together), and the
/// share `weights` of the weights left, those of smallest magnitude, go; everything left starts again from its first value,
/// and a last round trains the weights that remain on the edges that remain, whose factors are 1.
/// Source: Chen et al. 2021, A Unified Lottery Ticket Hypothesis for Graph Neural Networks, whose weights have trained masks
/// too, and which normalises by the degrees that are left. Ours stay those of the whole graph. Without a penalty edges
/// that no training node sees keep their factor of 1 and stay; under one they shrink as fast as any, Adam's steps being of
/// one size (docs/GRAPHS.md).
class Ugs : public Transform {
 public:
  explicit Ugs(const Options& options)
      : edges_(options.number("edges")), weights_(options.number("weights")), penalty_(options.number("l1")),
        rounds_(options.integer("rounds")) {}

  void check(const learn::Model& model) const override { graph_node(model.net()); }

  bool is_due(std::int64_t step, std::int64_t num_steps) const override {
    if (step == 0) return true;
    const std::int64_t length = round_length(num_steps);
    return step % length == 0 && step / length <= rounds_;
  }

  void apply(TransformContext& context) override {
    if (context.num_steps > 0 && context.num_steps <= rounds_)
      fail(ErrorKind::usage, "plan", "ugs: {} steps of training are too few for {} rounds", context.num_steps, rounds_);
    if (context.step == 0) return begin(context);
    const c10::NoGradGuard no_grad;
    const std::int64_t edges = drop_edges(context), weights = drop_weights(context.model);
    rewind(context.model);
    context.reset_optimizer = true;
    if (context.step / round_length(context.num_steps) == rounds_) {
      set_graph_attributes(context, {{"train_factors", false}}, edge_factors(context.model));
      edge_factors(context.model).latent.set_requires_grad(false);
    }
    context.notes.push_back(fmt::format("ugs: {} edges and {} weights dropped, {:.1f}% and {:.1f}% left", edges, weights,
                                        100 * edge_factors(context.model).mask.mean().item<double>(),
                                        100 * kept_weights(context.model)));
  }

  at::Tensor penalty(learn::Model& model) override {
    if (!model.net().context(graph_node(model.net())).flag("train_factors")) return {};
    return edge_factors(model).effective().abs().sum() * penalty_;
  }

  void finish(TransformContext& context) override { forget_rewind(context.model); }

 private:
  std::int64_t round_length(std::int64_t num_steps) const { return std::max<std::int64_t>(1, num_steps / (rounds_ + 1)); }

  static const graph::Graph& whole_graph(const TransformContext& context) {
    const Samples& samples = context.samples();
    if (samples.size() != 1 || !samples[0].graph || samples[0].graph->graph.is_dense())
      fail(ErrorKind::usage, "plan", "ugs needs the whole graph as one batch: train with the procedure full-batch");
    return samples[0].graph->graph.sparse->graph();
  }

  void begin(TransformContext& context) const {
    const graph::Graph& graph = whole_graph(context);
    if (graph.num_edges() == 0) fail(ErrorKind::usage, "plan", "ugs: the graph has no edges");
    learn::Parameter factor = make_parameter(at::ones({graph.num_edges()}), net::ParameterRole::norm);
    factor.mask = at::ones({graph.num_edges()});
    set_graph_attributes(context, {{"edges", graph.num_edges()}, {"train_factors", true}}, factor);
    keep_for_rewind(context.model);
  }

  static void set_graph_attributes(TransformContext& context, const std::map<std::string, net::Attribute>& changes,
                                   learn::Parameter factor) {
    ModelBuilder builder(context.model);
    for (const auto& node : context.model.net().nodes()) {
      if (node.op != "graph") {
        builder.keep(node);
        continue;
      }
      auto attributes = node.attributes;
      for (const auto& [name, value] : changes) attributes[name] = value;
      if (!std::get<bool>(attributes.at("train_factors"))) factor.role = net::ParameterRole::buffer;
      builder.keep(node, attributes, {{"factor", factor}});
    }
    context.model = builder.finish();
    context.net_changed = true;
  }

  /// Of edge (u, v) the place of (v, u); of one without a reverse its own.
  static at::Tensor reversed_edges(const graph::Graph& graph) {
    at::Tensor reverse = at::arange(graph.num_edges(), at::TensorOptions(at::kLong));
    auto* place = reverse.data_ptr<std::int64_t>();
    for (std::int64_t u = 0; u < graph.num_nodes(); ++u)
      for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(u)]; e < graph.rowptr()[static_cast<std::size_t>(u) + 1]; ++e) {
        const std::int32_t v = graph.col()[static_cast<std::size_t>(e)];
        const auto row = graph.neighbours(v);
        const auto found = std::lower_bound(row.begin(), row.end(), static_cast<std::int32_t>(u));
        if (found != row.end() && *found == u)
          place[e] = graph.rowptr()[static_cast<std::size_t>(v)] + (found - row.begin());
      }
    return reverse;
  }

  std::int64_t drop_edges(const TransformContext& context) const {
    learn::Parameter& factor = edge_factors(context.model);
    const at::Tensor values = factor.latent.detach().to(at::kDouble), reverse = reversed_edges(whole_graph(context));
    // Chance decides between equal factors, the same for both directions.
    const at::Tensor first = at::minimum(reverse, at::arange(reverse.numel(), at::TensorOptions(at::kLong)));
    at::Generator generator = learn::make_generator(derive_seed(context.seed, static_cast<std::uint64_t>(context.step)));
    const at::Tensor chance = at::rand({reverse.numel()}, generator, at::TensorOptions(at::kDouble)).index_select(0, first);
    const at::Tensor score = (values + values.index_select(0, reverse)).abs() + chance * 1e-9;
    return drop_smallest(factor, score, threshold_of({kept_of(factor, score)}, edges_));
  }

  std::int64_t drop_weights(learn::Model& model) const {
    std::vector<at::Tensor> scores;
    for (const auto& name : model.weight_names()) {
      const learn::Parameter& weight = model.parameters().at(name);
      scores.push_back(kept_of(weight, weight.latent.detach().abs()));
    }
    const double threshold = threshold_of(scores, weights_);
    std::int64_t dropped = 0;
    for (const auto& name : model.weight_names()) {
      learn::Parameter& weight = model.parameters().at(name);
      dropped += drop_smallest(weight, weight.latent.detach().abs(), threshold);
    }
    return dropped;
  }

  static double kept_weights(const learn::Model& model) {
    double kept = 0, all = 0;
    for (const auto& name : model.weight_names()) {
      const learn::Parameter& weight = model.parameters().at(name);
      kept += weight.mask.sum().item<double>();
      all += static_cast<double>(weight.mask.numel());
    }
    return kept / std::max(1.0, all);
  }

  double edges_, weights_, penalty_;
  std::int64_t rounds_;
};

std::vector<OptionSpec> ugs_options() {
  using enum OptionType;
  return {{.name = "edges", .type = number, .fallback = "0.05", .summary = "share of the edges left that a round drops", .min = 0.001, .max = 0.9},
          {.name = "weights", .type = number, .fallback = "0.2", .summary = "share of the weights left that a round drops", .min = 0, .max = 0.9},
          {.name = "rounds", .type = integer, .fallback = "20", .summary = "rounds, each an equal share of the phase", .min = 1, .max = 100},
          {.name = "l1", .type = number, .fallback = "0.0001", .summary = "penalty on the factors of edges", .min = 0, .max = 1}};
}

}  // namespace

const StepKind ugs{.name = "ugs",
                   .summary = "edges of the graph and weights pruned together in rounds with rewinding",
                   .options = ugs_options,
                   .make = [](const Options& options) -> std::unique_ptr<Transform> { return std::make_unique<Ugs>(options); },
                   .rank = 1};

}  // namespace tern::compress::steps
