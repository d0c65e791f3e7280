// Fuzz target: bytes to samples, as `tern run` reads them, for networks that take images, rows and frames of events.
//
// Each target of the table reads the same bytes under two names, since the name decides where no format is known.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "allocation_limit.hpp"
#include "base/error.hpp"
#include "base/seed.hpp"
#include "formats/samples/sample_file.hpp"
#include "fuzz_target.hpp"
#include "mutations.hpp"

namespace {

using namespace tern;
using formats::SampleTarget;

const SampleTarget targets[] = {
    {{false, {3, 8, 8}}},          {{false, {1, 8, 8}}, 0, 1.0F / 255, true, "x"}, {{false, {4}}},
    {{true, {2, 1, 2}}, 0, 1.0F, false}, {{true, {2, 1, 2}}, 3, 1.0F, false},
};

/// The archive part of a file reads many times its bytes; all else does not.
std::size_t most_bytes(std::string_view bytes, const SampleTarget& target) {
  const std::size_t unpacked = bytes.starts_with("PK") ? formats::most_unpacked_bytes * bytes.size() : bytes.size();
  return formats::least_sample_bytes +
         formats::most_sample_bytes * (unpacked + static_cast<std::size_t>(net::num_elements(target.input.shape)));
}

void read(std::string_view bytes, const char* name, const SampleTarget& target) {
  try {
    const fuzz::AllocationLimit limit("reading samples", most_bytes(bytes, target));
    const formats::Samples samples = formats::read_samples(bytes, name, target);
    const auto values = samples.n * samples.num_steps * net::num_elements(target.input.shape);
    if (samples.n < 1 || samples.num_steps < 1 || static_cast<std::size_t>(values) != samples.frames.size()) std::abort();
    for (const float value : samples.frames)
      if (!std::isfinite(value)) std::abort();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const SampleTarget& target : targets)
    for (const char* name : {"sample.f32", "sample"}) read(bytes, name, target);
  return 0;
}

/// A quarter of the time the header of an array, otherwise bytes anywhere.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  Rng rng(seed);
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t begin = bytes.find('{'), end = bytes.find('}');
  if (rng.below(4) != 0 || begin == std::string::npos || end == std::string::npos || end < begin)
    return LLVMFuzzerMutate(data, size, most);
  std::string header = bytes.substr(begin, end + 1 - begin);
  fuzz::mutate_json(header, header.size() + 64, rng);
  bytes.replace(begin, end + 1 - begin, header);
  bytes.resize(std::min(bytes.size(), most));
  std::memcpy(data, bytes.data(), bytes.size());
  return bytes.size();
}
