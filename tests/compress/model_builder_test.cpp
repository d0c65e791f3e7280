#include "compress/model_builder.hpp"

#include "compress/gradients.hpp"
#include "compress/select_layers.hpp"
#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

learn::Model two_layers() {
  net::Net net("two", 1);
  net.add("x", "input", {}, {{"shape", 6}});
  net.add("a", "linear", {"x"}, {{"out_features", 5}});
  net.add("drop", "dropout", {"a"}, {{"p", 0.5}});
  net.add("b", "linear", {"drop"}, {{"out_features", 3}, {"bias", true}});
  return learn::Model(net, 3);
}

TEST(ModelBuilder, DroppingANodeKeepsWhatIsComputed) {
  learn::Model model = two_layers();
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes())
    node.op == "dropout" ? builder.redirect(node.name, node.inputs[0]) : builder.keep(node);
  learn::Model rewritten = builder.finish();
  EXPECT_EQ(rewritten.net().nodes().size(), 3U);
  const at::Tensor x = at::randn({4, 6});
  EXPECT_EQ(learn::distance(learn::forward(model, x, 1, {}), learn::forward(rewritten, x, 1, {})), 0);
}

TEST(ModelBuilder, RefusesATensorOfAnotherShape) {
  const learn::Model model = two_layers();
  ModelBuilder builder(model);
  builder.keep(model.net().node("x"));
  builder.keep(model.net().node("a"), {{"out_features", std::int64_t{4}}});
  EXPECT_THROW(builder.finish(), Error);
}

TEST(Gradients, AreDenseAndEqualFiniteDifferences) {
  learn::Model model = two_layers();
  model.parameter("a", "weight").mask = at::zeros({5, 6});
  SampleBatch batch{at::randn({7, 6}), learn::one_hot(at::randint(0, 3, {7}, at::kLong), 3, 0.0), 1};
  const learn::Loss loss = learn::find_loss("ce").loss;
  const auto gradients = weight_gradients(model, {"a.weight"}, batch, loss);
  EXPECT_EQ(gradients.size(), 1U);
  const at::Tensor gradient = gradients.at("a.weight");
  EXPECT_GT(gradient.abs().sum().item<double>(), 0);  // although every weight is masked
  const c10::NoGradGuard no_grad;
  model.parameter("a", "weight").mask = at::Tensor();
  model.parameter("a", "weight").latent.zero_();
  double largest = 0;
  for (const int i : {0, 7, 29}) {
    const double step = 1e-2;
    const auto value = [&](double delta) {
      model.parameter("a", "weight").latent.view(-1)[i] = delta;
      const double result = loss(learn::forward(model, batch.frames, 1, {}), batch.targets).item<double>();
      model.parameter("a", "weight").latent.view(-1)[i] = 0.0;
      return result;
    };
    largest = std::max(largest, std::abs((value(step) - value(-step)) / (2 * step) - gradient.view(-1)[i].item<double>()));
  }
  EXPECT_LT(largest, 1e-3);
}

TEST(SelectLayers, PatternsThatMatchNothingAreRefused) {
  const learn::Model model = two_layers();
  Options options(layer_options());
  options.parse("only=a;b,except=b", "prune");
  EXPECT_EQ(select_weights(model, options), std::vector<std::string>{"a.weight"});
  Options wrong(layer_options());
  wrong.parse("only=c*", "prune");
  EXPECT_THROW(select_weights(model, wrong), Error);
  Options none(layer_options());
  none.parse("except=*", "prune");
  EXPECT_THROW(select_weights(model, none), Error);
}

}  // namespace
}  // namespace tern::compress
