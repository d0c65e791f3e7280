#include "compress/structure/remove_channels.hpp"

#include "base/error.hpp"
#include "compress/structure/channel_costs.hpp"
#include "compress/structure/structure_testing.hpp"

namespace tern::compress {
namespace {

double relative_distance(const at::Tensor& a, const at::Tensor& b) {
  return learn::distance(a, b) / std::max(1.0, a.abs().max().item<double>());
}

/// Drives the neurons of a spiking net such that they fire even where one channel of each group is left.
void wake(learn::Model& model) {
  if (model.net().num_steps() <= 1) return;
  const c10::NoGradGuard no_grad;
  for (auto& [name, parameter] : model.parameters()) {
    if (name.ends_with("_bn.running_mean")) parameter.latent.zero_();
    if (name.ends_with("_bn.weight")) parameter.latent.mul_(2);
    if (name.ends_with("_bn.bias")) parameter.latent.abs_().add_(0.5);
    if (name == "fc1.weight") parameter.latent.abs_().mul_(4);
  }
}

TEST(RemoveChannels, RemovedEqualsMasked) {
  for (const net::Net& net : all_shapes()) {
    int active = 0;  // runs whose output is not all zero
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      learn::Model model = random_model(net, 100 * seed);
      wake(model);
      const ChannelGraph graph(model.net());
      const ChannelMarks marks = random_marks(graph, 0.2 * static_cast<double>(seed) - 0.1, seed);
      learn::Model masked = model;
      mask_channels(masked, graph, marks);
      Removal removal = remove_channels(model, graph, marks);
      const at::Tensor frames = frames_for(net, 3, seed);
      const at::Tensor expected = run(masked, frames);
      EXPECT_LT(relative_distance(expected, run(removal.model, frames)), 1e-5) << net.name() << seed;
      if (expected.abs().max().item<double>() > 0) ++active;

      ChannelCosts costs(graph);
      for (std::size_t c = 0; c < marks.size(); ++c)
        if (marks[c]) costs.remove(static_cast<std::int64_t>(c));
      const net::NetTotals totals = net::totals(removal.model.net());
      EXPECT_EQ(costs.macs_per_step(), totals.macs_per_step) << net.name();
      // The gated net's sigmoid leaves constants; the kernels that read them have biases already.
      EXPECT_EQ(costs.parameters(), totals.parameters) << net.name();
      EXPECT_LT(totals.macs_per_step, net::totals(net).macs_per_step);
    }
    EXPECT_EQ(active, 5) << net.name();
  }
}

TEST(RemoveChannels, RemovingNothingChangesNothing) {
  for (const net::Net& net : all_shapes()) {
    learn::Model model = random_model(net, 7);
    const ChannelGraph graph(model.net());
    Removal removal = remove_channels(model, graph, ChannelMarks(static_cast<std::size_t>(graph.num_coupled()), 0));
    EXPECT_EQ(net::to_json(removal.model.net()), net::to_json(net));
    const at::Tensor frames = frames_for(net, 2, 3);
    EXPECT_EQ(learn::distance(run(model, frames), run(removal.model, frames)), 0.0);
    EXPECT_TRUE(removal.notes.empty());
  }
}

/// conv(3x3) -> bn -> relu -> conv2 (-> bn), by torch's own operations, with chosen channels zero behind the first bn.
TEST(RemoveChannels, Pitfall4RemovedIsZeroBehindTheNormNotZeroFilters) {
  net::Net net = image_net("chain");
  conv_block(net, "a", "x", 4);
  net.add("b", "conv2d", {"a_act"}, {{"out_channels", std::int64_t{3}}, {"padding", std::int64_t{1}}});
  learn::Model model = random_model(net, 11);
  const c10::NoGradGuard no_grad;
  model.parameter("a_bn", "bias").latent[2] = 1.0;
  model.parameter("a_bn", "running_mean").latent[2] = 0.0;
  const ChannelGraph graph(model.net());
  ChannelMarks marks(static_cast<std::size_t>(graph.num_coupled()), 0);
  marks[static_cast<std::size_t>(graph.groups()[0].channels[2])] = 1;
  Removal removal = remove_channels(model, graph, marks);
  EXPECT_EQ(removal.model.parameter("b", "weight").latent.sizes(), (at::IntArrayRef{3, 3, 3, 3}));

  const at::Tensor frames = frames_for(net, 2, 5);
  const auto latent = [&](const char* node, const char* name) { return model.parameter(node, name).latent.detach(); };
  const auto by_hand = [&](bool zero_filter_only) {
    at::Tensor weight = latent("a", "weight").clone();
    weight.select(0, 2).zero_();
    at::Tensor hidden = at::conv2d(frames, weight, {}, at::IntArrayRef{1}, at::IntArrayRef{1});
    hidden = at::relu(at::batch_norm(hidden, latent("a_bn", "weight"), latent("a_bn", "bias"), latent("a_bn", "running_mean"),
                                     latent("a_bn", "running_var"), false, 0.1, 1e-5, false));
    if (!zero_filter_only) hidden.select(1, 2).zero_();
    return at::conv2d(hidden, latent("b", "weight"), {}, at::IntArrayRef{1}, at::IntArrayRef{1});
  };
  EXPECT_LT(learn::distance(run(removal.model, frames), by_hand(false)), 1e-5);
  EXPECT_GT(learn::distance(by_hand(true), by_hand(false)), 1e-2);  // what the pitfall is about
}

/// A silent channel: filter zero, shift such that relu passes it on.
learn::Model with_silent_channel(const net::Net& net, std::int64_t channel) {
  learn::Model model = random_model(net, 21);
  const c10::NoGradGuard no_grad;
  model.parameter("a", "weight").latent.select(0, channel).zero_();
  model.parameter("a_bn", "bias").latent[channel] = 5.0;
  return model;
}

ChannelMarks marks_of_silent(const learn::Model& model, const ChannelGraph& graph) {
  const ChannelMarks marks = silent_channels(model, graph);
  EXPECT_EQ(std::count(marks.begin(), marks.end(), 1), 1);
  return marks;
}

TEST(RemoveChannels, Pitfall4ConstantsOfSilentChannelsGoIntoTheBias) {
  // A new bias, the norm behind, an existing bias, features of a flatten: all without padding.
  for (const std::string kind : {"plain", "norm", "biased", "linear", "grouped"}) {
    net::Net net = image_net(kind);
    const std::string a = conv_block(net, "a", "x", 4);
    if (kind == "linear") {
      net.add("flat", "flatten", {a});
      net.add("b", "linear", {"flat"}, {{"out_features", std::int64_t{3}}});
    } else {
      net.add("b", "conv2d", {a},
              {{"out_channels", std::int64_t{4}}, {"bias", kind == "biased"}, {"groups", std::int64_t{kind == "grouped" ? 2 : 1}}});
      if (kind == "norm") net.add("b_bn", "batch_norm", {"b"});
    }
    learn::Model model = with_silent_channel(net, 1);
    if (kind == "grouped") {  // its partner in the other group must be silent too
      const c10::NoGradGuard no_grad;
      model.parameter("a", "weight").latent.select(0, 3).zero_();
    }
    const ChannelGraph graph(model.net());
    Removal removal = remove_channels(model, graph, marks_of_silent(model, graph));
    const at::Tensor frames = frames_for(net, 2, 9);
    EXPECT_LT(relative_distance(run(model, frames), run(removal.model, frames)), 1e-5) << kind;
    EXPECT_EQ(removal.model.parameters().count("b.bias"), kind == "norm" ? 0U : 1U) << kind;
    ASSERT_EQ(removal.notes.size(), 1U);
    EXPECT_EQ(removal.notes[0].find("inexact"), std::string::npos);
  }
}

TEST(RemoveChannels, Pitfall4ConstantsAreExactAwayFromAPaddedBorder) {
  net::Net net = image_net("padded");
  conv_block(net, "a", "x", 4);
  net.add("b", "conv2d", {"a_act"}, {{"out_channels", std::int64_t{3}}, {"padding", std::int64_t{1}}});
  learn::Model model = with_silent_channel(net, 1);
  const ChannelGraph graph(model.net());
  Removal removal = remove_channels(model, graph, marks_of_silent(model, graph));
  const at::Tensor frames = frames_for(net, 2, 9);
  const at::Tensor before = run(model, frames), after = run(removal.model, frames);
  const auto inside = [](const at::Tensor& t) { return t.slice(2, 1, 7).slice(3, 1, 7); };
  EXPECT_LT(relative_distance(inside(before), inside(after)), 1e-5);
  EXPECT_GT(learn::distance(before, after), 1e-3);
  ASSERT_EQ(removal.notes.size(), 1U);
  EXPECT_NE(removal.notes[0].find("b: 1 removed inputs were constants"), std::string::npos);
  EXPECT_NE(removal.notes[0].find("inexact at the border"), std::string::npos);
}

TEST(RemoveChannels, ANeuronDrivenByItsBiasIsMasked) {
  net::Net net("driven", 6);
  net.add("x", "input", {}, {{"shape", Ints{2, 4, 4}}});
  conv_block(net, "a", "x", 3, {}, "lif");
  net.add("b", "conv2d", {"a_act"}, {{"out_channels", std::int64_t{2}}});
  learn::Model model = with_silent_channel(net, 1);
  const c10::NoGradGuard no_grad;
  model.parameter("a_bn", "running_mean").latent.zero_();
  model.parameter("a_bn", "bias").latent[1] = 1.5;  // spikes at some steps
  const ChannelGraph graph(model.net());
  const ChannelMarks marks = marks_of_silent(model, graph);
  learn::Model masked = model;
  mask_channels(masked, graph, marks);
  Removal removal = remove_channels(model, graph, marks);
  const at::Tensor frames = frames_for(net, 2, 9);
  EXPECT_LT(relative_distance(run(masked, frames), run(removal.model, frames)), 1e-5);
  EXPECT_GT(learn::distance(run(masked, frames), run(model, frames)), 1e-2);
}

TEST(RemoveChannels, Pitfall14ColumnsBehindAConcatAreTheBranchesOwn) {
  learn::Model model = random_model(concat_net(), 5);
  const ChannelGraph graph(model.net());
  ChannelMarks marks(static_cast<std::size_t>(graph.num_coupled()), 0);
  marks[static_cast<std::size_t>(graph.groups()[1].channels[1])] = 1;  // b's second channel: place 5 of the concat
  Removal removal = remove_channels(model, graph, marks);
  const at::Tensor before = model.parameter("d", "weight").latent, after = removal.model.parameter("d", "weight").latent;
  const at::Tensor kept = at::cat({before.slice(1, 0, 5), before.slice(1, 6)}, 1);
  EXPECT_EQ(learn::distance(kept, after), 0.0);
  EXPECT_EQ(learn::distance(model.parameter("a", "weight").latent, removal.model.parameter("a", "weight").latent), 0.0);
}

TEST(RemoveChannels, MasksAndStatesAreSlicedToo) {
  learn::Model model = random_model(residual_net(), 5);
  learn::Parameter& weight = model.parameter("b", "weight");
  weight.mask = learn::random(weight.latent.sizes(), 4).gt(0).to(at::kFloat);
  weight.state["initial"] = learn::random(weight.latent.sizes(), 5);
  const ChannelGraph graph(model.net());
  const ChannelMarks marks = random_marks(graph, 0.5, 3);
  Removal removal = remove_channels(model, graph, marks);
  const learn::Parameter& sliced = removal.model.parameter("b", "weight");
  EXPECT_EQ(sliced.mask.sizes(), sliced.latent.sizes());
  EXPECT_EQ(sliced.state.at("initial").sizes(), sliced.latent.sizes());
  EXPECT_TRUE(sliced.latent.requires_grad());
  EXPECT_TRUE(sliced.latent.is_leaf());
  learn::Model masked = model;
  mask_channels(masked, graph, marks);
  const at::Tensor frames = frames_for(model.net(), 2, 3);
  EXPECT_LT(relative_distance(run(masked, frames), run(removal.model, frames)), 1e-5);
}

}  // namespace
}  // namespace tern::compress
