#include <gtest/gtest.h>

#include "base/error.hpp"
#include "net/net.hpp"

namespace tern::net {
namespace {

Net small_net() {
  Net net("small", 3);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 8, 8}}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 4}});
  net.add("lif1", "lif", {"conv1"}, {{"tau", 1.5}, {"reset", "soft"}, {"detach_reset", false}});
  return net;
}

TEST(Json, RoundTripKeepsEveryByte) {
  const std::string text = to_json(small_net());
  const Net read = from_json(text);
  EXPECT_EQ(to_json(read), text);
  EXPECT_EQ(read.type("lif1"), small_net().type("lif1"));
}

TEST(Json, EachCorruptionIsOneClearError) {
  const std::string text = to_json(small_net());
  for (std::size_t length = 0; length < text.size(); length += 7)
    EXPECT_THROW(from_json(text.substr(0, length), "a.json"), Error) << length;
  const auto message = [](const std::string& json) -> std::string {
    try {
      from_json(json, "a.json");
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message("{}"), "a.json: not a Net: \"format\" must be \"tern.net\"");
  EXPECT_EQ(message(R"({"format":"tern.net","version":9})"), "a.json: Net version 9 (this build reads version 1)");
  EXPECT_EQ(message(R"({"format":"tern.net","version":1,"nodes":[]})"), "a.json: the Net has no nodes");
  EXPECT_EQ(message(R"({"format":"tern.net","version":1,"nodes":[{"name":"x","op":"input","attributes":{"shape":[1,"a"]}}]})"),
            "a.json: node 'x', attribute 'shape': expected integers, got [1,\"a\"]");
  const auto with_shape = [&](const std::string& value) {
    return message(R"({"format":"tern.net","version":1,"nodes":[{"name":"x","op":"input","attributes":{"shape":)" + value + "}}]}");
  };
  EXPECT_EQ(with_shape("18446744073709551615"), "a.json: node 'x', attribute 'shape': 18446744073709551615 is beyond 2^63");
  EXPECT_EQ(with_shape("[18446744073709551615]"), "a.json: node 'x', attribute 'shape': 18446744073709551615 is beyond 2^63");
  EXPECT_EQ(with_shape(std::string(100'000, '[')), "a.json: the Net is nested too deeply");
  EXPECT_EQ(message(R"({"format":"tern.net","version":1,"num_steps":1e300,"nodes":[]})"), "a.json: expected an integer, got 1e+300");
  EXPECT_EQ(message(R"({"format":"tern.net","version":1,"num_steps":18446744073709551615,"nodes":[]})"),
            "a.json: 18446744073709551615 is beyond 2^63");
}

/// Quadratic work would take minutes here.
TEST(Json, ManyAttributesTakeTimeInProportion) {
  std::string text = R"({"format":"tern.net","version":1,"nodes":[{"name":"x","op":"input","attributes":{)";
  for (int i = 0; i < 200'000; ++i) text += fmt::format("\"a{}\":{},", i, i);
  EXPECT_THROW(from_json(text + "\"b\":1}}]}"), Error);
}

}  // namespace
}  // namespace tern::net
