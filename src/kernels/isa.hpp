// Which instruction set the kernels run on.
//
// Each kernel exists once in source and is compiled once for each set; the processor's best one is taken at first use.
#pragma once

#include <cstdint>
#include <string_view>

namespace tern::kernels {

/// `scalar` is what the compiler makes of plain loops: SSE2 on x86-64, NEON on 64-bit ARM. On x86-64 `avx512` has F, BW, VL
/// and DQ; `vnni` adds VNNI, VBMI, VBMI2, BITALG and VPOPCNTDQ (Ice Lake, Zen 4 and later). On 64-bit ARM `neon` is units of
/// intrinsics on the baseline, and `dotprod` adds SDOT (ARMv8.2 with the dot product extension).
enum class Isa : std::uint8_t { scalar, avx2, avx512, vnni, neon, dotprod };
inline constexpr Isa all_isas[] = {Isa::scalar, Isa::avx2, Isa::avx512, Isa::vnni, Isa::neon, Isa::dotprod};

std::string_view name_of(Isa isa);

/// Whether this build and this processor have it.
bool isa_available(Isa isa);

/// The set in use: the best available one, or that of the environment variable TERN_ISA=NAME, read once.
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

/// The same on ARM.
template <class T>
T for_isa(T scalar, T neon, T dotprod) {
  const Isa isa = current_isa();
  if (isa == Isa::dotprod && dotprod != nullptr) return dotprod;
  return isa >= Isa::neon && neon != nullptr ? neon : scalar;
}

}  // namespace tern::kernels
