// Spikes as bits: 1/32 of the memory for what backward must keep.
#pragma once

#include <cstdint>

namespace tern::kernels {

/// Words of 64 bits that hold n elements.
constexpr std::int64_t packed_spike_words(std::int64_t n) { return (n + 63) / 64; }

/// bits[i / 64] bit i % 64 = (x[i] == 1), i < n; bits past n are 0. Returns whether every x was exactly 0 or 1
/// (-0 counts as 0); when false, `bits` is not a faithful copy and the caller keeps x instead.
/// x is [n], bits [packed_spike_words(n)].
bool pack_spikes(std::int64_t n, const float* x, std::uint64_t* bits);

/// x[i] = 1 where bit i is set, else 0: the inverse of pack_spikes.
void unpack_spikes(std::int64_t n, const std::uint64_t* bits, float* x);

}  // namespace tern::kernels
