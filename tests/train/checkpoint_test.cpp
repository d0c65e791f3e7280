#include "train/checkpoint.hpp"

#include <filesystem>

#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "compress/plan_run.hpp"
#include "learn/testing.hpp"
#include "train/toy_data.hpp"

namespace tern::train {
namespace {
namespace fs = std::filesystem;

struct CheckpointTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_checkpoint_" + std::to_string(::getpid()));
  fs::path path = folder / "checkpoint.safetensors";
  void TearDown() override { fs::remove_all(folder); }
};

TEST_F(CheckpointTest, HoldsMasksQuantizersAndMoments) {
  learn::Model model(toy_net(), 1);
  compress::apply_untrained(compress::parse_plan("prune:global=0.5 + quantize:w=3,ste"), model, {});
  Optimizer optimizer(model, {});
  optimizer.zero_gradients();
  model.parameter("fc", "weight").latent.mutable_grad() = learn::random({2, 36}, 1);
  optimizer.step(0.1);
  CheckpointInfo info;
  info.position = {1, 2, 3, 0.5, 4, 5, 0.25};
  info.history = {{1, 0.5, 0.6, 0.7, 1e-3, 2.0}};
  info.fingerprint = "abc";
  save_checkpoint(path, model, &optimizer, info);

  learn::Model read = load_model(path);
  const CheckpointInfo found = load_checkpoint(path, read, "abc");
  Optimizer moments(read, {});
  load_optimizer(path, moments);
  EXPECT_EQ(found.position.batch, 3);
  EXPECT_EQ(found.history.at(0).validation_accuracy, 0.7);
  for (const auto& [name, parameter] : model.parameters()) {
    const learn::Parameter& other = read.parameters().at(name);
    EXPECT_EQ(learn::distance(parameter.integers().codes, other.integers().codes), 0) << name;
    EXPECT_EQ(learn::distance(parameter.stored(), other.stored()), 0) << name;
    EXPECT_EQ(parameter.mask.defined(), other.mask.defined());
  }
  const auto a = optimizer.state(), b = moments.state();
  for (const auto& [name, tensor] : a) EXPECT_EQ(learn::distance(tensor, b.at(name)), 0) << name;
  EXPECT_THROW(load_checkpoint(path, read, "other"), Error);
}

TEST_F(CheckpointTest, TruncationAtAnyPlaceIsOneError) {
  learn::Model model(toy_net(), 1);
  save_checkpoint(path, model, nullptr, {});
  const std::string bytes = read_file(path);
  for (std::size_t length = 0; length < bytes.size(); length += bytes.size() / 40 + 1) {
    write_file_atomically(path, bytes.substr(0, length));
    EXPECT_THROW(load_model(path), Error) << length;
  }
}

TEST_F(CheckpointTest, RefusesAnotherNetwork) {
  learn::Model model(toy_net(), 1);
  save_checkpoint(path, model, nullptr, {});
  net::Net net = toy_net();
  net.add("extra", "vote", {"mean"}, {{"group", 2}});
  learn::Model other(net, 1);
  EXPECT_THROW(load_checkpoint(path, other), Error);
}

}  // namespace
}  // namespace tern::train
