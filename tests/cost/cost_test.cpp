#include "cost/cost.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "cost/loop_nest.hpp"
#include "cost/mapping_search.hpp"
#include "cost/workload.hpp"
#include "tiny.hpp"
#include "zoo/architecture.hpp"

namespace tern::cost {
namespace {

Accelerator hardware(const std::string& name) {
  return read_accelerator(std::string(TERN_SOURCE_DIR) + "/hardware/" + name);
}

LayerProfile spiking(int weight_bits, double weight_density, double src_density) {
  LayerProfile layer;
  layer.weight_bits = weight_bits;
  layer.weight_density = weight_density;
  layer.src_bits = 1;
  layer.src_density = layer.dst_density = src_density;
  layer.src_is_binary = true;
  return layer;
}

Profile everywhere(const net::Net& net, const LayerProfile& layer) {
  Profile profile;
  for (const auto& name : profile_names(net)) profile[name] = layer;
  return profile;
}

double sum_pj(const std::vector<Component>& parts) {
  double sum = 0;
  for (const auto& part : parts) sum += part.energy_pj;
  return sum;
}

TEST(CostTest, CountsWhatTheNetCounts) {
  for (const char* name : {"nmnist-conv", "tcja"}) {
    const net::Net net = zoo::find_architecture(name).build({});
    const CostReport report =
        evaluate(net, everywhere(net, spiking(8, 1, 0.1)), hardware("eyeriss-snn.yaml"));
    const net::NetTotals sum = net::totals(net);
    EXPECT_EQ(report.macs, sum.macs_per_step * net.num_steps());
    EXPECT_EQ(report.weights, sum.weights);
    for (const auto& part : report.breakdown) {
      if (part.name != "neuron") continue;
      EXPECT_EQ(part.accesses, static_cast<double>(sum.neuron_updates_per_step * net.num_steps()));
    }
  }
}

TEST(CostTest, CountsConvolutionalNetworksWithoutTime) {
  zoo::ArchitectureOptions cifar{.num_classes = 10, .input_shape = {3, 32, 32}, .width = 0.25};
  LayerProfile dense;
  dense.weight_bits = dense.src_bits = 8;
  for (const char* name : {"resnet20", "mobilenet-v2", "squeezenet", "densenet22"}) {
    const net::Net net = zoo::find_architecture(name).build(cifar);
    for (const char* machine : {"eyeriss-snn.yaml", "edge-mcu.yaml"}) {
      const CostReport report = evaluate(net, everywhere(net, dense), hardware(machine));
      EXPECT_EQ(report.macs, net::totals(net).macs_per_step) << name;
      EXPECT_GT(report.energy_mj, 0) << name;
    }
  }
}

TEST(CostTest, WhatPassesAnActivationAndAPoolIsHandedOn) {
  net::Net net("pooled");
  net.add("x", "input", {}, {{"shape", std::vector<std::int64_t>{2, 6, 6}}, {"time", false}});
  net.add("conv", "conv2d", {"x"}, {{"out_channels", 4}});
  net.add("act", "hard_swish", {"conv"});
  net.add("pool", "global_avg_pool", {"act"});
  net.add("fc", "linear", {"pool"}, {{"out_features", 3}});
  EXPECT_EQ(loop_nests(net, net.node("conv"))[0].dst_elements, 4);
  EXPECT_FALSE(loop_nests(net, net.node("fc"))[0].reads_net_input);
}

TEST(CostTest, BreakdownsAddUp) {
  const net::Net net = zoo::find_architecture("nmnist-conv").build({});
  for (const char* name : {"eyeriss-snn.yaml", "edge-mcu.yaml"}) {
    const CostReport report = evaluate(net, everywhere(net, spiking(4, 0.5, 0.1)), hardware(name));
    double layers = 0, cycles = 0;
    for (const auto& layer : report.layers) {
      EXPECT_NEAR(sum_pj(layer.breakdown) / layer.energy_pj, 1, 1e-12);
      EXPECT_GT(layer.utilization, 0) << layer.node;
      EXPECT_LE(layer.utilization, 1);
      layers += layer.energy_pj;
      cycles += layer.cycles;
    }
    EXPECT_NEAR(sum_pj(report.breakdown) / layers, 1, 1e-12);
    EXPECT_NEAR(report.energy_mj / (layers * 1e-9), 1, 1e-12);
    EXPECT_DOUBLE_EQ(report.cycles, cycles);
    EXPECT_DOUBLE_EQ(report.edp_mj_ms, report.energy_mj * report.latency_ms);
  }
}

TEST(CostTest, DensityOneIsDense) {
  const net::Net net = tiny_net();
  Accelerator accelerator = tiny_accelerator(4);
  const CostOptions compressed{.encoding = {Encoding::bitmask, Encoding::bitmask}};
  accelerator.on_weights = accelerator.on_inputs = SparseAction::skipping;
  const CostReport report = evaluate(net, everywhere(net, spiking(8, 1, 1)), accelerator, compressed);
  for (const auto& layer : report.layers) EXPECT_EQ(layer.macs_effectual, layer.macs_dense);
  const CostReport half = evaluate(net, everywhere(net, spiking(8, 0.5, 0.25)), accelerator, compressed);
  for (const auto& layer : half.layers) EXPECT_DOUBLE_EQ(layer.macs_effectual, layer.macs_dense / 8.0);
}

TEST(CostTest, FewerBitsAndMoreZerosNeverCostMore) {
  const net::Net net = zoo::find_architecture("nmnist-conv").build({});
  for (const Schedule schedule : {Schedule::layer_by_layer, Schedule::step_by_step}) {
    Accelerator accelerator = hardware("eyeriss-snn.yaml");
    accelerator.schedule = schedule;
    const auto energy = [&](int bits, double weight_density, double src_density) {
      const CostOptions options{.objective = Objective::energy, .encoding = {}};
      return evaluate(net, everywhere(net, spiking(bits, weight_density, src_density)), accelerator, options)
          .energy_mj;
    };
    double last = 0;
    for (int bits = 1; bits <= 16; ++bits) {
      const double now = energy(bits, 0.6, 0.1);
      EXPECT_GE(now, last) << bits;
      last = now;
    }
    last = 0;
    for (double density = 0; density <= 1; density += 1.0 / 16) {
      const double now = energy(8, density, 0.1);
      EXPECT_GE(now, last * (1 - 1e-12)) << density;
      last = now;
    }
    last = 0;
    for (double density = 0; density <= 1; density += 1.0 / 16) {
      const double now = energy(8, 0.5, density);
      EXPECT_GE(now, last * (1 - 1e-12)) << density;
      last = now;
    }
  }
}

TEST(CostTest, MappingsFitAndRepeat) {
  const net::Net net = zoo::find_architecture("tcja").build({});
  const Profile profile = everywhere(net, spiking(8, 0.3, 0.1));
  const Accelerator accelerator = hardware("eyeriss-snn.yaml");
  for (const auto& node : net.nodes())
    for (const auto& nest : loop_nests(net, node))
      for (const auto& encoded : encoded_workloads(nest, profile.at(node.name), accelerator, {})) {
        const auto mapped = search_mapping(encoded.work, accelerator, Objective::edp);
        ASSERT_TRUE(mapped);
        EXPECT_TRUE(fits(encoded.work, mapped->mapping, accelerator)) << node.name;
        EXPECT_LE(buffer_bits(encoded.work, mapped->mapping, accelerator), 12800 * 64) << node.name;
      }
  EXPECT_EQ(to_json(evaluate(net, profile, accelerator)), to_json(evaluate(net, profile, accelerator)));
}

TEST(CostTest, TheSearchFindsWeightsThatStay) {
  // 1.8 million weights of 8 bits: layer by layer each comes once; step by step each comes once a step.
  const net::Net net = zoo::find_architecture("tcja").build({});
  const Profile profile = everywhere(net, spiking(8, 1, 0.05));
  Accelerator accelerator = hardware("eyeriss-snn.yaml");
  const auto dram_weight_words = [&](Schedule schedule) {
    accelerator.schedule = schedule;
    const CostReport report = evaluate(net, profile, accelerator, {.encoding = {Encoding::dense, {}}});
    for (const auto& part : report.breakdown)
      if (part.name == "dram weights") return part.accesses;
    return 0.0;
  };
  EXPECT_DOUBLE_EQ(dram_weight_words(Schedule::layer_by_layer), 1831296 / 8.0);
  const double attention = 2 * (20 * 20 * 4 + 128 * 128 * 4);  // spans time: once a sample
  EXPECT_DOUBLE_EQ(dram_weight_words(Schedule::step_by_step), (20 * (1831296 - attention) + attention) / 8);
}

TEST(CostTest, MultiplicationsOnlyWhereTheInputIsNotBinary) {
  const net::Net net = tiny_net();
  Profile profile = everywhere(net, spiking(8, 1, 1));
  profile["conv1"].src_is_binary = false;
  const CostReport report = evaluate(net, profile, tiny_accelerator(4));
  const auto multiplications = [](const LayerCost& layer) {
    for (const auto& part : layer.breakdown)
      if (part.name == "multiply") return part.accesses;
    return 0.0;
  };
  EXPECT_EQ(multiplications(report.layers.at(0)), report.layers[0].macs_dense);
  EXPECT_EQ(multiplications(report.layers.at(1)), 0);
}

TEST(CostTest, NeuronsWithoutAKernelAndGroups) {
  net::Net net("grouped", 3);
  net.add("input", "input", {}, {{"shape", std::vector<std::int64_t>{4, 6, 6}}});
  net.add("lif0", "lif", {"input"});
  net.add("conv1", "conv2d", {"lif0"}, {{"out_channels", 4}, {"padding", 1}, {"groups", 4}});
  const CostReport report = evaluate(net, everywhere(net, spiking(8, 1, 1)), tiny_accelerator(4));
  ASSERT_EQ(report.layers.size(), 2U);
  EXPECT_EQ(report.macs, net::totals(net).macs_per_step * 3);
  EXPECT_EQ(report.layers[0].weight_bits_stored, 4 * 9 * 8);
  EXPECT_EQ(report.layers[1].node, "lif0");
  EXPECT_GT(report.layers[1].energy_pj, 0);
  EXPECT_EQ(report.layers[1].macs_dense, 0);
}

TEST(CostTest, RefusesWhatItCannotAnswer) {
  const net::Net net = tiny_net();
  const Accelerator tiny = tiny_accelerator();
  EXPECT_EQ(message_of([&] { evaluate(tiny_net(0), {}, tiny); }),
            "net 'tiny': a cost is of one sample: the Net must state num_steps");
  EXPECT_EQ(message_of([&] {
              evaluate(net, {{"conv2", {}}}, tiny);
            }),
            "profile: unknown node 'conv2': did you mean 'conv1'? (known: conv1, fc1)");
  LayerProfile wild;
  wild.weight_density = 2;
  EXPECT_EQ(message_of([&] {
              evaluate(net, {{"fc1", wild}}, tiny);
            }),
            "profile: fc1: expected a density in [0, 1], got 2");
  EXPECT_EQ(message_of([&] {
              evaluate(net, {}, hardware("edge-mcu.yaml"), {.encoding = {Encoding::rle, {}}});
            }),
            "node 'conv1' (conv2d): edge-mcu cannot store its weights as rle");
  const net::Net large = zoo::find_architecture("tcja").build({});
  EXPECT_EQ(message_of([&] { evaluate(large, {}, hardware("edge-mcu.yaml")); }),
            "node 'conv1' (conv2d): no mapping fits the scratchpads and the on-chip memory of edge-mcu");
}

TEST(CostTest, WeightsMustFitTheirMemory) {
  Accelerator accelerator = tiny_accelerator();
  accelerator.memories[0].capacity_bytes = 100;
  EXPECT_EQ(message_of([&] { evaluate(tiny_net(), everywhere(tiny_net(), spiking(8, 1, 1)), accelerator); }),
            "net 'tiny': 180 bytes of weights do not fit into the 100 bytes of dram");
}

TEST(CostTest, ReportsAsTableAndJson) {
  const net::Net net = tiny_net();
  const CostReport report = evaluate(net, {}, tiny_accelerator());
  const auto json = nlohmann::json::parse(to_json(report));
  for (const char* key :
       {"weights", "macs", "energy_mj", "cycles", "latency_ms", "edp", "breakdown", "layers"})
    EXPECT_TRUE(json.contains(key)) << key;
  EXPECT_EQ(json["macs"], report.macs);
  EXPECT_EQ(json["layers"].size(), 2U);
  EXPECT_NE(to_table(report).find("conv1"), std::string::npos);
}

}  // namespace
}  // namespace tern::cost
