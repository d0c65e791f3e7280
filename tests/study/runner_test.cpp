// A whole study on the bundled recordings, at the smallest size that still means something.
#include "study/runner.hpp"

#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "base/interrupt.hpp"

namespace tern::study {
namespace {
namespace fs = std::filesystem;

struct RunnerTest : ::testing::Test {
  fs::path folder = fs::temp_directory_path() / ("tern_study_" + std::to_string(::getpid()));
  StudyConfig config = parse_study(
      "name: tiny\ndata: {name: nmnist-mini, max_per_class: 24, num_steps: 5}\n"
      "network: {name: event-conv, channels: [4, 8]}\n"
      "train: {epochs: 3, learning_rate: 5e-3, batch_size: 8}\nfinetune: {epochs: 2}\n"
      "grid: {combinations: [quantize, joint], sparsity: [0.5]}\nactivity_samples: 8\n"
      "hardware: " TERN_SOURCE_DIR "/hardware/eyeriss-snn.yaml\n");
  void TearDown() override {
    request_stop(false);
    fs::remove_all(folder);
  }
};

TEST_F(RunnerTest, EveryTrialIsMeasuredAndTheEngineAgrees) {
  RunOptions options;
  options.folder = folder;
  int stops = 0;
  options.progress = [&](const Progress& p) { if (p.stage.rfind("quantize", 0) == 0 && stops == 0) { ++stops; request_stop(); } };
  EXPECT_THROW(run_study(config, options), Error) << "stopped inside the second trial";
  request_stop(false);
  const StudyResult result = run_study(config, options);
  ASSERT_EQ(result.trials.size(), 3U);
  EXPECT_EQ(result.failed, 0);
  for (const auto& trial : result.trials) {
    EXPECT_EQ(trial.status, "done") << trial.key << trial.error;
    EXPECT_GT(trial.energy_mj, 0) << trial.key;
    EXPECT_GT(trial.cycles, 0) << trial.key;
    EXPECT_EQ(trial.layers.size(), 3U) << trial.key;
    EXPECT_EQ(trial.activation_bits, 1) << "what passes between layers are spikes";
    EXPECT_GT(trial.test_accuracy, 0.25) << trial.key;
  }
  EXPECT_GE(result.trials[2].zeros, 0.5) << "joint at 50%";
  EXPECT_LT(result.trials[1].energy_mj, result.trials[0].energy_mj) << "ternary costs less than 32 bits";
  ASSERT_TRUE(result.winner.has_value());
  EXPECT_EQ(result.winner->disagreements, 0);
  EXPECT_NE(read_file(result.report).find("tiny"), std::string::npos);
  config.identity += "# changed\n";
  EXPECT_THROW(run_study(config, options), Error) << "another configuration in the same folder";
}

}  // namespace
}  // namespace tern::study
