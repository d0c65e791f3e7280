// Bianchi et al. 2020, 5.2, in a small size: coordinates of a ring and a grid go through a quarter of the
// nodes and back.
#include <cmath>

#include <gtest/gtest.h>

#include "graph/build.hpp"
#include "learn/torch.hpp"
#include "train/graph/procedures.hpp"

namespace tern::train {
namespace {

struct Shape {
  graph::Graph graph;
  std::vector<float> coordinates;  ///< x, y of each node
};

Shape ring(std::int32_t nodes) {
  graph::EdgeList edges{nodes, {}, {}, {}};
  Shape out;
  for (std::int32_t u = 0; u < nodes; ++u) {
    edges.source.push_back(u);
    edges.target.push_back((u + 1) % nodes);
    const double angle = 2 * std::acos(-1.0) * u / nodes;
    out.coordinates.push_back(static_cast<float>(std::cos(angle)));
    out.coordinates.push_back(static_cast<float>(std::sin(angle)));
  }
  out.graph = build_graph(edges);
  return out;
}

Shape grid(std::int32_t side) {
  graph::EdgeList edges{side * side, {}, {}, {}};
  Shape out;
  for (std::int32_t u = 0; u < side * side; ++u) {
    const std::int32_t x = u % side, y = u / side;
    for (const std::int32_t v : {x + 1 < side ? u + 1 : -1, y + 1 < side ? u + side : -1})
      if (v >= 0) {
        edges.source.push_back(u);
        edges.target.push_back(v);
      }
    out.coordinates.push_back(2 * static_cast<float>(x) / static_cast<float>(side - 1) - 1);
    out.coordinates.push_back(2 * static_cast<float>(y) / static_cast<float>(side - 1) - 1);
  }
  out.graph = build_graph(edges);
  return out;
}

/// Coordinates in, coordinates wanted.
class ShapeSource : public BatchSource {
 public:
  explicit ShapeSource(const Shape& shape) {
    auto graph = std::make_shared<learn::GraphBatch>();
    graph->graph.sparse = std::make_shared<learn::GraphStructure>(shape.graph);
    batch_.graph = std::move(graph);
    batch_.frames = at::tensor(shape.coordinates).view({-1, 2});
    batch_.targets = batch_.frames;
  }
  std::string place() const override { return "a shape"; }
  std::string identity() const override { return "shape"; }
  std::int64_t batches_per_epoch() const override { return 50; }
  std::int64_t samples_per_epoch() const override { return 50 * batch_.frames.size(0); }
  TrainBatch batch(std::int64_t, std::int64_t) override { return batch_; }
  Scores evaluate(learn::Model& model) override {
    const at::Tensor dst = compress::run(model, {batch_.frames, batch_.targets, 1, batch_.graph, {}});
    return {0, std::nan(""), (dst - batch_.targets).square().mean().item<double>()};
  }
  compress::Samples samples(std::int64_t) override { return {}; }

 private:
  TrainBatch batch_;
};

std::string add_graphconv(net::Net& net, const std::string& name, const std::string& src,
                          std::int64_t features) {
  net.add(name + "_neighbours", "linear", {src}, {{"out_features", features}});
  net.add(name + "_propagate", "propagate", {name + "_neighbours", "graph"},
          {{"normalisation", std::string("symmetric")}});
  net.add(name + "_self", "linear", {src}, {{"out_features", features}, {"bias", true}});
  return net.add(name, "add", {name + "_propagate", name + "_self"});
}

net::Net autoencoder(std::int64_t clusters) {
  net::Net net("autoencoder");
  net.add("input", "input", {}, {{"shape", net::Shape{2}}, {"time", false}});
  net.add("graph", "graph");
  std::string last = net.add("act1", "tanh", {add_graphconv(net, "conv1", "input", 32)});
  last = net.add("act2", "tanh", {add_graphconv(net, "conv2", last, 32)});
  net.add("hidden", "linear", {last}, {{"out_features", 32}, {"bias", true}});
  net.add("hidden_act", "relu", {"hidden"});
  net.add("logits", "linear", {"hidden_act"}, {{"out_features", clusters}, {"bias", true}});
  net.add("mincut", "mincut", {"logits", "graph"});
  net.add("pool", "graph_pool", {last, "mincut"});
  last = net.add("lift", "graph_lift", {"pool", "mincut"});
  last = net.add("act3", "tanh", {add_graphconv(net, "conv3", last, 32)});
  last = net.add("act4", "tanh", {add_graphconv(net, "conv4", last, 32)});
  add_graphconv(net, "conv5", last, 2);
  return net;
}

void expect_reconstruction(const Shape& shape, double error) {
  ShapeSource source(shape);
  learn::Model model(autoencoder(shape.graph.num_nodes() / 4), 1);
  draw_glorot(model, 1);
  TrainOptions options;
  options.epochs = 14;
  options.loss = "mse";
  options.learning_rate = {"constant", 5e-3, 0};
  const auto history = train(model, source, {}, options);
  EXPECT_GT(history.front().validation_loss, history.back().validation_loss);
  EXPECT_LT(history.back().validation_loss,
            error);  // the mean square of the coordinates themselves is about a half
}

TEST(Autoencoder, ReconstructsARing) {
  expect_reconstruction(ring(48), 0.02);
}
TEST(Autoencoder, ReconstructsAGrid) {
  expect_reconstruction(grid(7), 0.02);
}

}  // namespace
}  // namespace tern::train
