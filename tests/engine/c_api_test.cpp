// tern.h and tern.hpp against Program, and what they refuse.
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/c_api_c.h"
#include "engine/program.hpp"
#include "engine/reference.hpp"
#include "engine/tern.hpp"

namespace tern::engine {
namespace {

net::Net small_net() {
  net::Net net("small", 3);
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 6, 5}}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 4}});
  net.add("lif", "lif", {"conv"});
  net.add("flat", "flatten", {"lif"});
  net.add("fc", "linear", {"flat"}, {{"out_features", 7}});
  net.add("rate", "mean_time", {"fc"});
  return net;
}

struct CApi : ::testing::Test {
  pack::PackedModel packed = random_model(small_net(), 4, 3);
  std::vector<float> frames = random_frames(packed.net, 3, 2, true, 4);
  std::vector<float> sample = random_frames(packed.net, 3, 1, true, 5);
  std::vector<float> scores = Program::from(packed).value().run(frames, 3, 2).value();
  std::vector<float> sample_scores = Program::from(packed).value().run(sample, 3, 1).value();
  std::filesystem::path path = std::filesystem::path(::testing::TempDir()) /
                               ("tern_c_api_test_" + std::to_string(getpid()) + ".tern");  // tests run side by side
  std::string bytes;
  tern_error error{};
  tern_model* model = nullptr;

  void SetUp() override {
    packed.metadata["classes"] = "a,b";
    pack::write_model(path, packed);
    bytes = pack::to_bytes(packed);
    ASSERT_EQ(tern_model_from_bytes(bytes.data(), bytes.size(), nullptr, &model, &error), TERN_OK) << error.message;
  }
  void TearDown() override {
    tern_model_free(model);
    std::filesystem::remove(path);
  }
  std::string said() const { return std::string(tern_status_name(error.status)) + ": " + error.message; }
};

TEST_F(CApi, ACProgramRunsAFileLikeProgram) {
  std::vector<float> output(7);
  ASSERT_EQ(c_run_file(path.c_str(), sample.data(), sample.size(), output.data(), output.size(), &error), TERN_OK)
      << error.message;
  EXPECT_EQ(output, sample_scores);
  EXPECT_EQ(said(), "ok: ");
}

TEST_F(CApi, ManySamplesAtOnce) {
  std::vector<float> output(14);
  ASSERT_EQ(tern_run(model, frames.data(), frames.size(), 3, 2, output.data(), output.size(), &error), TERN_OK);
  EXPECT_EQ(output, scores);
}

TEST_F(CApi, SaysWhatGoesInAndComesOut) {
  tern_tensor_type type = TERN_TENSOR_TYPE_INIT;
  ASSERT_EQ(tern_model_input(model, &type, nullptr), TERN_OK);
  EXPECT_EQ(std::vector<std::int64_t>(type.shape, type.shape + type.rank), (net::Shape{2, 6, 5}));
  EXPECT_EQ(type.has_time, 1);
  EXPECT_EQ(type.elements, 60);
  ASSERT_EQ(tern_model_output(model, &type, nullptr), TERN_OK);
  EXPECT_EQ(std::vector<std::int64_t>(type.shape, type.shape + type.rank), (net::Shape{7}));
  EXPECT_EQ(type.has_time, 0);
  EXPECT_EQ(tern_model_num_steps(model), 3);
  EXPECT_STREQ(tern_model_metadata(model, "classes"), "a,b");
  EXPECT_EQ(tern_model_metadata(model, "none"), nullptr);
}

TEST_F(CApi, VersionsAreThoseOfTheProject) {
  EXPECT_EQ(tern_abi_version(), static_cast<std::uint32_t>(TERN_ABI_VERSION));
  EXPECT_EQ(tern_version(), std::to_string(TERN_VERSION_MAJOR) + "." + std::to_string(TERN_VERSION_MINOR) + "." +
                                std::to_string(TERN_VERSION_PATCH));
  EXPECT_STREQ(tern_status_name(99), "?");
  EXPECT_STREQ(tern_status_name(-1), "?");
}

