// Which instruction set the kernels run on.
//
// Each kernel exists once in source and is compiled once for each set; the processor's best one is taken at first use.
#pragma once

#include <cstdint>
#include <string_view>

namespace tern::kernels {

/// `scalar` is the compiler's baseline: SSE2 on x86-64, NEON on 64-bit ARM.
enum class Isa : std::uint8_t { scalar, avx2, avx512 };

std::string_view name_of(Isa isa);

/// Whether this build and this processor have it.
bool isa_available(Isa isa);

/// The set in use: the best available one, or that of the environment variable TERN_ISA=scalar|avx2|avx512, read once.
/// Errors: ErrorKind::usage when TERN_ISA names an unknown or unavailable set.
Isa current_isa();

/// Uses `isa` from now on, for tests and benchmarks; not while kernels run. Errors: ErrorKind::usage if unavailable.
void force_isa(Isa isa);

}  // namespace tern::kernels
