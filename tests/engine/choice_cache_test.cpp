// Kernel choices on disk: the second start of a model measures nothing.
#include <cstdlib>
#include <filesystem>
#include <optional>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/atomic_file.hpp"
#include "engine/layers/choose.hpp"
#include "engine/program.hpp"
#include "engine/reference.hpp"
#include "engine/tern.h"

namespace tern::engine {
namespace {

namespace fs = std::filesystem;

/// A chain of linear layers on 8-bit codes, of 4-bit weights.
pack::PackedModel chain(const std::vector<std::int64_t>& widths) {
  net::Net net("chain");
  std::string last = net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{widths[0]}}, {"time", false}});
  for (std::size_t i = 1; i < widths.size(); ++i) {
    last = net.add("q" + std::to_string(i), "quantize", {last}, {{"bits", std::int64_t{8}}});
    last = net.add("fc" + std::to_string(i), "linear", {last}, {{"out_features", widths[i]}});
  }
  pack::PackedModel model = random_model(std::move(net), 4, 1);
  for (std::size_t i = 1; i < widths.size(); ++i) {
    model.tensors.at("q" + std::to_string(i) + ".scale").values = {0.5F};
    model.tensors.at("q" + std::to_string(i) + ".zero_point").values = {0.0F};
  }
  return model;
}

class ChoiceCache : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::remove_all(folder_);
    options_.cache_folder = folder_.string();
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// Layers that are measured as after a start of the process.
  int measured_at_start() {
    forget_choices();
    const auto program = Program::from(model_, options_);
    EXPECT_TRUE(program.ok());
    int measured = 0;
    plan_ = program->describe();
    for (const auto& step : plan_.steps) measured += step.measured;
    return measured;
  }
  fs::path file() const { return choice_file(folder_.string(), measuring_place()); }

  fs::path folder_ = fs::temp_directory_path() / ("tern_choices_" + std::to_string(::getpid()));
  Options options_;
  pack::PackedModel model_ = chain({5, 7, 3});
  PlanDescription plan_;
};

TEST_F(ChoiceCache, TheSecondStartMeasuresNothing) {
  EXPECT_EQ(measured_at_start(), 2);
  const PlanDescription first = plan_;
  EXPECT_EQ(measured_at_start(), 0);
  for (std::size_t i = 0; i < first.steps.size(); ++i) {
    EXPECT_EQ(plan_.steps[i].kernel, first.steps[i].kernel);
    ASSERT_EQ(plan_.steps[i].candidates.size(), first.steps[i].candidates.size());
    for (std::size_t k = 0; k < first.steps[i].candidates.size(); ++k) {
      EXPECT_EQ(plan_.steps[i].candidates[k].first, first.steps[i].candidates[k].first);
      EXPECT_NEAR(plan_.steps[i].candidates[k].second, first.steps[i].candidates[k].second, 1e-3);
    }
  }
  // Another layer is measured, and does not push the others out.
  model_ = chain({9, 4});
  EXPECT_EQ(measured_at_start(), 1);
  model_ = chain({5, 7, 3});
  EXPECT_EQ(measured_at_start(), 0);
}

TEST_F(ChoiceCache, WithoutAFolderNothingIsKept) {
  options_.cache_folder.clear();
  EXPECT_EQ(measured_at_start(), 2);
  EXPECT_EQ(measured_at_start(), 2);
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(ChoiceCache, WhatTheProcessRemembersIsWrittenToo) {
  options_.cache_folder.clear();
  EXPECT_EQ(measured_at_start(), 2);
  options_.cache_folder = folder_.string();
  ASSERT_TRUE(Program::from(model_, options_).ok());
  EXPECT_EQ(measured_at_start(), 0);
}

TEST_F(ChoiceCache, ADamagedFileIsMeasuredAgainAndReplaced) {
  EXPECT_EQ(measured_at_start(), 2);
  const std::string whole = read_file(file());
  for (std::size_t i = 0; i < whole.size(); i += 7) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    write_file_atomically(file(), damaged);
    EXPECT_TRUE(read_choices(file(), measuring_place()).empty()) << i;
    write_file_atomically(file(), whole.substr(0, i));
    EXPECT_TRUE(read_choices(file(), measuring_place()).empty()) << i;
  }
  EXPECT_EQ(measured_at_start(), 2);
  EXPECT_EQ(read_choices(file(), measuring_place()).size(), 2U);
  EXPECT_EQ(measured_at_start(), 0);
}

TEST_F(ChoiceCache, AFileOfAnotherProcessorOrOfUnknownKernelsIsNotUsed) {
  EXPECT_EQ(measured_at_start(), 2);
  KernelTimes times = read_choices(file(), measuring_place());
  write_choices(file(), "another processor", times);
  EXPECT_EQ(measured_at_start(), 2);
  for (auto& [layer, kernels] : times) kernels.front().kernel = "of-tomorrow";
  write_choices(file(), measuring_place(), times);
  EXPECT_EQ(measured_at_start(), 2);
}

TEST_F(ChoiceCache, AFolderThatCannotBeWrittenIsNoError) {
  write_file_atomically(folder_, "a file stands where the folder should be");
  EXPECT_EQ(measured_at_start(), 2);
  EXPECT_EQ(measured_at_start(), 2);
}

TEST_F(ChoiceCache, TheEnvironmentNamesTheFolder) {
  const auto set = [](const char* name, const char* value) { value != nullptr ? setenv(name, value, 1) : unsetenv(name); };
  const char* const names[] = {"TERN_CACHE", "XDG_CACHE_HOME", "HOME"};
  std::vector<std::pair<const char*, std::optional<std::string>>> before;
  for (const char* name : names)
    before.emplace_back(name, std::getenv(name) != nullptr ? std::optional<std::string>(std::getenv(name)) : std::nullopt);
  set("HOME", "/h"), set("XDG_CACHE_HOME", nullptr), set("TERN_CACHE", nullptr);
  EXPECT_EQ(default_cache_folder(), "/h/.cache/tern");
  set("XDG_CACHE_HOME", "/x");
  EXPECT_EQ(default_cache_folder(), "/x/tern");
  set("TERN_CACHE", "/t");
  EXPECT_EQ(default_cache_folder(), "/t");
  set("TERN_CACHE", "off");
  EXPECT_EQ(default_cache_folder(), "");
  for (const auto& [name, value] : before) set(name, value ? value->c_str() : nullptr);
}

TEST_F(ChoiceCache, CAsksForIt) {
  const fs::path path = folder_ / "model.tern";
  fs::create_directories(folder_);
  pack::write_model(path, model_);
  const auto load = [&](const char* cache_folder) {
    forget_choices();
    tern_model_options options = TERN_MODEL_OPTIONS_INIT;
    options.cache_folder = cache_folder;
    tern_model* model = nullptr;
    EXPECT_EQ(tern_model_load(path.c_str(), &options, &model, nullptr), TERN_OK);
    tern_model_free(model);
    return fs::exists(file());
  };
  EXPECT_FALSE(load(nullptr));
  EXPECT_TRUE(load(folder_.c_str()));
}

}  // namespace
}  // namespace tern::engine
