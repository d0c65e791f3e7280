// Steps for graph networks: protected nodes, messages in few bits, edges pruned with weights.
#include "base/error.hpp"
#include "compress/plan_run.hpp"
#include "graph/statistics.hpp"
#include "learn/graph/random_graphs.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t nodes = 60, features = 8, classes = 3;

net::Net two_layer_gcn() {
  net::Net net("gcn");
  net.add("x", "input", {}, {{"shape", features}, {"time", false}});
  net.add("graph", "graph");
  net.add("a", "linear", {"x"}, {{"out_features", std::int64_t{16}}});
  net.add("pa", "propagate", {"a", "graph"}, {{"bias", true}});
  net.add("ra", "relu", {"pa"});
  net.add("b", "linear", {"ra"}, {{"out_features", classes}});
  net.add("pb", "propagate", {"b", "graph"});
  return net;
}

Samples whole_graph() {
  auto batch = std::make_shared<learn::GraphBatch>();
  batch->graph = learn::value_of(learn::random_structure(nodes, 240, 3, true, true, graph::SelfLoops::remove, false));
  const at::Tensor labels = at::arange(nodes, at::kLong).remainder(classes);
  return {{learn::random({nodes, features}, 1), learn::one_hot(labels, classes, 0), 1, batch, {}}};
}

RunHooks hooks_of(const Samples& samples) {
  RunHooks hooks;
  hooks.loss = learn::find_loss("ce").loss;
  hooks.samples = [&]() -> const Samples& { return samples; };
  return hooks;
}

at::Tensor scores(learn::Model& model, const Samples& samples, bool training = false, std::uint64_t seed = 0) {
  learn::ForwardOptions options;
  options.training = training;
  options.seed = seed;
  return run(model, samples[0], options);
}

TEST(DegreeQuant, ProtectedNodesKeepTheirValues) {
  // Quantized to 2 bits, a row is either what it was or on the grid; how often it is spared grows with its degree.
  net::Net net("one");
  net.add("x", "input", {}, {{"shape", features}, {"time", false}});
  net.add("graph", "graph");
  net.add("r", "relu", {"x"});
  net.add("a", "linear", {"r"}, {{"out_features", std::int64_t{4}}});
  learn::Model model(net, 1);
  Samples samples = whole_graph();
  samples[0].frames = samples[0].frames.abs() + 0.013;  // no row of zeros, which every grid holds
  apply_untrained(parse_plan("quantize:w=2,a=2,lsq,activation=degree-quant,input=16"), model, hooks_of(samples));
  std::string quantized;
  for (const auto& node : model.net().nodes())
    if (node.op == "quantize" && node.inputs[0] == "r") quantized = node.name;
  ASSERT_FALSE(quantized.empty());

  at::Tensor spared = at::zeros({nodes});
  const int draws = 1500;
  for (int draw = 0; draw < draws; ++draw) {
    at::Tensor before, after;
    learn::ForwardOptions options;
    options.training = true;
    options.seed = static_cast<std::uint64_t>(draw);
    options.observer = [&](const net::Node& node, const at::Tensor& value) {
      if (node.name == "r") before = value.detach();
      if (node.name == quantized) after = value.detach();
    };
    run(model, samples[0], options);
    spared += (before - after).abs().amax(1).lt(1e-7).to(at::kFloat);
  }
  spared /= draws;
  const auto ranks = graph::degree_ranks(samples[0].graph->graph.sparse->graph());
  for (std::int64_t v = 0; v < nodes; ++v) {
    const double expected = 0.1 + 0.1 * ranks[static_cast<std::size_t>(v)];
    EXPECT_NEAR(spared[v].item<double>(), expected, 4 * std::sqrt(expected / draws)) << "node " << v;
  }
}

TEST(DegreeQuant, EvaluationProtectsNobodyAndTheRangeFollows) {
  learn::Model model(two_layer_gcn(), 1);
  const Samples samples = whole_graph();
  apply_untrained(parse_plan("quantize:w=8,a=4,lsq,activation=degree-quant"), model, hooks_of(samples));
  auto& quantizers = model.activation_quantizers();
  ASSERT_EQ(quantizers.size(), 1U);
  auto& quantizer = *quantizers.begin()->second;
  EXPECT_EQ(quantizer.name(), "degree-quant");
  const float before = quantizer.affine().scale;
  // 1000 values of 3 with 10 outliers of 100: one percent is left out, and the scale goes to 3 / 15.
  at::Tensor x = at::full({1010}, 3.0F);
  x.slice(0, 0, 10).fill_(100.0F);
  for (int i = 0; i < 200; ++i) quantizer.quantize(x);
  EXPECT_NE(quantizer.affine().scale, before);
  EXPECT_NEAR(quantizer.affine().scale, 3.0 / 15, 1e-4);
  EXPECT_EQ(learn::distance(scores(model, samples), scores(model, samples)), 0);
}

TEST(Messages, AreQuantizedBeforePropagation) {
  learn::Model model(two_layer_gcn(), 1);
  const Samples samples = whole_graph();
  apply_untrained(parse_plan("quantize:w=8,a=8,lsq,messages=4"), model, hooks_of(samples));
  for (const auto& node : model.net().nodes()) {
    if (node.op != "propagate") continue;
    const net::Node& source = model.net().node(node.inputs[0]);
    ASSERT_EQ(source.op, "quantize") << node.name;
    EXPECT_EQ(model.net().context(source).integer("bits"), 4);
    EXPECT_TRUE(model.net().context(source).flag("signed"));
  }
}

