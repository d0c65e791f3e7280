// What training evaluates is what the engine runs on graphs: bit for bit where linear layers are integers.
#include <gtest/gtest.h>

#include "engine/graph/graph_program.hpp"
#include "learn/graph/random_graphs.hpp"
#include "learn/packed.hpp"
#include "zoo/architecture.hpp"

namespace tern::learn {
namespace {

constexpr std::int64_t features = 12;

std::vector<float> in_engine(const Model& model, const engine::GraphInput& input) {
  const auto program = engine::GraphProgram::from(to_packed(model));
  if (!program.ok()) ADD_FAILURE() << program.error().message;
  const auto scores = program->run(input);
  if (!scores.ok()) ADD_FAILURE() << scores.error().message;
  return *scores;
}

at::Tensor in_learn(Model& model, const GraphBatch& batch, const at::Tensor& x) {
  const c10::NoGradGuard no_grad;
  ForwardOptions options;
  options.graph = std::make_shared<GraphBatch>(batch);
  return forward(model, x, 1, options).contiguous();
}

std::span<const float> values_of(const at::Tensor& x) {
  return {x.data_ptr<float>(), static_cast<std::size_t>(x.numel())};
}

double difference(const at::Tensor& expected, const std::vector<float>& got) {
  EXPECT_EQ(expected.numel(), static_cast<std::int64_t>(got.size()));
  return distance(expected.flatten(), at::tensor(got));
}

Model random_model(net::Net net) {
  Model model(std::move(net), 3);
  const c10::NoGradGuard no_grad;
  std::uint64_t seed = 10;
  for (auto& [name, parameter] : model.parameters())
    if (parameter.role == net::ParameterRole::bias) parameter.latent.copy_(random(parameter.latent.sizes(), ++seed));
  return model;
}

TEST(GraphEngine, RunsTheZooAsTrainingDoes) {
  for (const char* name : {"gcn", "sage", "graphconv", "gin", "gin-graph", "gat", "cluster-gcn", "l-gcn"})
    for (const auto& c : graph_cases()) {
      zoo::ArchitectureOptions options;
      options.input_shape = {features};
      options.num_classes = 5;
      options.graph.hidden = 8;
      Model model = random_model(zoo::find_architecture(name).build(options));
      const at::Tensor x = random({c.structure->num_nodes(), features}, 9);
      const at::Tensor expected = in_learn(model, {value_of(c.structure), nullptr}, x);
      const std::vector<float> got = in_engine(model, {.graph = &c.structure->graph(), .features = values_of(x)});
      EXPECT_LT(difference(expected, got), 1e-4 * (1 + expected.abs().max().item<double>())) << name << ", " << c.name;
    }
}

/// x -> quantize -> linear (codes) -> propagate -> relu -> quantize -> linear -> propagate.
Model quantized_model(int weight_bits, int bits, std::int64_t edges = 0) {
  net::Net net("quantized");
  net.add("x", "input", {}, {{"shape", features}, {"time", false}});
  net.add("g", "graph", {}, {{"edges", edges}});
  net.add("q1", "quantize", {"x"}, {{"bits", std::int64_t{bits}}, {"signed", true}});
  net.add("a", "linear", {"q1"}, {{"out_features", std::int64_t{17}}, {"bias", true}});
  net.add("p1", "propagate", {"a", "g"}, {{"bias", true}});
  net.add("r", "relu", {"p1"});
  net.add("d", "dropout", {"r"});
  net.add("q2", "quantize", {"d"}, {{"bits", std::int64_t{bits}}});
  net.add("b", "linear", {"q2"}, {{"out_features", std::int64_t{4}}});
  net.add("p2", "propagate", {"b", "g"}, {{"normalisation", std::string("row-self")}});
  Model model = random_model(std::move(net));
  const c10::NoGradGuard no_grad;
  model.parameter("q1", "scale").latent.fill_(0.03);
  model.parameter("q2", "scale").latent.fill_(0.02);
  for (const char* node : {"a", "b"}) {
    Parameter& weight = model.parameter(node, "weight");
    weight.quantizer = std::make_shared<FixedQuantizer>(weight_bits, at::full({}, 0.3 / (1 << (weight_bits - 1))));
  }
  return model;
}

TEST(GraphEngine, QuantizedLayersAgreeBitForBit) {
  for (const int weight_bits : {2, 4, 8})
    for (const int bits : {4, 8})
      for (const auto& c : graph_cases()) {
        Model model = quantized_model(weight_bits, bits);
        const at::Tensor x = random({c.structure->num_nodes(), features}, 9);
        const at::Tensor expected = in_learn(model, {value_of(c.structure), nullptr}, x);
        const auto got = in_engine(model, {.graph = &c.structure->graph(), .features = values_of(x)});
        EXPECT_EQ(difference(expected, got), 0) << c.name << ", " << weight_bits << " and " << bits << " bits";
      }
}

TEST(GraphEngine, BlocksOfRowsAreIndependent) {
  const auto structure = random_structure(391, 1500, 5, true, true, graph::SelfLoops::remove, false);
  Model model = quantized_model(8, 8);
  const at::Tensor x = random({structure->num_nodes(), features}, 4);
  const auto got = in_engine(model, {.graph = &structure->graph(), .features = values_of(x)});
  EXPECT_EQ(difference(in_learn(model, {value_of(structure), nullptr}, x), got), 0);
}

/// The engine leaves pruned edges out, training adds zeros: sums are grouped otherwise.
TEST(GraphEngine, FactorsOfEdgesAndPrunedOnes) {
  for (const auto& c : graph_cases()) {
    const std::int64_t edges = c.structure->graph().num_edges();
    if (edges == 0) continue;
    Model model = quantized_model(8, 8, edges);
    {
      const c10::NoGradGuard no_grad;
      Parameter& factor = model.parameter("g", "factor");
      factor.latent.copy_(random({edges}, 5));
      factor.mask = random({edges}, 6).gt(0).to(at::kFloat);
    }
    const at::Tensor x = random({c.structure->num_nodes(), features}, 9);
    const auto got = in_engine(model, {.graph = &c.structure->graph(), .features = values_of(x)});
    EXPECT_LT(difference(in_learn(model, {value_of(c.structure), nullptr}, x), got), 1e-6) << c.name;
  }
}

TEST(GraphEngine, SparseFeaturesGiveWhatDenseOnesGive) {
  const auto structure = random_structure(50, 120, 5, true, true, graph::SelfLoops::remove, false);
  const at::Tensor x = random({50, features}, 4).clamp_min(0.7) - 0.7F;
  const std::vector<float> dense(values_of(x).begin(), values_of(x).end());
  const graph::SparseMatrix sparse = graph::to_sparse(50, features, dense);
  zoo::ArchitectureOptions options;
  options.input_shape = {features};
  options.num_classes = 5;
  for (Model model : {random_model(zoo::find_architecture("gcn").build(options)), quantized_model(8, 8)}) {
    const auto from_sparse = in_engine(model, {.graph = &structure->graph(), .sparse = &sparse});
    const auto from_dense = in_engine(model, {.graph = &structure->graph(), .features = dense});
    EXPECT_LT(distance(at::tensor(from_sparse), at::tensor(from_dense)), 1e-5);
  }
}

TEST(GraphEngine, SaysWhatDoesNotFit) {
  const auto structure = random_structure(5, 8, 5, true, true, graph::SelfLoops::remove, false);
  const Model model = quantized_model(8, 8, structure->graph().num_edges());
  const auto program = engine::GraphProgram::from(to_packed(model));
  ASSERT_TRUE(program.ok());
  const auto message = [&](const engine::GraphInput& input) {
    const auto result = program->run(input);
    EXPECT_FALSE(result.ok());
    return result.ok() ? std::string() : result.error().message;
  };
  const std::vector<float> x(5 * features, 1.0F), few(7, 1.0F), infinite(5 * features, std::numeric_limits<float>::infinity());
  EXPECT_NE(message({.graph = nullptr, .features = x}).find("no graph"), std::string::npos);
  EXPECT_NE(message({.graph = &structure->graph(), .features = few}).find("[5, 12], got 7"), std::string::npos);
  EXPECT_NE(message({.graph = &structure->graph(), .features = infinite}).find("finite"), std::string::npos);
  const graph::Graph other({0, 1, 2, 2, 2, 2}, {1, 0});
  EXPECT_NE(message({.graph = &other, .features = x}).find("its own graph"), std::string::npos);
  const std::vector<std::int64_t> offsets{0, 3};
  EXPECT_NE(message({.graph = &structure->graph(), .offsets = offsets, .features = x}).find("offsets"), std::string::npos);
}

}  // namespace
}  // namespace tern::learn
