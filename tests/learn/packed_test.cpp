#include "learn/packed.hpp"

#include "learn/forward.hpp"
#include "learn/testing.hpp"

namespace tern::learn {
namespace {

TEST(Packed, RoundTripComputesTheSame) {
  net::Net net("small", 2);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 6, 6}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 3}});
  net.add("bn", "batch_norm", {"conv"});
  net.add("n", "lif", {"bn"});
  Model model(net, 1);
  model.parameter("conv", "weight").mask = random({3, 2, 3, 3}, 1).gt(0).to(at::kFloat);
  Model read = from_packed(pack::model_from_bytes(pack::to_bytes(to_packed(model))), true);
  const c10::NoGradGuard no_grad;
  const at::Tensor frames = random({4, 2, 6, 6}, 2);
  EXPECT_EQ(distance(forward(model, frames, 2, {}), forward(read, frames, 2, {})), 0);
  EXPECT_EQ(read.parameter("conv", "weight").mask.sum().item<double>(),
            model.parameter("conv", "weight").mask.sum().item<double>());
}

}  // namespace
}  // namespace tern::learn
