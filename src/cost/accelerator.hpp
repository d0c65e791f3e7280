// A described accelerator: memories, compute array, network on chip, sparse abilities and their energies.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "cost/encoding.hpp"

namespace tern::cost {

/// The tensors of one layer. Outputs are partial sums until the last of them is added, then what the next
/// layer reads.
enum class Tensor { weights, inputs, outputs, membrane };
inline constexpr std::array all_tensors{Tensor::weights, Tensor::inputs, Tensor::outputs, Tensor::membrane};
std::string_view name_of(Tensor tensor);

/// One shared memory. A tensor that is not in `holds` bypasses it.
struct MemoryLevel {
  std::string name;
  std::int64_t capacity_bytes = 0;  ///< 0: unbounded (off-chip)
  int word_bits = 64;
  double read_energy_pj = 0;   ///< per word
  double write_energy_pj = 0;  ///< per word
  double bandwidth_words_per_cycle = 1;
  std::array<bool, 4> holds{};      ///< indexed by Tensor
  std::vector<Encoding> encodings;  ///< that it may store, dense always among them
  bool holds_tensor(Tensor tensor) const { return holds[static_cast<std::size_t>(tensor)]; }
};

/// One scratchpad inside a processing element; it stores decoded values, packed.
struct Scratchpad {
  int words = 1;
  int word_bits = 8;
  double read_energy_pj = 0;   ///< per word
  double write_energy_pj = 0;  ///< per word
  std::int64_t capacity_bits() const { return std::int64_t{words} * word_bits; }
};

struct ProcessingArray {
  int rows = 1;
  int cols = 1;
  int macs_per_cycle = 1;           ///< of one element
  double multiply_energy_pj = 0;    ///< one multiplication of operand_bits operands
  double accumulate_energy_pj = 0;  ///< one addition into a partial sum
  double compare_energy_pj = 0;     ///< one threshold comparison
  int operand_bits = 8;             ///< width that the energies above are for
  Scratchpad input, weight, psum;
  std::int64_t count() const { return std::int64_t{rows} * cols; }
};

/// What a zero operand saves. Gating saves energy; skipping saves energy and cycles.
enum class SparseAction { none, gating, skipping };

/// When the steps of a sample are run.
///   step_by_step    every layer at step t before any at t + 1: weights are fetched again each step, and
///   membranes of
///                   all layers persist together
///   layer_by_layer  all steps of a layer before the next layer: T is a loop of the nest like any other
enum class Schedule { step_by_step, layer_by_layer };

struct Accelerator {
  std::string name;
  std::string technology;              ///< a note: node, voltage
  std::vector<std::string> citations;  ///< where the numbers come from
  double clock_mhz = 100;
  Schedule schedule = Schedule::step_by_step;
  std::vector<MemoryLevel> memories;  ///< one or two, off-chip first
  ProcessingArray array;
  int noc_word_bits = 64;
  double noc_energy_pj = 0;       ///< per word delivered to one element
  double metadata_energy_pj = 0;  ///< per non-zero value decoded from a compressed tensor
  int run_length_bits = 4;
  int psum_bits = 0;  ///< width of partial sums and membranes; 0: exact for the layer
  SparseAction on_weights = SparseAction::none;  ///< what zero weights save, where the weights are compressed
  SparseAction on_inputs = SparseAction::none;   ///< what zero inputs save, where the inputs are compressed
};

/// Reads the YAML form (docs/COST_MODEL.md lists its keys). Errors: ErrorKind::usage for unknown keys (with
/// the nearest known one), ErrorKind::bad_data for missing keys and values out of range; `place` comes first
/// in the message.
Accelerator parse_accelerator(std::string_view yaml, std::string_view place = "accelerator");
Accelerator read_accelerator(const std::filesystem::path& path);

}  // namespace tern::cost
