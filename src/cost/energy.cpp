#include "cost/energy.hpp"

#include <numeric>

namespace tern::cost {
namespace {

void charge(Price& price, Part part, double operations, double energy_pj) {
  price.accesses[static_cast<std::size_t>(part)] += operations;
  price.energy_pj[static_cast<std::size_t>(part)] += operations * energy_pj;
}

void charge_memories(Price& price, const AccessCounts& counts, const Accelerator& accelerator) {
  for (std::size_t level = 0; level < accelerator.memories.size(); ++level) {
    const MemoryLevel& memory = accelerator.memories[level];
    for (std::size_t tensor = 0; tensor < 4; ++tensor) {
      const double reads = counts.read_bits[level][tensor] / memory.word_bits;
      const double writes = counts.write_bits[level][tensor] / memory.word_bits;
      price.accesses[level * 4 + tensor] = reads + writes;
      price.energy_pj[level * 4 + tensor] = reads * memory.read_energy_pj + writes * memory.write_energy_pj;
    }
  }
}

}  // namespace

double Price::total_pj() const {
  return std::accumulate(energy_pj.begin(), energy_pj.end(), 0.0);
}

std::string part_name(std::size_t part, const Accelerator& accelerator) {
  if (part < static_cast<std::size_t>(Part::noc)) {
    const std::size_t level = part / 4;
    if (level >= accelerator.memories.size()) return {};
    return accelerator.memories[level].name + " " + std::string(name_of(static_cast<Tensor>(part % 4)));
  }
  static constexpr std::array<std::string_view, 8> names{
      "noc", "spad weights", "spad inputs", "spad psums", "multiply", "accumulate", "metadata", "neuron"};
  return std::string(names[part - static_cast<std::size_t>(Part::noc)]);
}

Price price(const AccessCounts& counts, const Workload& work, const Accelerator& accelerator) {
  const ProcessingArray& array = accelerator.array;
  Price price;
  charge_memories(price, counts, accelerator);
  charge(price, Part::noc, counts.noc_bits / accelerator.noc_word_bits, accelerator.noc_energy_pj);
  const Scratchpad* pads[] = {&array.weight, &array.input, &array.psum};
  for (std::size_t pad = 0; pad < 3; ++pad) {
    const Part part = static_cast<Part>(static_cast<std::size_t>(Part::weight_spad) + pad);
    charge(price, part, counts.spad_read_bits[pad] / pads[pad]->word_bits, pads[pad]->read_energy_pj);
    charge(price, part, counts.spad_write_bits[pad] / pads[pad]->word_bits, pads[pad]->write_energy_pj);
  }
  const double width = array.operand_bits, sum_width = work.psum_bits / width;
  const double add_pj = array.accumulate_energy_pj * sum_width;
  charge(price, Part::accumulate, counts.effectual_macs, add_pj);
  if (!work.is_binary)
    charge(price, Part::multiply, counts.effectual_macs,
           array.multiply_energy_pj * (work.weight_bits / width) * (work.src_bits / width));
  charge(price, Part::metadata, counts.decoded_values, accelerator.metadata_energy_pj);
  const double updates = static_cast<double>(work.nest.neurons * at(work.nest.bounds, Dim::t));
  const double leak_pj = work.nest.neuron_op == "lif" ? array.multiply_energy_pj * sum_width : 0;
  charge(price, Part::neuron, updates, add_pj + array.compare_energy_pj * sum_width + leak_pj);
  return price;
}

double cycles_of(const AccessCounts& counts, const Accelerator& accelerator, int* bound) {
  double cycles = counts.compute_cycles;
  if (bound) *bound = -1;
  for (std::size_t level = 0; level < accelerator.memories.size(); ++level) {
    double bits = 0;
    for (std::size_t tensor = 0; tensor < 4; ++tensor)
      bits += counts.read_bits[level][tensor] + counts.write_bits[level][tensor];
    const MemoryLevel& memory = accelerator.memories[level];
    const double needed = bits / memory.word_bits / memory.bandwidth_words_per_cycle;
    if (needed <= cycles) continue;
    cycles = needed;
    if (bound) *bound = static_cast<int>(level);
  }
  return cycles;
}

}  // namespace tern::cost
