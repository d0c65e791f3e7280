#include "cost/reuse.hpp"

#include <gtest/gtest.h>

#include "cost/energy.hpp"
#include "tiny.hpp"

namespace tern::cost {
namespace {

constexpr std::size_t dram = 0, glb = 1;
std::size_t of(Tensor tensor) {
  return static_cast<std::size_t>(tensor);
}

using Order = std::array<Dim, num_dims>;
const Order c_outside_m{Dim::t, Dim::c, Dim::m, Dim::p, Dim::q, Dim::r, Dim::s};
const Order m_outside_c{Dim::t, Dim::m, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s};

/// A linear layer of 4 inputs and 2 outputs: 8-bit weights and inputs, 16-bit sums.
Workload linear_workload() {
  Workload work;
  work.nest.bounds = {4, 2, 1, 1, 1, 1, 1};
  work.nest.dst_elements = 2;
  work.weight_bits = work.src_bits = 8;
  work.psum_bits = 16;
  work.weight_stored_bits = work.input_stored_bits = 8;
  work.dst_stored_bits = 16;
  work.weight_nonzeros = work.input_nonzeros = 0;
  work.inner = {0, 1, 1, 1};
  return work;
}

Mapping linear_mapping(std::int64_t m, const Order& inner) {
  Mapping mapping;
  mapping.element = {2, m, 1, 1, 1, 1, 1};
  mapping.buffer = {4, 2, 1, 1, 1, 1, 1};
  mapping.outer_order = m_outside_c;
  mapping.inner_order = inner;
  return mapping;
}

TEST(ReuseTest, LinearLayerByHand) {
  // An element holds 2 x 2 weights and both sums; two rounds over the channels.
  const auto accelerator = tiny_accelerator();
  const AccessCounts counts = count_accesses(linear_workload(), linear_mapping(2, c_outside_m), accelerator);
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::weights)], 8 * 8);
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::inputs)], 4 * 8);
  EXPECT_EQ(counts.write_bits[glb][of(Tensor::inputs)], 4 * 8);
  EXPECT_EQ(counts.read_bits[glb][of(Tensor::inputs)], 4 * 8);
  EXPECT_EQ(counts.read_bits[glb][of(Tensor::outputs)], 0) << "sums stay in the element";
  EXPECT_EQ(counts.write_bits[dram][of(Tensor::outputs)], 2 * 16);
  EXPECT_EQ(counts.noc_bits, 8 * 8 + 4 * 8 + 2 * 16);
  EXPECT_EQ(counts.spad_read_bits, (std::array<double, 3>{8 * 8, 8 * 8, 8 * 16}));
  EXPECT_EQ(counts.spad_write_bits, (std::array<double, 3>{8 * 8, 4 * 8, 8 * 16}));
  EXPECT_EQ(counts.effectual_macs, 8);
  EXPECT_EQ(counts.compute_cycles, 8);
  EXPECT_EQ(counts.utilization, 1);
}

TEST(ReuseTest, LoopOrderDecidesWhatComesAgain) {
  // One sum an element: either sums leave unfinished between channel rounds, or inputs come once an output.
  const auto accelerator = tiny_accelerator();
  const AccessCounts sums_leave =
      count_accesses(linear_workload(), linear_mapping(1, c_outside_m), accelerator);
  EXPECT_EQ(sums_leave.read_bits[glb][of(Tensor::outputs)], 2 * 16);
  EXPECT_EQ(sums_leave.write_bits[glb][of(Tensor::outputs)], 2 * 16);
  EXPECT_EQ(sums_leave.read_bits[glb][of(Tensor::inputs)], 4 * 8);
  const AccessCounts inputs_again =
      count_accesses(linear_workload(), linear_mapping(1, m_outside_c), accelerator);
  EXPECT_EQ(inputs_again.read_bits[glb][of(Tensor::outputs)], 0);
  EXPECT_EQ(inputs_again.read_bits[glb][of(Tensor::inputs)], 2 * 4 * 8);
  EXPECT_EQ(inputs_again.read_bits[dram][of(Tensor::inputs)], 4 * 8) << "the buffer keeps them";
}

