// What the engine refuses, and how it says so. Nothing may be thrown.
#include <cmath>
#include <filesystem>
#include <limits>

#include <gtest/gtest.h>

#include "base/atomic_file.hpp"
#include "engine/program.hpp"
#include "engine/reference.hpp"

namespace tern::engine {
namespace {

net::Net small_net() {
  net::Net net("small", 4);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 5, 5}}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", 3}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("lif1", "lif", {"bn1"});
  return net;
}

std::string said(const EngineError& error) { return std::string(name_of(error.kind)) + ": " + error.message; }

template <class T>
std::string refusal(const Result<T>& result) {
  return result.ok() ? "no error" : said(result.error());
}

TEST(Refusals, ModelsThatDoNotFitTheirNet) {
  const pack::PackedModel good = random_model(small_net(), 4, 1);
  EXPECT_EQ(refusal(Program::from(good)), "no error");
  pack::PackedModel model = good;
  model.tensors.erase("conv1.weight");
  EXPECT_EQ(refusal(Program::from(model)),
            "bad_model: model: conv1.weight: the Net asks for [3, 2, 3, 3], but the tensor is missing");
  model = good;
  model.tensors["bn1.weight"].shape = {2};
  EXPECT_EQ(refusal(Program::from(model)), "bad_model: model: bn1.weight: expected [3], got [2]");
  model = good;
  model.tensors["bn1.bias"].values[0] = NAN;
  EXPECT_EQ(refusal(Program::from(model)), "bad_model: model: bn1.bias: element 0 is not finite: nan");
  EXPECT_EQ(refusal(Program::from({net::Net("empty"), {}, {}})), "bad_model: net 'empty': the Net has no nodes");
}

TEST(Refusals, OperationsOutOfTheKernelsRange) {
  pack::PackedModel model = random_model(small_net(), 4, 1);
  model.tensors["bn1.running_var"].values[1] = -1;
  EXPECT_EQ(refusal(Program::from(model)),
            "unsupported: node 'bn1' (batch_norm): running_var must not be negative, got -1");
  net::Net wide("wide", 1);
  wide.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{1, 20, 20}}});
  wide.add("y", "max_pool2d", {"x"}, {{"kernel", 16}});
  EXPECT_EQ(refusal(Program::from({wide, {}, {}})),
            "unsupported: node 'y' (max_pool2d): windows of at most 255 elements, got 16x16");
}

TEST(Refusals, FramesOfAnotherSize) {
  const Program program = Program::from(random_model(small_net(), 4, 1)).value();
  const std::vector<float> frames(4 * 2 * 50);
  EXPECT_EQ(refusal(program.run(frames, 4, 2)), "no error");
  EXPECT_EQ(refusal(program.run(std::span(frames).subspan(1), 4, 2)),
            "bad_input: net 'small': expected frames [4, 2, 2, 5, 5] = 400 values, got 399");
  EXPECT_EQ(refusal(program.run(frames, 8, 1)), "bad_input: net 'small': expected num_steps 4, got 8");
  EXPECT_EQ(refusal(program.run(frames, 0, 2)), "bad_input: net 'small': expected num_steps 4, got 0");
  EXPECT_EQ(refusal(program.run(frames, 4, 0)), "bad_input: net 'small': expected at least one sample, got 0");
  EXPECT_EQ(refusal(program.run(frames, 4, -1)), "bad_input: net 'small': expected at least one sample, got -1");
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(refusal(program.run(frames, 4, most)).substr(0, 10), "bad_input:");
}

TEST(Refusals, FilesThatAreNotThereOrNotModels) {
  const auto path = std::filesystem::path(::testing::TempDir()) / "tern_engine_refused.tern";
  std::filesystem::remove(path);
  EXPECT_EQ(refusal(Program::load(path.string())), "io: " + path.string() + ": cannot open: No such file or directory");
  EXPECT_EQ(refusal(Program::load("/")).substr(0, 4), "io: ");
  write_file_atomically(path, "not a model");
  EXPECT_EQ(refusal(Program::load(path.string())).substr(0, 11), "bad_model: ");
  const std::string bytes = pack::to_bytes(random_model(small_net(), 4, 1));
  for (std::size_t length = 0; length < bytes.size(); length += 97) {
    write_file_atomically(path, bytes.substr(0, length));
    EXPECT_EQ(refusal(Program::load(path.string())).substr(0, 11), "bad_model: ") << length;
  }
  std::filesystem::remove(path);
}

TEST(Refusals, NothingEscapesAnObserverThatThrows) {
  Options by_node;
  by_node.fuse = false;
  const Program program = Program::from(random_model(small_net(), 4, 1), by_node).value();
  const std::vector<float> frames(4 * 50);
  const auto with = [&](const Observer& observer) { return refusal(program.run(frames, 4, 1, observer)); };
  EXPECT_EQ(with([](auto...) { throw std::runtime_error("mine"); }), "internal: mine");
  EXPECT_EQ(with([](auto...) { throw 7; }), "internal: unknown");
  EXPECT_EQ(with([](auto...) { throw std::bad_alloc(); }), "out_of_memory: out of memory");
}

TEST(Refusals, AResultIsAValueOrAnError) {
  const Result<int> three(3), none(EngineError{EngineErrorKind::io, "gone"});
  EXPECT_TRUE(three.ok());
  EXPECT_EQ(*three, 3);
  EXPECT_FALSE(none);
  EXPECT_EQ(said(none.error()), "io: gone");
  EXPECT_THROW((void)none.value(), std::bad_variant_access);
  EXPECT_THROW((void)three.error(), std::bad_variant_access);
}

}  // namespace
}  // namespace tern::engine