TEST(Ugs, DropsEdgesInPairsAndWeightsAndRewinds) {
  learn::Model model(two_layer_gcn(), 1);
  const Samples samples = whole_graph();
  const at::Tensor first = model.parameter("a", "weight").latent.detach().clone();
  const std::int64_t edges = samples[0].graph->graph.sparse->graph().num_edges();
  const Phase phase = parse_plan("ugs:edges=0.1,weights=0.3,rounds=2").phases[0];
  PhaseRun run(phase, model, hooks_of(samples));
  const std::int64_t steps = 30;
  for (std::int64_t step = 0; step < steps; ++step) {
    const Changes changes = run.before_step(step, steps);
    EXPECT_EQ(changes.reset_optimizer, step == 0 || step == 10 || step == 20) << step;
    if (step == 10) {
      const learn::Parameter& weight = model.parameter("a", "weight");
      EXPECT_EQ(learn::distance(weight.latent.detach(), first * weight.mask), 0);
    }
    EXPECT_EQ(run.penalty().defined(), step < 20) << step;
    const c10::NoGradGuard no_grad;  // a step of training: everything moves
    for (auto& [name, parameter] : model.parameters())
      if (parameter.latent.requires_grad())
        parameter.latent.add_(0.1 * learn::random(parameter.latent.sizes(), static_cast<std::uint64_t>(step + 1)));
  }
  run.finish(steps);
  const learn::Parameter& factor = model.parameter("graph", "factor");
  EXPECT_EQ(factor.latent.numel(), edges);
  EXPECT_NEAR(factor.mask.mean().item<double>(), 0.9 * 0.9, 2.5 / static_cast<double>(edges));
  double kept = 0, all = 0;
  for (const auto& name : model.weight_names()) {
    kept += model.parameters().at(name).mask.sum().item<double>();
    all += static_cast<double>(model.parameters().at(name).mask.numel());
  }
  EXPECT_NEAR(kept / all, 0.7 * 0.7, 2.5 / all);
  const graph::Graph& graph = samples[0].graph->graph.sparse->graph();
  const at::Tensor matrix = learn::dense_of(*samples[0].graph->graph.sparse, factor.mask);
  EXPECT_EQ(learn::distance(matrix, matrix.t()), 0);
  EXPECT_EQ(matrix.sum().item<double>(), factor.mask.sum().item<double>());
  EXPECT_EQ(graph.num_edges(), edges);
  EXPECT_FALSE(factor.state.count("rewind"));
}

TEST(Ugs, EdgesThatNothingTrainsStay) {
  learn::Model model(two_layer_gcn(), 1);
  const Samples samples = whole_graph();
  const Phase phase = parse_plan("ugs:edges=0.25,weights=0,rounds=1,l1=0").phases[0];
  PhaseRun run(phase, model, hooks_of(samples));
  run.before_step(0, 20);
  EXPECT_EQ(run.penalty().item<double>(), 0);  // what has no gradient of its own keeps its 1
  learn::Parameter& factor = model.parameter("graph", "factor");
  const graph::Graph& graph = samples[0].graph->graph.sparse->graph();
  at::Tensor seen = at::zeros({graph.num_edges()});  // among the first 40 nodes, whose edges training moved
  for (std::int64_t u = 0; u < graph.num_nodes(); ++u)
    for (std::int64_t e = graph.rowptr()[static_cast<std::size_t>(u)]; e < graph.rowptr()[static_cast<std::size_t>(u) + 1]; ++e)
      if (u < 40 && graph.col()[static_cast<std::size_t>(e)] < 40) seen[e] = 1;
  {
    const c10::NoGradGuard no_grad;
    factor.latent.sub_(seen * 0.5);
  }
  run.before_step(10, 20);
  const at::Tensor left = model.parameter("graph", "factor").mask;
  EXPECT_EQ(left.masked_select(seen.eq(0)).min().item<double>(), 1);
  EXPECT_NEAR(left.mean().item<double>(), 0.75, 0.02);
}

TEST(Ugs, RefusesWhatIsNoWholeGraph) {
  learn::Model model(two_layer_gcn(), 1);
  Samples samples = whole_graph();
  samples.push_back(samples[0]);
  EXPECT_THROW(apply_untrained(parse_plan("ugs"), model, hooks_of(samples)), Error);
  net::Net plain("plain");
  plain.add("x", "input", {}, {{"shape", features}, {"time", false}});
  plain.add("a", "linear", {"x"}, {{"out_features", classes}});
  EXPECT_THROW(check_plan(parse_plan("ugs"), learn::Model(plain, 1)), Error);
}

TEST(GraphPlans, MethodsThatWalkImagesRefuse) {
  learn::Model model(two_layer_gcn(), 1);
  const Samples samples = whole_graph();
  for (const char* plan : {"prune:global=0.5,woodfisher", "prune:global=0.5,grasp", "quantize:w=4,affine,untrained | posttrain:adaround"})
    EXPECT_THROW(apply_untrained(parse_plan(plan), model, hooks_of(samples)), Error) << plan;
  for (const char* plan : {"prune:global=0.5,synflow", "prune:global=0.5,snip", "prune:global=0.5,magnitude", "prune:global=0.5,taylor", "quantize:w=4,a=4,lsq"})
    EXPECT_NO_THROW({
      learn::Model copy(two_layer_gcn(), 1);
      apply_untrained(parse_plan(plan), copy, hooks_of(samples));
    }) << plan;
}

}  // namespace
}  // namespace tern::compress