TEST_F(CApi, FailuresHaveAStatusAndAText) {
  tern_model* none = model;
  EXPECT_EQ(tern_model_load("/no/such/file", nullptr, &none, &error), TERN_IO);
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(said(), "io: /no/such/file: cannot open: No such file or directory");
  EXPECT_EQ(tern_model_from_bytes("junk", 4, nullptr, &none, &error), TERN_BAD_MODEL);
  EXPECT_EQ(said(), "bad_model: model: expected at least 8 bytes, got 4");
  for (std::size_t size = 0; size < bytes.size(); size += 37)
    EXPECT_EQ(tern_model_from_bytes(bytes.data(), size, nullptr, &none, nullptr), TERN_BAD_MODEL);

  std::vector<float> output(14);
  EXPECT_EQ(tern_run(model, frames.data(), frames.size(), 3, 3, output.data(), output.size(), &error), TERN_BAD_INPUT);
  EXPECT_EQ(said(), "bad_input: net 'small': expected frames [3, 3, 2, 6, 5] = 540 values, got 360");
  EXPECT_EQ(tern_run(model, frames.data(), frames.size(), 3, 2, output.data(), 13, &error), TERN_BAD_INPUT);
  EXPECT_EQ(said(), "bad_input: expected 14 scores, got 13");
  EXPECT_EQ(tern_run(model, frames.data(), frames.size(), 3, std::numeric_limits<std::int64_t>::max(), output.data(), 14, &error),
            TERN_BAD_INPUT);

  tern_instance_options options = TERN_INSTANCE_OPTIONS_INIT;
  tern_instance* instance = nullptr;
  options.num_steps = 4;
  EXPECT_EQ(tern_instance_create(model, &options, &instance, &error), TERN_BAD_INPUT);
  EXPECT_EQ(said(), "bad_input: net 'small': expected num_steps 3, got 4");
  options = TERN_INSTANCE_OPTIONS_INIT;
  options.num_threads = -1;
  EXPECT_EQ(tern_instance_create(model, &options, &instance, &error), TERN_BAD_INPUT);
  ASSERT_EQ(tern_instance_create(model, nullptr, &instance, &error), TERN_OK);
  EXPECT_EQ(tern_instance_run(instance, sample.data(), sample.size() - 1, output.data(), 7, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_instance_run(instance, sample.data(), sample.size(), output.data(), 8, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_instance_run(instance, sample.data(), sample.size(), output.data(), 7, &error), TERN_OK);
  EXPECT_EQ(said(), "ok: ") << "an old text is gone";
  EXPECT_GT(tern_instance_bytes(instance), 0U);
  tern_instance_free(instance);
}

TEST_F(CApi, NullIsRefusedEverywhere) {
  tern_tensor_type type = TERN_TENSOR_TYPE_INIT;
  tern_model* none = nullptr;
  tern_instance* instance = nullptr;
  float value = 0;
  EXPECT_EQ(tern_model_load(nullptr, nullptr, &none, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_model_load("x", nullptr, nullptr, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_model_from_bytes(nullptr, 0, nullptr, &none, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_model_input(nullptr, &type, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_model_output(model, nullptr, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_run(nullptr, &value, 1, 1, 1, &value, 1, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_run(model, nullptr, 1, 1, 1, &value, 1, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_instance_create(nullptr, nullptr, &instance, &error), TERN_BAD_INPUT);
  EXPECT_EQ(tern_instance_create(model, nullptr, nullptr, nullptr), TERN_BAD_INPUT);
  EXPECT_EQ(tern_instance_run(nullptr, &value, 1, &value, 1, nullptr), TERN_BAD_INPUT);
  EXPECT_EQ(tern_model_num_steps(nullptr), 0);
  EXPECT_EQ(tern_model_metadata(nullptr, "classes"), nullptr);
  EXPECT_EQ(tern_instance_input_size(nullptr) + tern_instance_output_size(nullptr) + tern_instance_bytes(nullptr), 0U);
  tern_model_free(nullptr);
  tern_instance_free(nullptr);
}

/// A caller whose tern.h had fewer members, and one whose tern.h has more.
TEST_F(CApi, OptionsOfAnotherSize) {
  struct Newer {
    tern_instance_options known;
    std::int64_t unknown;
  } newer{TERN_INSTANCE_OPTIONS_INIT, 77};
  newer.known.size = sizeof newer;
  tern_instance* instance = nullptr;
  ASSERT_EQ(tern_instance_create(model, &newer.known, &instance, &error), TERN_OK) << error.message;
  tern_instance_free(instance);
  tern_instance_options older{offsetof(tern_instance_options, num_threads), 3, -5, 0};
  ASSERT_EQ(tern_instance_create(model, &older, &instance, &error), TERN_OK) << "num_threads is not looked at";
  tern_instance_free(instance);
  tern_tensor_type type{offsetof(tern_tensor_type, has_time), nullptr, 0, 42, 43};
  ASSERT_EQ(tern_model_input(model, &type, &error), TERN_OK);
  EXPECT_EQ(type.rank, 3);
  EXPECT_EQ(type.has_time, 42);
  EXPECT_EQ(type.elements, 43);
}

TEST_F(CApi, LongTextsAreCutBetweenCharacters) {
  std::string name = "/";
  for (int i = 0; i < 600; ++i) name += "\xC3\xA4";  // a umlaut
  tern_model* none = nullptr;
  for (int i = 0; i < 2; ++i, name.insert(0, "/")) {
    EXPECT_EQ(tern_model_load(name.c_str(), nullptr, &none, &error), TERN_IO);
    const std::size_t length = std::strlen(error.message);
    EXPECT_GE(length, sizeof error.message - 2);
    EXPECT_EQ(static_cast<unsigned char>(error.message[length - 1]), 0xA4);
  }
}

TEST_F(CApi, TheCppFaceSaysTheSame) {
  const auto loaded = api::Model::load(path.string());
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(loaded->input().shape, (net::Shape{2, 6, 5}));
  EXPECT_TRUE(loaded->input().has_time);
  EXPECT_EQ(loaded->output().elements, 7U);
  EXPECT_EQ(loaded->num_steps(), 3);
  EXPECT_EQ(loaded->metadata("classes").value(), "a,b");
  EXPECT_FALSE(loaded->metadata("none"));
  EXPECT_EQ(loaded->run(frames, 3, 2).value(), scores);
  EXPECT_EQ(loaded->run(frames, 3, std::numeric_limits<std::int64_t>::max()).error().status, TERN_BAD_INPUT);
  EXPECT_EQ(loaded->run({}, 3, 2).error().status, TERN_BAD_INPUT);
  auto instance = loaded->instance(0, 2);
  ASSERT_TRUE(instance) << instance.error().message;
  EXPECT_EQ(instance->input_size(), sample.size());
  EXPECT_EQ(instance->run(sample).value(), sample_scores);
  EXPECT_EQ(instance->run(frames).error().status, TERN_BAD_INPUT);
  EXPECT_EQ(api::Model::load("/none").error().status, TERN_IO);
  EXPECT_EQ(api::Model::from_bytes("junk", 4).error().status, TERN_BAD_MODEL);
  api::Model moved = api::Model::from_bytes(bytes.data(), bytes.size()).value();
  EXPECT_EQ(moved.run(frames, 3, 2).value(), scores);
}

}  // namespace
}  // namespace tern::engine
