// Speed must not hang on a batch of many or on round extents: a single frame of an odd shape gets the kernels that skip work.
#include <algorithm>

#include <gtest/gtest.h>

#include "engine/program.hpp"
#include "engine/reference.hpp"

namespace tern::engine {
namespace {

using Ints = std::vector<std::int64_t>;

net::Net odd_net(std::int64_t bits, const Ints& shape, std::int64_t width) {
  net::Net net("odd");
  net.add("x", "input", {}, {{"shape", shape}});
  net.add("q0", "quantize", {"x"}, {{"bits", bits}, {"signed", false}});
  net.add("conv1", "conv2d", {"q0"}, {{"out_channels", width}, {"kernel", std::int64_t{1}}});
  net.add("relu1", "relu", {"conv1"});
  net.add("q1", "quantize", {"relu1"}, {{"bits", bits}, {"signed", false}});
  net.add("conv2", "conv2d", {"q1"}, {{"out_channels", width + 2}, {"kernel", std::int64_t{3}}, {"padding", std::int64_t{1}}});
  net.add("flat", "flatten", {"conv2"});
  return net;
}

struct Case {
  std::string kernel;
  int weight_bits;
  std::int64_t value_bits;
};

class OddShapes : public ::testing::TestWithParam<Case> {};

TEST_P(OddShapes, Pitfall20_ASingleFrameGetsTheKernelThatSavesWork) {
  const auto [kernel, weight_bits, value_bits] = GetParam();
  for (const Ints& shape : {Ints{33, 1, 1}, Ints{33, 7, 5}, Ints{17, 13, 1}, Ints{70, 3, 19}}) {
    pack::PackedModel model = random_model(odd_net(value_bits, shape, 35), weight_bits, 3);
    for (const char* quantize : {"q0", "q1"}) {
      model.tensors.at(std::string(quantize) + ".scale").values = {4.0F / static_cast<float>(1 << value_bits)};
      model.tensors.at(std::string(quantize) + ".zero_point").values = {0};
    }
    const auto frames = random_frames(model.net, 1, 1, false, 5);
    const auto expected = Program::from(model, {.fuse = false, .measure = false, .kernel = ""})->run(frames, 1, 1).value();
    const auto program = Program::from(model, {.fuse = true, .measure = false, .kernel = kernel}).value();
    for (const auto& step : program.describe().steps)
      EXPECT_TRUE(step.macs == 0 || step.kernel == kernel) << step.kernel << " for " << step.nodes << " of " << shape[0] << " channels";
    EXPECT_EQ(program.run(frames, 1, 1).value(), expected);
    const auto measured = Program::from(model, {.fuse = true, .measure = true, .kernel = ""}).value();
    for (const auto& step : measured.describe().steps) {
      if (step.macs == 0) continue;
      EXPECT_TRUE(std::any_of(step.candidates.begin(), step.candidates.end(),
                              [&, name = kernel](const auto& candidate) { return candidate.first == name; }))
          << kernel << " is not among the kernels that planning measures for " << step.nodes;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engine, OddShapes, ::testing::Values(Case{"sparse", 8, 8}, Case{"bit-serial", 2, 2}, Case{"dense", 8, 8}),
                         [](const auto& info) { return info.param.kernel == "bit-serial" ? "bits" : info.param.kernel; });

}  // namespace
}  // namespace tern::engine
