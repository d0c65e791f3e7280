#include "learn/ops/keep_mask.hpp"

#include <cmath>

#include "base/seed.hpp"
#include "learn/torch.hpp"

namespace tern::learn::ops {
namespace {

/// values[i] = kept or 0; two draws of 32 bits from each number.
template <typename T>
void draw(T* values, std::int64_t count, double p, std::uint64_t seed, T kept) {
  const auto limit = static_cast<std::uint64_t>(std::llround(p * 4294967296.0));
  Rng rng(seed);
  std::int64_t i = 0;
  for (; i + 1 < count; i += 2) {
    const std::uint64_t bits = rng();
    values[i] = (bits & 0xffffffff) >= limit ? kept : T{0};
    values[i + 1] = (bits >> 32) >= limit ? kept : T{0};
  }
  if (i < count) values[i] = (rng() & 0xffffffff) >= limit ? kept : T{0};
}

}  // namespace

at::Tensor keep_mask(std::int64_t count, double p, std::uint64_t seed) {
  at::Tensor mask = at::empty({count}, at::kByte);
  draw<std::uint8_t>(mask.data_ptr<std::uint8_t>(), count, p, seed, 1);
  return mask;
}

at::Tensor keep_factors(at::IntArrayRef sizes, double p, std::uint64_t seed) {
  at::Tensor factors = at::empty(sizes, at::kFloat);
  draw<float>(factors.data_ptr<float>(), factors.numel(), p, seed, static_cast<float>(1.0 / (1.0 - p)));
  return factors;
}

}  // namespace tern::learn::ops
