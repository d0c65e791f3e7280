#include "study/study_file.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace tern::study {
namespace {

const std::string minimal = "name: a\nhardware: h.yaml\n";

std::string message(const std::string& yaml, const std::vector<std::string>& overrides = {}) {
  try {
    parse_study(yaml, overrides, "s.yaml");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(StudyFile, DefaultsOverridesAndInheritance) {
  const StudyConfig config = parse_study(minimal + "train: {epochs: 7, learning_rate: 0.5}\nfinetune: {epochs: 3}\n",
                                         {"train.batch_size=64", "grid.bits=[2, 4]", "data.name=nmnist", "seeds=[1,2]"});
  EXPECT_EQ(config.train.epochs, 7);
  EXPECT_EQ(config.finetune.epochs, 3);
  EXPECT_EQ(config.finetune.learning_rate.base, 0.5) << "finetune starts from train's values";
  EXPECT_EQ(config.finetune.batch_size, 64);
  EXPECT_EQ(config.grid.bits, (std::vector<int>{2, 4}));
  EXPECT_EQ(config.data.name, "nmnist");
  EXPECT_EQ(config.seeds.size(), 2U);
}

TEST(StudyFile, ValidationFractionIsTheDataSetsOwn) {
  EXPECT_EQ(parse_study(minimal).data.validation_fraction, 0.1);
  EXPECT_EQ(parse_study(minimal, {"data.name=fashion-mnist"}).data.validation_fraction, 5000.0 / 60000.0);
  EXPECT_EQ(parse_study(minimal, {"data.name=fashion-mnist", "data.validation_fraction=0.2"}).data.validation_fraction,
            0.2);
}

TEST(StudyFile, ResolvedTextReadsBackAsItself) {
  const StudyConfig config = parse_study(minimal + "network: {channels: [4, 8], tau: 3}\n");
  EXPECT_EQ(parse_study(config.resolved).resolved, config.resolved);
}

TEST(StudyFile, SaysWhatIsWrong) {
  EXPECT_NE(message(minimal + "tran: {}\n").find("'tran': did you mean 'train'?"), std::string::npos)
      << message(minimal + "tran: {}\n");
  EXPECT_NE(message(minimal + "train: {epochs: 0}\n").find("epochs"), std::string::npos);
  EXPECT_NE(message(minimal + "grid: {combinations: [jiont]}\n").find("did you mean 'joint'?"), std::string::npos);
  EXPECT_NE(message(minimal + "grid: {bits: [9]}\n").find("grid: bits"), std::string::npos);
  EXPECT_NE(message("name: a\n").find("key 'hardware' is missing"), std::string::npos);
  EXPECT_NE(message(minimal, {"train"}).find("--set"), std::string::npos);
}

}  // namespace
}  // namespace tern::study
