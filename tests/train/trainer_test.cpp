#include "train/trainer.hpp"

#include <filesystem>

#include <unistd.h>

#include "base/error.hpp"
#include "base/interrupt.hpp"
#include "learn/testing.hpp"
#include "train/evaluate.hpp"
#include "train/toy_data.hpp"

namespace tern::train {
namespace {
namespace fs = std::filesystem;

struct TrainerTest : ::testing::Test {
  const data::FrameDataset data = toy_data();
  TrainOptions options;
  fs::path folder = fs::temp_directory_path() / ("tern_trainer_" + std::to_string(::getpid()));

  void SetUp() override {
    options.epochs = 4;
    options.batch_size = 8;
    options.learning_rate.base = 0.02;
    options.seed = 5;
  }
  void TearDown() override {
    request_stop(false);
    fs::remove_all(folder);
  }
  static void expect_equal(const learn::Model& a, const learn::Model& b) {
    for (const auto& [name, parameter] : a.parameters()) {
      EXPECT_EQ(learn::distance(parameter.latent, b.parameters().at(name).latent), 0) << name;
      EXPECT_EQ(learn::distance(parameter.stored(), b.parameters().at(name).stored()), 0) << name;
    }
  }
};

TEST_F(TrainerTest, LearnsTheToyAndRepeatsItself) {
  learn::Model first(toy_net(), 1), second(toy_net(), 1);
  const auto history = train(first, data, {}, options);
  train(second, data, {}, options);
  ASSERT_EQ(history.size(), 4U);
  EXPECT_GT(history.back().validation_accuracy, 0.9);
  EXPECT_LT(history.back().train_loss, history.front().train_loss);
  expect_equal(first, second);
}

TEST_F(TrainerTest, PlanLeavesItsMarks) {
  learn::Model model(toy_net(), 1);
  train(model, data, compress::parse_plan("prune:global=0.5,cubic | quantize:w=2"), options);
  EXPECT_EQ(model.parameter("conv", "weight").bits(), 2);
  double zeros = 0, total = 0;
  for (const auto& name : model.weight_names()) {
    zeros += model.parameters().at(name).latent.eq(0).sum().item<double>();
    total += static_cast<double>(model.parameters().at(name).latent.numel());
  }
  EXPECT_DOUBLE_EQ(zeros / total, 0.5);
  EXPECT_GT(evaluate(model, data, data.test).accuracy, 0.85);
}

// Stopped after every few batches again and again, in every phase of a plan: the same weights as an unbroken run.
TEST_F(TrainerTest, ResumesBitForBit) {
  const auto plan = compress::parse_plan("prune:global=0.6,cubic | quantize:w=3,ewgs");
  learn::Model unbroken(toy_net(), 1);
  options.mixup_alpha = 0.3;
  options.augment.max_shift = 1;
  train(unbroken, data, plan, options);
  options.checkpoint = folder / "checkpoint.safetensors";
  int stops = 0;
  while (true) {
    learn::Model model(toy_net(), 1);
    int batches = 0;
    request_stop(false);
    try {
      train(model, data, plan, options, [&](const Progress&) { if (++batches == 5) request_stop(); });
      expect_equal(unbroken, model);
      break;
    } catch (const Error& error) {
      ASSERT_EQ(error.kind(), ErrorKind::interrupted) << error.what();
      ++stops;
    }
  }
  EXPECT_GE(stops, 4);
  request_stop(false);
  learn::Model finished(toy_net(), 1);
  EXPECT_EQ(train(finished, data, plan, options).size(), 4U) << "a finished run is only read";
  expect_equal(unbroken, finished);
}

// Steps that rewrite the Net, attach activation quantizers, rewind and grow: stopped and resumed, the same bits.
TEST_F(TrainerTest, ResumesWhateverAPlanMade) {
  for (const char* text : {"fold:spiking | quantize:w=4,a=4,lsq", "prune:erk=0.5,rigl,interval=3 | quantize:w=4,a=4,lsq",
                           "prune:global=0.6,lottery", "prune:local=0.5,l0", "prune:local=0.5,dpf"}) {
    const auto plan = compress::parse_plan(text);
    options.checkpoint = folder / "unbroken.safetensors";
    learn::Model unbroken(toy_net(), 1);
    train(unbroken, data, plan, options);
    options.checkpoint = folder / "checkpoint.safetensors";
    while (true) {
      learn::Model model(toy_net(), 1);
      int batches = 0;
      request_stop(false);
      try {
        train(model, data, plan, options, [&](const Progress&) { if (++batches == 7) request_stop(); });
        SCOPED_TRACE(text);
        ASSERT_EQ(net::to_json(model.net(), -1), net::to_json(unbroken.net(), -1));
        expect_equal(unbroken, model);
        break;
      } catch (const Error& error) {
        ASSERT_EQ(error.kind(), ErrorKind::interrupted) << text << ": " << error.what();
      }
    }
    request_stop(false);
    fs::remove_all(folder);
  }
}

// A teacher loaded with the student's compression schedule teaches its own damage.
TEST_F(TrainerTest, Pitfall16TheTeacherStaysFloatAndWhole) {
  learn::Model start(toy_net(), 1);
  train(start, data, {}, options);
  learn::Model student = start.clone_without_quantizers(), same_start = start.clone_without_quantizers();
  options.distillation = 1.0;  // the labels have no say: only an intact teacher can hand its knowledge on
  train(student, data, compress::parse_plan("prune:global=0.3 + quantize:w=3"), options);
  EXPECT_EQ(student.parameter("conv", "weight").bits(), 3);
  EXPECT_GT(evaluate(student, data, data.test).accuracy, 0.85);
  expect_equal(start, same_start);
}

// High temperatures at fixed weights destroy students of few bits: 1 is the default.
TEST_F(TrainerTest, Pitfall17TemperatureStartsAtOne) { EXPECT_EQ(TrainOptions{}.temperature, 1.0); }

TEST_F(TrainerTest, RefusesACheckpointOfOtherSettings) {
  options.checkpoint = folder / "checkpoint.safetensors";
  learn::Model model(toy_net(), 1);
  train(model, data, {}, options);
  options.learning_rate.base = 0.03;
  learn::Model other(toy_net(), 1);
  EXPECT_THROW(train(other, data, {}, options), Error);
}

TEST_F(TrainerTest, SaysWhereTheLossWasLost) {
  learn::Model model(toy_net(), 1);
  { const c10::NoGradGuard no_grad; model.parameter("fc", "weight").latent.fill_(NAN); }
  try {
    train(model, data, {}, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::bad_data);
    EXPECT_EQ(error.place(), "epoch 1, batch 0");
  }
}

}  // namespace
}  // namespace tern::train