TEST(ReuseTest, SpatialSharingIsOneReadAndManyDeliveries) {
  // Both outputs at once on two elements: the inputs are multicast.
  Mapping mapping = linear_mapping(1, m_outside_c);
  mapping.spatial = {1, 2, 1, 1, 1, 1, 1};
  const AccessCounts counts = count_accesses(linear_workload(), mapping, tiny_accelerator(2));
  EXPECT_EQ(counts.read_bits[glb][of(Tensor::inputs)], 4 * 8);
  EXPECT_EQ(counts.spad_write_bits[1], 2 * 4 * 8);
  EXPECT_EQ(counts.compute_cycles, 4);
}

TEST(ReuseTest, TilesOfAnImageOverlap) {
  // 6x6 image, 3x3 kernel, 4x4 results in two tiles of 2 rows: each reads 4 rows, 8 in all.
  Workload work = linear_workload();
  work.nest.bounds = {1, 1, 3, 3, 4, 4, 1};
  work.nest.src_h = work.nest.src_w = 6;
  Mapping mapping;
  mapping.element = {1, 1, 3, 3, 1, 1, 1};
  mapping.buffer = {1, 1, 3, 3, 2, 4, 1};
  mapping.outer_order = mapping.inner_order = m_outside_c;
  const AccessCounts counts = count_accesses(work, mapping, tiny_accelerator());
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::inputs)], 8 * 6 * 8);
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::weights)], 9 * 8) << "rows slide past the weights";
  mapping.buffer = {1, 1, 3, 3, 4, 4, 1};
  EXPECT_EQ(count_accesses(work, mapping, tiny_accelerator()).read_bits[dram][of(Tensor::inputs)], 36 * 8);
  EXPECT_EQ(buffer_bits(work, mapping, tiny_accelerator()), 36 * 8);
  // With padding 1 the same image gives 6x6 results, and padding is never read.
  work.nest.bounds = {1, 1, 3, 3, 6, 6, 1};
  mapping.buffer = {1, 1, 3, 3, 6, 6, 1};
  EXPECT_EQ(count_accesses(work, mapping, tiny_accelerator()).read_bits[dram][of(Tensor::inputs)], 36 * 8);
}

TEST(ReuseTest, MembranesStayWhileTimeIsTheInnerLoop) {
  Workload work = linear_workload();
  work.nest.bounds = {4, 2, 1, 1, 1, 1, 5};
  work.nest.neurons = 2;
  work.nest.neuron_op = "lif";
  Mapping mapping = linear_mapping(2, c_outside_m);
  mapping.buffer = {4, 1, 1, 1, 1, 1, 1};  // one output and one step a tile
  mapping.outer_order = {Dim::m, Dim::t, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s};
  AccessCounts counts = count_accesses(work, mapping, tiny_accelerator());
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::membrane)], 0);
  EXPECT_EQ(counts.read_bits[glb][of(Tensor::membrane)], 2 * 5 * 16);
  mapping.outer_order = {Dim::t, Dim::m, Dim::c, Dim::p, Dim::q, Dim::r, Dim::s};
  counts = count_accesses(work, mapping, tiny_accelerator());
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::membrane)], 2 * 4 * 16) << "all visits but the first";
  EXPECT_EQ(counts.read_bits[glb][of(Tensor::membrane)], 0);
  EXPECT_EQ(counts.read_bits[dram][of(Tensor::weights)], 5 * 8 * 8) << "weights come again each step";
}

TEST(ReuseTest, GatingSavesEnergyAndSkippingSavesBoth) {
  const auto accelerator = tiny_accelerator();
  const Mapping mapping = linear_mapping(2, c_outside_m);
  Workload work = linear_workload();
  const AccessCounts dense = count_accesses(work, mapping, accelerator);
  work.weight_factor = 0.5;
  work.input_factor = 0.25;
  const AccessCounts gated = count_accesses(work, mapping, accelerator);
  EXPECT_EQ(gated.effectual_macs, 1);
  EXPECT_EQ(gated.compute_cycles, dense.compute_cycles);
  EXPECT_LT(price(gated, work, accelerator).total_pj(), price(dense, work, accelerator).total_pj());
  work.weights_skip = work.inputs_skip = true;
  const AccessCounts skipped = count_accesses(work, mapping, accelerator);
  EXPECT_EQ(skipped.compute_cycles, dense.compute_cycles / 8);
  EXPECT_LT(price(skipped, work, accelerator).total_pj(), price(gated, work, accelerator).total_pj());
}

}  // namespace
}  // namespace tern::cost
