// Fuzz target: bytes to a packed model, to a program, to the scores of one sample.
//
// The file's checksum would hide all that lies behind it, so it is made right first. Reading may allocate what
// pack/model_file.hpp promises, planning and running `most_bytes`; networks too large for that are only read.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <iterator>
#include <string>
#include <vector>

#include "allocation_limit.hpp"
#include "base/error.hpp"
#include "base/hash.hpp"
#include "engine/program.hpp"
#include "fuzz_target.hpp"
#include "mutations.hpp"
#include "pack/model_file.hpp"
#include "pack/safetensors.hpp"

namespace {

using namespace tern;

constexpr std::size_t most_bytes = std::size_t{256} << 20;
constexpr std::size_t least_bytes = 1 << 16;  // of bookkeeping, however short the file
constexpr std::int64_t most_elements = 1 << 20, most_macs = 1 << 26;

/// As docs/FORMAT.md defines it.
template <class File>
std::string checksum(const File& file) {
  std::uint64_t hash = fnv1a_64("tern");
  const auto mix = [&hash](std::string_view part) {
    const std::uint64_t length = part.size();
    hash = fnv1a_64(part, fnv1a_64({reinterpret_cast<const char*>(&length), sizeof length}, hash));
  };
  for (const auto& [key, value] : file.metadata)
    if (key != "tern.checksum") mix(key), mix(value);
  for (const auto& [name, tensor] : file.tensors)
    mix(name), mix(tensor.dtype), mix(net::to_string(tensor.shape)), mix(tensor.bytes);
  return to_hex(hash);
}

/// Writes the right checksum over the 16 digits that are there.
void repair(std::string& bytes) {
  constexpr std::string_view key = "\"tern.checksum\":\"";
  const auto found = bytes.find(key);
  if (found == std::string::npos || bytes.size() - found - key.size() < 16) return;
  try {
    bytes.replace(found + key.size(), 16, checksum(pack::view_bytes(bytes)));
  } catch (const Error&) {
  }
}

/// Whether one sample is soon run in little memory.
bool is_small(const net::Net& net, std::int64_t num_steps) {
  std::int64_t elements = 0, macs = 0;
  for (const auto& node : net.nodes()) {
    elements += net::num_elements(net.type(node.name).shape);
    const std::int64_t work = net.work(node).macs;
    if (work > most_macs || elements > most_elements) return false;
    macs += work;
  }
  return elements <= most_elements / num_steps && macs <= most_macs / num_steps;
}

void run(const pack::PackedModel& model) {
  const std::int64_t num_steps = std::max<std::int64_t>(1, model.net.num_steps());
  if (!is_small(model.net, num_steps)) return;
  const fuzz::AllocationLimit limit("planning and running", most_bytes);
  const net::TensorType& input = model.net.type(model.net.input().name);
  const std::int64_t steps = input.has_time ? num_steps : 1;
  std::vector<float> frames(static_cast<std::size_t>(steps * net::num_elements(input.shape)));
  for (std::size_t i = 0; i < frames.size(); ++i) frames[i] = static_cast<float>(i * 7 % 5) - 1.0F;
  for (const bool fuse : {true, false}) {
    engine::Options options;
    options.fuse = fuse;
    options.measure = false;
    const auto program = engine::Program::from(model, options);
    if (program) (void)program->run(frames, steps, 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  repair(bytes);
  try {
    const pack::PackedModel model = [&] {
      const fuzz::AllocationLimit limit("reading", least_bytes + pack::most_bytes_a_byte * size);
      return pack::model_from_bytes(bytes);
    }();
    if (pack::to_bytes(pack::model_from_bytes(pack::to_bytes(model))) != pack::to_bytes(model)) std::abort();
    run(model);
  } catch (const Error&) {
  }
  return 0;
}

/// Half of the time the file is taken apart, one of its texts or tensors changed, and put together again.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  Rng rng(seed);
  std::string bytes(reinterpret_cast<const char*>(data), size);
  try {
    if (rng.below(8) < 2) throw Error(ErrorKind::usage, "whole");
    pack::SafeTensors file = pack::from_bytes(bytes);
    const auto pick = [&rng](auto& map) { return std::next(map.begin(), static_cast<std::ptrdiff_t>(rng.below(map.size()))); };
    if (file.tensors.empty() || (rng.below(2) == 0 && !file.metadata.empty())) {
      fuzz::mutate_json(pick(file.metadata)->second, most, rng);
    } else if (const auto tensor = pick(file.tensors); rng.below(16) == 0) {
      file.tensors.erase(tensor);
    } else {
      fuzz::mutate_bytes(tensor->second.bytes, most, rng);
      if (tensor->second.dtype == "U8") tensor->second.shape = {static_cast<std::int64_t>(tensor->second.bytes.size())};
      else tensor->second.bytes.resize(pack::from_bytes(bytes).tensors.at(tensor->first).bytes.size());
    }
    bytes = pack::to_bytes(file);
  } catch (const Error&) {
    return LLVMFuzzerMutate(data, size, most);
  }
  if (bytes.size() > most) bytes.resize(most);
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
