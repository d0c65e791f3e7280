// Scoring and pruning are linear in the number of weights: a ResNet-20 takes well under a second.
#include <ctime>

#include "compress/prune/pruner.hpp"
#include "compress/prune/small_networks.hpp"

namespace tern::compress {
namespace {

/// The kernels of ResNet-20 for CIFAR-10 without shortcuts: 268,336 weights, 40.6 million MACs.
learn::Model resnet20_like() {
  net::Net net("resnet20-like");
  std::string last = net.add("x", "input", {}, {{"shape", net::Shape{3, 32, 32}}, {"time", false}});
  int number = 0;
  const auto conv = [&](std::int64_t channels, std::int64_t stride) {
    const std::string name = "conv" + std::to_string(++number);
    net.add(name, "conv2d", {last},
            {{"out_channels", channels}, {"kernel", 3}, {"padding", 1}, {"stride", stride}});
    net.add(name + "_bn", "batch_norm", {name});
    last = net.add(name + "_act", "relu", {name + "_bn"});
  };
  conv(16, 1);
  for (const std::int64_t channels : {16, 32, 64})
    for (int i = 0; i < 6; ++i) conv(channels, channels > 16 && i == 0 ? 2 : 1);
  net.add("mean", "global_avg_pool", {last});
  net.add("fc", "linear", {"mean"}, {{"out_features", 10}});
  return learn::Model(net, 1);
}

/// Processor seconds, over all threads: other programs do not count.
template <typename Work>
double seconds(Work work) {
  const std::clock_t begin = std::clock();
  work();
  return static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
}

TEST(CriterionSpeed, ResNet20WithoutData) {
  learn::Model model = resnet20_like();
  const auto names = model.weight_names();
  for (const auto& row : criterion_table()) {
    if (row.needs_samples || row.info.name == "l0") continue;
    Scores scores;
    const double scoring = seconds([&] { scores = scores_of(row.info.name, model, {}, 0.9); });
    learn::Model pruned = model.clone_without_quantizers();
    const double pruning = seconds([&] { prune(pruned, scores, names, 0.9, find_scope("global")); });
    RecordProperty(row.info.name + "_ms", static_cast<int>(1000 * scoring));
    // synflow runs the network forward and backward a hundred times.
    EXPECT_LT(scoring, row.info.name == "synflow" ? 10.0 : 1.0) << row.info.name;
    EXPECT_LT(pruning, 1.0) << row.info.name;
  }
}

}  // namespace
}  // namespace tern::compress
