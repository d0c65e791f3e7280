// The step `mixed` of a plan.
#include "base/error.hpp"
#include "compress/cost_profile.hpp"
#include "compress/plan_run.hpp"
#include "compress/quantize/insert.hpp"
#include "compress/steps/steps.hpp"
#include "cost/cost.hpp"
#include "learn/activity.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

net::Net small_net() {
  net::Net net("small");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{3, 8, 8}}, {"time", false}});
  net.add("c1", "conv2d", {"x"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("r1", "relu", {"c1"});
  net.add("c2", "conv2d", {"r1"}, {{"out_channels", 4}, {"padding", 1}});
  net.add("r2", "relu", {"c2"});
  net.add("mean", "global_avg_pool", {"r2"});
  net.add("fc", "linear", {"mean"}, {{"out_features", 5}});
  return net;
}

learn::Model compressed(const std::string& plan, std::vector<std::string>* notes = nullptr) {
  learn::Model model(small_net(), 3);
  const Samples samples{{at::randint(0, 256, {8, 3, 8, 8}, learn::make_generator(5), at::TensorOptions(at::kFloat)) * (1.0F / 255),
                         learn::one_hot(at::arange(8, at::kLong) % 5, 5, 0.0), 1}};
  RunHooks hooks;
  hooks.samples = [&samples]() -> const Samples& { return samples; };
  if (notes) hooks.note = [notes](const std::string& note) { notes->push_back(note); };
  apply_untrained(parse_plan(plan), model, hooks);
  return model;
}

std::int64_t bits_of(const learn::Model& model) {
  std::int64_t bits = 0;
  for (const auto& name : model.weight_names())
    bits += model.parameters().at(name).bits() * model.parameters().at(name).latent.numel();
  return bits;
}

TEST(MixedStep, KeepsTheSizeAndSaysWhy) {
  constexpr std::int64_t weights = 108 + 144 + 20;
  for (const double size : {0.0625, 0.1, 0.15, 0.25}) {
    std::vector<std::string> notes;
    const learn::Model model = compressed(fmt::format("mixed:size={},probes=4,lsq", size), &notes);
    EXPECT_LE(bits_of(model), static_cast<std::int64_t>(size * weights * 32)) << size;
    for (const auto& name : model.weight_names()) EXPECT_NE(model.parameters().at(name).quantizer, nullptr) << name;
    ASSERT_EQ(notes.size(), 4U);
    EXPECT_NE(notes[0].find("trace"), std::string::npos) << notes[0];
  }
  EXPECT_EQ(bits_of(compressed("mixed:size=0.0625,probes=4,lsq")), 2 * weights);
  EXPECT_EQ(bits_of(compressed("mixed:size=1,probes=4,lsq")), 8 * weights);
}

/// What the cost model predicts for the Model as it is, on the samples of compressed().
cost::CostReport predicted(learn::Model& model) {
  learn::ActivityMeter meter(model);
  meter.measure(at::randint(0, 256, {8, 3, 8, 8}, learn::make_generator(5), at::TensorOptions(at::kFloat)) * (1.0F / 255), 1);
  const auto accelerator = cost::read_accelerator(std::string(TERN_SOURCE_DIR) + "/hardware/edge-mcu.yaml");
  return cost::evaluate(model.net(), make_profile(model.net(), report_layers(model), meter.result()), accelerator);
}

TEST(MixedStep, EnergyAndCyclesOfAnAcceleratorStayWithinTheLimit) {
  const std::string hardware = std::string(",probes=4,bits=2;4;8,lsq,hardware=") + TERN_SOURCE_DIR + "/hardware/edge-mcu.yaml";
  const auto energy = [](learn::Model model) { return 1e9 * predicted(model).energy_mj; };
  const auto cycles = [](learn::Model model) { return predicted(model).cycles; };
  const double all = energy(compressed("quantize:w=8,lsq")), least = energy(compressed("quantize:w=2,lsq"));
  ASSERT_LT(least, 0.999 * all) << "the widths must matter for the test to say anything";
  const double middle = (least + all) / 2;
  std::vector<std::string> notes;
  const double reached = energy(compressed(fmt::format("mixed:energy={:.9f}uJ{}", middle * 1e-6, hardware), &notes));
  // Activity was measured before the weights were quantized, and moves a little with them.
  EXPECT_LE(reached, middle * 1.01);
  EXPECT_GE(reached, least * 0.98);
  EXPECT_NE(notes.back().find("uJ of "), std::string::npos) << notes.back();
  EXPECT_LE(cycles(compressed("mixed:cycles=1" + hardware)), cycles(compressed("quantize:w=8,lsq")) * 1.001);
  EXPECT_THROW(compressed("mixed:energy=0.5"), Error);
  EXPECT_THROW(compressed("mixed:energy=0.000001" + hardware), Error);
  EXPECT_THROW(compressed("mixed:size=0.1" + hardware), Error);
}

TEST(MixedStep, BitOperationsAndActivations) {
  const learn::Model model = compressed("mixed:bits=2;8,bops=0.5,a=4,lsq,probes=4");
  EXPECT_TRUE(kernels_of_float_input(model.net()).empty());
  double operations = 0, reference = 0;
  for (const char* node : {"c1", "c2", "fc"}) {
    const double macs = static_cast<double>(model.net().work(model.net().node(node)).macs);
    operations += macs * model.parameter(node, "weight").bits() * (std::string(node) == "c1" ? 8 : 4);
    reference += macs * 64;
  }
  EXPECT_LE(operations, 0.5 * reference);
}

TEST(MixedStep, Pitfall12LeavesWhatIsQuantized) {
  const learn::Model model = compressed("quantize:w=3,lsq,only=c1 | mixed:bits=4,size=0.5,lsq,probes=2");
  EXPECT_EQ(model.parameter("c1", "weight").bits(), 3);
  EXPECT_EQ(model.parameter("c2", "weight").bits(), 4);
}

TEST(MixedStep, SaysWhatIsWrong) {
  for (const char* bad : {"mixed", "mixed:size=0.1,bops=0.1", "mixed:size=0.1,bits=2;;4", "mixed:size=0.1,bits=20",
                          "mixed:size=little", "mixed:bits=1;2,size=0.1,lsq"})
    EXPECT_THROW(parse_plan(bad), Error) << bad;
  try {
    check_plan(parse_plan("mixed:size=0.05,lsq"), learn::Model(small_net(), 3));
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("smallest possible is 68B"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace tern::compress
