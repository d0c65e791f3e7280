#include "cost/accelerator.hpp"

#include <gtest/gtest.h>

#include "base/atomic_file.hpp"
#include "tiny.hpp"

namespace tern::cost {
namespace {

std::string file(const std::string& name) {
  return std::string(TERN_SOURCE_DIR) + "/hardware/" + name;
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(AcceleratorTest, EyerissSnnHasThePublishedSizes) {
  const Accelerator accelerator = read_accelerator(file("eyeriss-snn.yaml"));
  EXPECT_EQ(accelerator.array.count(), 768);
  EXPECT_EQ(accelerator.memories.at(1).capacity_bytes, 12800 * 8);
  EXPECT_FALSE(accelerator.memories[1].holds_tensor(Tensor::weights));
  EXPECT_TRUE(accelerator.memories[1].holds_tensor(Tensor::membrane));
  EXPECT_EQ(accelerator.array.weight.capacity_bits(), 224 * 8);
  EXPECT_EQ(accelerator.run_length_bits, 4);
  EXPECT_EQ(accelerator.memories[0].encodings.size(), 5U);
  EXPECT_EQ(accelerator.on_weights, SparseAction::skipping);
}

TEST(AcceleratorTest, EdgeMcuHasOneMemory) {
  const Accelerator accelerator = read_accelerator(file("edge-mcu.yaml"));
  EXPECT_EQ(accelerator.memories.size(), 1U);
  EXPECT_EQ(accelerator.on_inputs, SparseAction::gating);
  EXPECT_EQ(accelerator.memories[0].encodings, std::vector<Encoding>{Encoding::dense});
}

TEST(AcceleratorTest, SaysWhatIsWrongAndWhere) {
  const std::string good = read_file(file("eyeriss-snn.yaml"));
  const auto message = [&](const std::string& from, const std::string& to) {
    return message_of([&] { parse_accelerator(replaced(good, from, to), "x.yaml"); });
  };
  EXPECT_EQ(message("clock_mhz:", "clock_mhzz:"), "x.yaml: key 'clock_mhz' is missing");
  EXPECT_EQ(message("run_length_bits: 4", "run_lenght_bits: 4").substr(0, 73),
            "x.yaml: unknown key 'run_lenght_bits': did you mean 'run_length_bits'? (k");
  EXPECT_EQ(message("clock_mhz: 200", "clock_mhz: -1"),
            "x.yaml: clock_mhz: expected a number in [0.001, 100000], got -1");
  EXPECT_EQ(message("clock_mhz: 200", "clock_mhz: fast"), "x.yaml: clock_mhz: expected a number, got 'fast'");
  EXPECT_EQ(message("clock_mhz: 200", "clock_mhz: .nan"),
            "x.yaml: clock_mhz: expected a number in [0.001, 100000], got nan");
  EXPECT_EQ(message("word_bits: 64 ", "word_bits: 0 "),
            "x.yaml: memories[0]: word_bits: expected an integer in [1, 4096], got 0");
  EXPECT_EQ(message("[weights, inputs,", "[weight, inputs,").substr(0, 76),
            "x.yaml: memories[0]: holds: unknown tensor 'weight': did you mean 'weights'?");
  EXPECT_EQ(message("[rle, cp", "[rel, cp").substr(0, 72),
            "x.yaml: memories[0]: encodings: unknown encoding 'rel': did you mean 'rl");
  EXPECT_EQ(message("schedule: layer_by_layer", "schedule: layer-by-layer").substr(0, 72),
            "x.yaml: schedule: unknown value 'layer-by-layer': did you mean 'layer_by");
  EXPECT_EQ(message("holds: [weights, inputs", "holds: [inputs"), "x.yaml: memories: no level holds weights");
  EXPECT_EQ(message_of([] { parse_accelerator("- 1", "x.yaml"); }), "x.yaml: expected a YAML map");
  EXPECT_EQ(message_of([] { parse_accelerator("a: [1", "x.yaml"); }).substr(0, 13), "x.yaml: line ");
  EXPECT_EQ(message_of([] { parse_accelerator("a: 1\na: 2", "x.yaml"); }), "x.yaml: key 'a' stands twice");
}

}  // namespace
}  // namespace tern::cost
