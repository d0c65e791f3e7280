// Traces of the Hessian, sensitivities, costs and assignments.
#include "compress/mixed/assign.hpp"

#include "base/error.hpp"
#include "compress/gradients.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

learn::Model smooth_net() {
  net::Net net("smooth");
  net.add("x", "input", {}, {{"shape", net::Shape{3}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 4}, {"bias", true}});
  net.add("act", "silu", {"a"});
  net.add("b", "linear", {"act"}, {{"out_features", 2}});
  learn::Model model(net, 3);
  const c10::NoGradGuard no_grad;
  for (const auto& name : model.weight_names()) model.parameters().at(name).latent.mul_(2);
  return model;
}

Samples samples_of(int batches) {
  Samples samples;
  for (int b = 0; b < batches; ++b)
    samples.push_back({learn::random({5, 3}, 7 + static_cast<std::uint64_t>(b)),
                       learn::one_hot((at::arange(5, at::kLong) + b) % 2, 2, 0.0), 1});
  return samples;
}

/// Sum of the kept diagonal entries, from differences of gradients.
double explicit_trace(learn::Model& model, const Samples& samples, const std::string& name, learn::Loss loss) {
  const learn::Parameter& parameter = model.parameters().at(name);
  const at::Tensor latent = parameter.latent.detach();
  double trace = 0;
  for (std::int64_t i = 0; i < latent.numel(); ++i) {
    if (parameter.mask.defined() && parameter.mask.flatten()[i].item<float>() == 0) continue;
    float* value = latent.data_ptr<float>() + i;
    const float kept = *value, epsilon = 5e-3F;
    *value = kept + epsilon;
    const double above = weight_gradients(model, {name}, samples, loss).at(name).flatten()[i].item<double>();
    *value = kept - epsilon;
    const double below = weight_gradients(model, {name}, samples, loss).at(name).flatten()[i].item<double>();
    *value = kept;
    trace += (above - below) / (2 * epsilon);
  }
  return trace;
}

TEST(HessianTrace, WithinItsErrorOfTheExplicitHessian) {
  const auto loss = learn::find_loss("ce").loss;
  for (const bool pruned : {false, true}) {
    learn::Model model = smooth_net();
    if (pruned) {
      const c10::NoGradGuard no_grad;
      learn::Parameter& a = model.parameters().at("a.weight");
      a.mask = at::ones({4, 3});
      a.mask[1].zero_();
      a.latent.mul_(a.mask);
    }
    const Samples samples = samples_of(2);
    const auto names = model.weight_names();
    const auto traces = hessian_traces(model, names, samples, loss, 1600, 5);
    for (const auto& name : names) {
      const double expected = explicit_trace(model, samples, name, loss);
      EXPECT_GT(traces.at(name).standard_error, 0);
      EXPECT_LT(traces.at(name).standard_error, 0.25 * std::abs(expected)) << "the comparison says something";
      EXPECT_NEAR(traces.at(name).trace, expected, 4 * traces.at(name).standard_error + 1e-3) << name;
    }
    EXPECT_EQ(hessian_traces(model, names, samples, loss, 4, 5).at("a.weight").trace,
              hessian_traces(model, names, samples, loss, 4, 5).at("a.weight").trace);
  }
}

// Mean squared error over unit vectors: H = 2 / (n classes) * identity, and one draw says all.
TEST(HessianTrace, DiagonalHessianInOneDraw) {
  net::Net net("linear");
  net.add("x", "input", {}, {{"shape", net::Shape{3}}, {"time", false}});
  net.add("a", "linear", {"x"}, {{"out_features", 2}});
  learn::Model model(net, 1);
  const Samples samples{{at::eye(3), at::full({3, 2}, 0.5F), 1}};
  const auto traces = hessian_traces(model, {"a.weight"}, samples, learn::find_loss("mse").loss, 1, 2);
  EXPECT_NEAR(traces.at("a.weight").trace, 6 * 2.0 / 6, 1e-5);
}

TEST(MixedPrecision, CostsByHand) {
  const learn::Model model = smooth_net();  // 12 and 8 weights and MACs, inputs in floats
  const CostTable size = size_costs(model, {"a.weight"}, {2, 4});
  EXPECT_EQ(size.costs.at("a.weight"), (std::vector<std::int64_t>{24, 48}));
  EXPECT_EQ(size.fixed, 8 * 32);
  EXPECT_EQ(size.reference, 20 * 32);
  const CostTable bops = bit_operation_costs(model, {"a.weight", "b.weight"}, {2, 4});
  EXPECT_EQ(bops.costs.at("b.weight"), (std::vector<std::int64_t>{8 * 32 * 2, 8 * 32 * 4}));
  EXPECT_EQ(bops.reference, 20 * 64);
  EXPECT_EQ(budget_of(size, parse_cost_limit("0.5", "B", "size")), 320);
  EXPECT_EQ(budget_of(size, parse_cost_limit("21", "B", "size")), 168);
  EXPECT_EQ(budget_of(bops, parse_cost_limit("0.5G", "G", "bops")), 500000000);
  for (const char* bad : {"", "-1", "0", "3k", "much"}) EXPECT_THROW(parse_cost_limit(bad, "B", "size"), Error) << bad;
}

TEST(MixedPrecision, TheSensitiveLayerHasMoreBits) {
  CostTable energy{.unit = "pJ", .costs_per_unit = 1000, .reference = 64000, .fixed = 500};
  energy.costs = {{"a", {2000, 8000}}, {"b", {2000, 8000}}};
  const std::vector<LayerSensitivity> layers{{"a", {1.0, 0.1}}, {"b", {5.0, 0.2}}};
  const BitAssignment one = assign_bits(layers, energy, 10500);
  EXPECT_EQ(one.choices, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(one.cost, 10500);
  EXPECT_EQ(assign_bits(layers, energy, 10499).choices, (std::vector<std::size_t>{0, 0}));
  EXPECT_EQ(assign_bits(layers, energy, 16500).choices, (std::vector<std::size_t>{1, 1}));
  try {
    assign_bits(layers, energy, 4499);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("smallest possible is 4.5pJ"), std::string::npos) << error.what();
  }
}

TEST(MixedPrecision, SensitivityByHand) {
  EXPECT_DOUBLE_EQ(sensitivity_of({-6, 1}, 3, 0.5), 1.0);
}

}  // namespace
}  // namespace tern::compress
