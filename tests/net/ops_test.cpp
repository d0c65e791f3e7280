// Shapes, parameters and work of every operation against cases worked by hand.
#include <ostream>

#include <gtest/gtest.h>

#include "net/net.hpp"
#include "net/neuron.hpp"

namespace tern::net {
namespace {

using Attributes = std::map<std::string, Attribute>;

struct Case {
  std::string op;
  Shape src;
  Attributes attributes;
  Shape dst;
  std::int64_t parameters;
  std::int64_t macs;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.op; }

class Operation : public ::testing::TestWithParam<Case> {};

TEST_P(Operation, MatchesTheHandWorkedCase) {
  const Case& c = GetParam();
  Net net("test", 5);
  net.add("x", "input", {}, {{"shape", c.src}});
  const int inputs = find_op(c.op).min_inputs;
  net.add("y", c.op, std::vector<std::string>(static_cast<std::size_t>(inputs), "x"), c.attributes);
  EXPECT_EQ(net.type("y").shape, c.dst);
  std::int64_t parameters = 0;
  for (const auto& spec : net.parameters(net.node("y"))) parameters += num_elements(spec.shape);
  EXPECT_EQ(parameters, c.parameters);
  EXPECT_EQ(net.work(net.node("y")).macs, c.macs);
}

using L = std::vector<std::int64_t>;
INSTANTIATE_TEST_SUITE_P(
    Table, Operation,
    ::testing::Values(
        // 16 filters of 2x3x3 = 288 weights, each used at 34x34 places
        Case{"conv2d", {2, 34, 34}, {{"out_channels", 16}, {"padding", 1}}, {16, 34, 34}, 288, 288 * 34 * 34},
        // stride 2 without padding: (34-3)/2+1 = 16
        Case{"conv2d", {2, 34, 34}, {{"out_channels", 4}, {"stride", 2}}, {4, 16, 16}, 72, 72 * 256},
        // depthwise 5x3, dilation 2x1: rows (10+2*2-9)/1+1 = 6, columns 10+0-3+1 = 8; bias adds 6
        Case{"conv2d", {6, 10, 10},
             {{"out_channels", 6}, {"groups", 6}, {"kernel", L{5, 3}}, {"dilation", L{2, 1}}, {"padding", L{2, 0}}, {"bias", true}},
             {6, 6, 8}, 96, 90 * 48},
        Case{"linear", {128}, {{"out_features", 10}, {"bias", true}}, {10}, 1290, 1280},
        Case{"batch_norm", {8, 4, 4}, {}, {8, 4, 4}, 32, 0},
        Case{"max_pool2d", {3, 17, 17}, {}, {3, 8, 8}, 0, 0},
        Case{"avg_pool2d", {3, 9, 8}, {{"kernel", 3}, {"stride", 3}}, {3, 3, 2}, 0, 0},
        Case{"flatten", {3, 4, 5}, {}, {60}, 0, 0},
        Case{"pad2d", {3, 4, 5}, {{"border", L{1, 2, 3, 4}}}, {3, 8, 11}, 0, 0},
        Case{"slice", {9, 4, 5}, {{"begin", 2}, {"end", 6}}, {4, 4, 5}, 0, 0},
        Case{"softmax", {10}, {}, {10}, 0, 0},
        Case{"upsample2d", {3, 4, 5}, {{"factor", L{2, 3}}}, {3, 8, 15}, 0, 0},
        Case{"add", {3, 4, 5}, {}, {3, 4, 5}, 0, 0},
        Case{"multiply", {3, 4, 5}, {}, {3, 4, 5}, 0, 0},
        Case{"dropout", {7}, {}, {7}, 0, 0},
        Case{"relu", {7}, {}, {7}, 0, 0},
        Case{"if", {3, 4, 5}, {}, {3, 4, 5}, 0, 0},
        Case{"lif", {3, 4, 5}, {}, {3, 4, 5}, 0, 0},
        // T = 5, c = 6, k = 4: weights 5*5*4 + 6*6*4; a sample costs 5*5*4*6 + 6*6*4*5 = 1320, a step 264
        Case{"tcja", {6, 8, 8}, {}, {6, 8, 8}, 244, 264},
        Case{"mean_time", {7}, {}, {7}, 0, 0},
        Case{"concat", {3, 4, 5}, {}, {6, 4, 5}, 0, 0},
        Case{"concat", {7}, {}, {14}, 0, 0},
        Case{"global_avg_pool", {3, 4, 5}, {}, {3}, 0, 0},
        Case{"relu6", {3, 4, 5}, {}, {3, 4, 5}, 0, 0},
        Case{"sigmoid", {7}, {}, {7}, 0, 0},
        Case{"hard_sigmoid", {7}, {}, {7}, 0, 0},
        Case{"silu", {7}, {}, {7}, 0, 0},
        Case{"gelu", {7}, {}, {7}, 0, 0},
        Case{"hard_swish", {7}, {}, {7}, 0, 0},
        Case{"leaky_relu", {7}, {{"slope", 0.2}}, {7}, 0, 0},
        Case{"vote", {20}, {{"group", 5}}, {4}, 0, 0}));

TEST(Operation, PartsAndBordersThatDoNotFitAreRefused) {
  Net net("test");
  net.add("x", "input", {}, {{"shape", L{3, 4, 5}}, {"time", false}});
  EXPECT_THROW(net.add("y", "pad2d", {"x"}, {{"border", L{1, 1}}}), Error);
  EXPECT_THROW(net.add("y", "pad2d", {"x"}, {{"border", L{1, 1, -1, 1}}}), Error);
  EXPECT_THROW(net.add("y", "slice", {"x"}, {{"begin", 1}, {"end", 4}}), Error);
  EXPECT_THROW(net.add("y", "slice", {"x"}, {{"begin", 2}, {"end", 2}}), Error);
  EXPECT_THROW(net.add("y", "upsample2d", {"x"}, {{"factor", L{0, 1}}}), Error);
}

TEST(Operation, NeuronsReportTheirUpdates) {
  Net net("test");
  net.add("x", "input", {}, {{"shape", L{2, 3, 4}}});
  net.add("n", "lif", {"x"});
  EXPECT_EQ(net.work(net.node("n")).neuron_updates, 24);
}

TEST(NeuronDynamics, EveryFormIsOneRecurrence) {
  Net net("test");
  net.add("x", "input", {}, {{"shape", 4}});
  net.add("a", "lif", {"x"}, {{"tau", 4.0}, {"v_reset", 0.5}});
  net.add("b", "lif", {"a"}, {{"tau", 4.0}, {"form", "no-decay-input"}, {"v_reset", 0.5}});
  net.add("c", "lif", {"b"}, {{"form", "beta"}, {"beta", 0.75}, {"reset", "soft"}});
  net.add("d", "lif", {"c"}, {{"form", "beta-scaled"}, {"beta", 0.75}});
  net.add("e", "if", {"d"}, {{"reset_delay", true}});
  const auto a = neuron_dynamics(net.node("a"));
  EXPECT_FLOAT_EQ(a.decay, 0.75F);
  EXPECT_FLOAT_EQ(a.gain, 0.25F);
  EXPECT_FLOAT_EQ(a.offset, 0.125F);
  EXPECT_FLOAT_EQ(neuron_dynamics(net.node("b")).gain, 1.0F);
  const auto c = neuron_dynamics(net.node("c"));
  EXPECT_FLOAT_EQ(c.decay, 0.75F);
  EXPECT_FLOAT_EQ(c.gain, 1.0F);
  EXPECT_EQ(c.reset, "soft");
  EXPECT_FLOAT_EQ(neuron_dynamics(net.node("d")).gain, 0.25F);
  const auto e = neuron_dynamics(net.node("e"));
  EXPECT_FLOAT_EQ(e.decay, 1.0F);
  EXPECT_TRUE(e.reset_delay);
}

}  // namespace
}  // namespace tern::net
