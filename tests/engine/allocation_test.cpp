// An instance allocates nothing while it runs, on any number of threads: every operator new of this program is counted.
#include <atomic>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "engine/program.hpp"
#include "engine/reference.hpp"

namespace {

std::atomic<std::int64_t> allocations = 0;

void* counted(std::size_t size, std::size_t alignment) {
  ++allocations;
  void* const memory = std::aligned_alloc(alignment, (size + alignment) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size) { return counted(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) { return counted(size, static_cast<std::size_t>(alignment)); }
void* operator new[](std::size_t size, std::align_val_t alignment) { return counted(size, static_cast<std::size_t>(alignment)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return counted(size, alignof(std::max_align_t)); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return counted(size, alignof(std::max_align_t)); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

namespace tern::engine {
namespace {

using net::Net;
using Ints = std::vector<std::int64_t>;

/// A block with a residual, pools of each kind and activations; `bits` 0: nothing is quantized.
Net residual_net(std::int64_t bits) {
  Net net("residual");
  const auto grid = [&](const std::string& src) {
    return bits == 0 ? src : net.add("q-" + src, "quantize", {src}, {{"bits", bits}});
  };
  net.add("x", "input", {}, {{"shape", Ints{3, 12, 12}}, {"time", false}});
  net.add("conv0", "conv2d", {grid("x")}, {{"out_channels", std::int64_t{20}}, {"padding", std::int64_t{1}}});
  net.add("bn0", "batch_norm", {"conv0"});
  net.add("relu0", "relu", {"bn0"});
  net.add("conv1", "conv2d", {grid("relu0")}, {{"out_channels", std::int64_t{20}}, {"padding", std::int64_t{1}}});
  net.add("sum", "add", {"conv1", "relu0"});
  net.add("relu1", "relu6", {"sum"});
  net.add("max", "max_pool2d", {"relu1"});
  net.add("avg", "avg_pool2d", {"max"}, {{"kernel", std::int64_t{3}}, {"stride", std::int64_t{3}}});
  net.add("gate", "global_avg_pool", {"relu1"});
  net.add("sigmoid", "sigmoid", {"gate"});
  net.add("scaled", "multiply", {"avg", "sigmoid"});
  net.add("both", "concat", {"scaled", "avg"});
  net.add("flat", "flatten", {"both"});
  net.add("fc", "linear", {grid("flat")}, {{"out_features", std::int64_t{10}}, {"bias", true}});
  net.add("p", "softmax", {"fc"});
  return net;
}

Net spiking_net(bool attention) {
  Net net("spiking", 4);
  net.add("x", "input", {}, {{"shape", Ints{2, 16, 16}}});
  net.add("conv1", "conv2d", {"x"}, {{"out_channels", std::int64_t{24}}, {"padding", std::int64_t{1}}});
  net.add("bn1", "batch_norm", {"conv1"});
  net.add("lif1", "lif", {"bn1"});
  std::string last = net.add("pool1", "max_pool2d", {"lif1"});
  if (attention) last = net.add("tcja", "tcja", {last});
  net.add("conv2", "conv2d", {last}, {{"out_channels", std::int64_t{24}}, {"padding", std::int64_t{1}}});
  net.add("if2", "if", {"conv2"});
  net.add("flat", "flatten", {"if2"});
  net.add("fc", "linear", {"flat"}, {{"out_features", std::int64_t{6}}});
  net.add("vote", "vote", {"fc"}, {{"group", std::int64_t{2}}});
  net.add("mean", "mean_time", {"vote"});
  return net;
}

void expect_no_allocation(Net net, int bits) {
  pack::PackedModel model = random_model(std::move(net), bits, 1);
  for (const auto& node : model.net.nodes())
    if (node.op == "quantize") {
      model.tensors.at(node.name + ".scale").values = {4.0F / 256};
      model.tensors.at(node.name + ".zero_point").values = {0.0F};
    }
  const auto program = Program::from(model);
  ASSERT_TRUE(program.ok()) << program.error().message;
  for (const bool spikes : {false, true}) {
    std::vector<float> alone;
    for (const int threads : {1, 2, 3}) {
      auto instance = program->instance(0, threads);
      ASSERT_TRUE(instance.ok());
      const auto input = random_frames(model.net, instance->num_steps(), 1, spikes, 2);
      std::vector<float> output(instance->output_size());
      const std::int64_t before = allocations;
      ASSERT_TRUE(instance->run(input, output));
      EXPECT_EQ(allocations - before, 0) << threads << " threads, " << bits << " bits";
      if (alone.empty()) alone = output;
      EXPECT_EQ(output, alone) << threads << " threads, " << bits << " bits";
    }
  }
}

TEST(Allocation, IsCounted) {
  const std::int64_t before = allocations;
  const std::vector<int> some(100);
  EXPECT_EQ(allocations - before, 1);
}

TEST(Allocation, NoneForFloats) { expect_no_allocation(residual_net(0), 32); }
TEST(Allocation, NoneForFewBitsOnFloats) { expect_no_allocation(residual_net(0), 4); }
TEST(Allocation, NoneForQuantizedNets) {
  for (const int bits : {1, 2, 4, 8, 12}) expect_no_allocation(residual_net(8), bits);
}
TEST(Allocation, NoneForSpikingNets) {
  for (const int bits : {2, 8, 32}) {
    expect_no_allocation(spiking_net(false), bits);
    expect_no_allocation(spiking_net(true), bits);
  }
}

}  // namespace
}  // namespace tern::engine
