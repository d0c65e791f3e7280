#include <algorithm>

#include "base/atomic_file.hpp"
#include "base/error.hpp"
#include "cost/accelerator.hpp"
#include "cost/yaml_map.hpp"

namespace tern::cost {
namespace {

constexpr double max_energy_pj = 1e6;

template <typename Value>
Value choose(YamlMap& map, const std::string& key, std::string fallback,
             const std::vector<std::pair<std::string, Value>>& choices) {
  const std::string text = map.text_or(key, std::move(fallback));
  std::vector<std::string> known;
  for (const auto& [name, value] : choices) {
    if (name == text) return value;
    known.push_back(name);
  }
  fail_unknown("value", text, known, map.place_of(key));
}

MemoryLevel read_memory(YamlMap map) {
  MemoryLevel level;
  level.name = map.text("name");
  level.capacity_bytes = map.integer_or("capacity_bytes", 0, 0, std::int64_t{1} << 50);
  level.word_bits = static_cast<int>(map.integer("word_bits", 1, 4096));
  level.read_energy_pj = map.real("read_energy_pj", 0, max_energy_pj);
  level.write_energy_pj = map.real("write_energy_pj", 0, max_energy_pj);
  level.bandwidth_words_per_cycle = map.real("bandwidth_words_per_cycle", 1e-6, 1e6);
  const std::vector<std::string> known{"weights", "inputs", "outputs", "membrane"};
  for (const auto& name : map.texts_or_empty("holds")) {
    const auto found = std::find(known.begin(), known.end(), name);
    if (found == known.end()) fail_unknown("tensor", name, known, map.place_of("holds"));
    level.holds[static_cast<std::size_t>(found - known.begin())] = true;
  }
  level.encodings.push_back(Encoding::dense);
  for (const auto& name : map.texts_or_empty("encodings")) {
    const Encoding encoding = find_encoding(name, map.place_of("encodings"));
    if (encoding != Encoding::dense) level.encodings.push_back(encoding);
  }
  map.finish();
  return level;
}

Scratchpad read_scratchpad(YamlMap map) {
  Scratchpad pad;
  pad.words = static_cast<int>(map.integer("words", 1, 1 << 24));
  pad.word_bits = static_cast<int>(map.integer("word_bits", 1, 4096));
  pad.read_energy_pj = map.real("read_energy_pj", 0, max_energy_pj);
  pad.write_energy_pj = map.real("write_energy_pj", 0, max_energy_pj);
  map.finish();
  return pad;
}

ProcessingArray read_array(YamlMap map) {
  ProcessingArray array;
  array.rows = static_cast<int>(map.integer("rows", 1, 1 << 14));
  array.cols = static_cast<int>(map.integer("cols", 1, 1 << 14));
  array.macs_per_cycle = static_cast<int>(map.integer_or("macs_per_cycle", 1, 1, 1 << 14));
  array.operand_bits = static_cast<int>(map.integer("operand_bits", 1, 64));
  array.multiply_energy_pj = map.real("multiply_energy_pj", 0, max_energy_pj);
  array.accumulate_energy_pj = map.real("accumulate_energy_pj", 0, max_energy_pj);
  array.compare_energy_pj = map.real("compare_energy_pj", 0, max_energy_pj);
  array.input = read_scratchpad(map.map("input_spad"));
  array.weight = read_scratchpad(map.map("weight_spad"));
  array.psum = read_scratchpad(map.map("psum_spad"));
  map.finish();
  return array;
}

void read_sparse_actions(YamlMap map, Accelerator& accelerator) {
  const std::vector<std::pair<std::string, SparseAction>> actions{
      {"none", SparseAction::none}, {"gating", SparseAction::gating}, {"skipping", SparseAction::skipping}};
  accelerator.on_weights = choose(map, "on_weights", "none", actions);
  accelerator.on_inputs = choose(map, "on_inputs", "none", actions);
  map.finish();
}

void check_memories(const Accelerator& accelerator, const std::string& place) {
  const auto count = accelerator.memories.size();
  if (count < 1 || count > 2)
    fail(ErrorKind::bad_data, place, "memories: expected one or two levels, off-chip first, got {}", count);
  for (const Tensor tensor : all_tensors) {
    const auto holds = [&](const MemoryLevel& level) { return level.holds_tensor(tensor); };
    if (std::none_of(accelerator.memories.begin(), accelerator.memories.end(), holds))
      fail(ErrorKind::bad_data, place, "memories: no level holds {}", name_of(tensor));
  }
  if (count == 2 && accelerator.memories[0].name == accelerator.memories[1].name)
    fail(ErrorKind::bad_data, place, "memories: two levels are called '{}'", accelerator.memories[0].name);
}

}  // namespace

Accelerator parse_accelerator(std::string_view yaml, std::string_view place) {
  YamlMap map(parse_yaml_map(yaml, place), std::string(place));
  Accelerator accelerator;
  accelerator.name = map.text("name");
  accelerator.technology = map.text_or("technology", "");
  accelerator.citations = map.texts_or_empty("citations");
  accelerator.clock_mhz = map.real("clock_mhz", 1e-3, 1e5);
  accelerator.schedule = choose<Schedule>(
      map, "schedule", "step_by_step",
      {{"step_by_step", Schedule::step_by_step}, {"layer_by_layer", Schedule::layer_by_layer}});
  for (auto& level : map.maps("memories")) accelerator.memories.push_back(read_memory(level));
  check_memories(accelerator, std::string(place));
  accelerator.array = read_array(map.map("array"));
  if (map.has("noc")) {
    YamlMap noc = map.map("noc");
    accelerator.noc_word_bits = static_cast<int>(noc.integer("word_bits", 1, 4096));
    accelerator.noc_energy_pj = noc.real("energy_pj", 0, max_energy_pj);
    noc.finish();
  }
  accelerator.metadata_energy_pj = map.real_or("metadata_energy_pj", 0, 0, max_energy_pj);
  accelerator.run_length_bits = static_cast<int>(map.integer_or("run_length_bits", 4, 1, 16));
  accelerator.psum_bits = static_cast<int>(map.integer_or("psum_bits", 0, 0, 64));
  if (map.has("sparse_actions")) read_sparse_actions(map.map("sparse_actions"), accelerator);
  map.finish();
  return accelerator;
}

Accelerator read_accelerator(const std::filesystem::path& path) {
  return parse_accelerator(read_file(path), path.string());
}

}  // namespace tern::cost
