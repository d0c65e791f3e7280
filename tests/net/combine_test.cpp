// What add, multiply and concat accept, by hand.
#include <gtest/gtest.h>

#include "net/net.hpp"

namespace tern::net {
namespace {

using L = std::vector<std::int64_t>;

/// x [6, 4, 4]; gate [6]; corner [6, 1, 1]; thin [2, 4, 4]; small [6, 2, 2].
Net sources() {
  Net net("test");
  net.add("x", "input", {}, {{"shape", L{6, 4, 4}}, {"time", false}});
  net.add("gate", "global_avg_pool", {"x"});
  net.add("corner", "avg_pool2d", {"x"}, {{"kernel", 4}});
  net.add("thin", "conv2d", {"x"}, {{"out_channels", 2}, {"kernel", 1}});
  net.add("small", "max_pool2d", {"x"});
  return net;
}

TEST(Multiply, TakesGatesOfOneValueAChannel) {
  Net net = sources();
  net.add("a", "multiply", {"x", "gate"});
  net.add("b", "multiply", {"x", "corner", "x", "gate"});
  EXPECT_EQ(net.type("a").shape, (Shape{6, 4, 4}));
  EXPECT_EQ(net.type("b").shape, (Shape{6, 4, 4}));
}

TEST(Multiply, RefusesOtherBroadcasts) {
  Net net = sources();
  EXPECT_THROW(net.add("a", "multiply", {"gate", "x"}), Error);  // the first input gives the shape
  EXPECT_THROW(net.add("b", "multiply", {"x", "small"}), Error);
  EXPECT_THROW(net.add("c", "multiply", {"x", "thin"}), Error);
  net.add("thin_gate", "global_avg_pool", {"thin"});
  try {
    net.add("d", "multiply", {"x", "thin_gate"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(),
                 "node 'd' (multiply): expected inputs like [N, 6, 4, 4] or one value a channel, got [N, 2]");
  }
  EXPECT_THROW(net.add("e", "add", {"x", "gate"}), Error);
}

TEST(Concat, SumsChannelsAndRefusesOtherExtents) {
  Net net = sources();
  net.add("a", "concat", {"x", "thin", "x"});
  EXPECT_EQ(net.type("a").shape, (Shape{14, 4, 4}));
  net.add("b", "concat", {"gate", "gate"});
  EXPECT_EQ(net.type("b").shape, Shape{12});
  EXPECT_THROW(net.add("c", "concat", {"x", "small"}), Error);
  EXPECT_THROW(net.add("d", "concat", {"x", "gate"}), Error);
  EXPECT_THROW(net.add("e", "concat", {"x"}), Error);
  EXPECT_THROW(net.add("f", "concat", std::vector<std::string>(17, "x")), Error);
}

TEST(Concat, RefusesToMixTimeAndNoTime) {
  Net net("test", 3);
  net.add("x", "input", {}, {{"shape", 5}});
  net.add("mean", "mean_time", {"x"});
  EXPECT_THROW(net.add("y", "concat", {"x", "mean"}), Error);
  EXPECT_THROW(net.add("z", "multiply", {"x", "mean"}), Error);
}

}  // namespace
}  // namespace tern::net
