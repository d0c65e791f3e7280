// Which instruction set the kernels run on.
//
// Each kernel exists once in source and is compiled once for each set; the processor's best one is taken at first use.
#pragma once

#include <cstdint>
#include <string_view>

namespace tern::kernels {

/// `scalar` is the compiler's baseline: SSE2 on x86-64, NEON on 64-bit ARM. `avx512` has F, BW, VL and DQ; `vnni` adds
/// VNNI, VBMI, VBMI2, BITALG and VPOPCNTDQ (Ice Lake, Zen 4 and later).
enum class Isa : std::uint8_t { scalar, avx2, avx512, vnni };

std::string_view name_of(Isa isa);

/// Whether this build and this processor have it.
bool isa_available(Isa isa);

/// The set in use: the best available one, or that of the environment variable TERN_ISA=scalar|avx2|avx512|vnni, read once.
/// Errors: ErrorKind::usage when TERN_ISA names an unknown or unavailable set.
Isa current_isa();

/// Uses `isa` from now on, for tests and benchmarks; not while kernels run. Errors: ErrorKind::usage if unavailable.
void force_isa(Isa isa);

/// The function (or table) of the best set that is both in use and given; null where a kernel has no unit of its own.
/// Only `scalar` must not be null.
template <class T>
T for_isa(T scalar, [[maybe_unused]] T avx2, [[maybe_unused]] T avx512, [[maybe_unused]] T vnni) {
  const Isa isa = current_isa();
  if (isa >= Isa::vnni && vnni != nullptr) return vnni;
  if (isa >= Isa::avx512 && avx512 != nullptr) return avx512;
  if (isa >= Isa::avx2 && avx2 != nullptr) return avx2;
  return scalar;
}

}  // namespace tern::kernels
