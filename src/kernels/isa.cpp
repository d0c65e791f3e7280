#include "kernels/isa.hpp"

#include <atomic>
#include <cstdlib>

#if defined(TERN_KERNELS_ARM) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#include "base/error.hpp"
#include "kernels/kernel_table.hpp"

namespace tern::kernels {
namespace {

Isa isa_at_start() {
  const char* wanted = std::getenv("TERN_ISA");
  for (const Isa isa : {Isa::dotprod, Isa::neon, Isa::vnni, Isa::avx512, Isa::avx2, Isa::scalar}) {
    if (wanted == nullptr ? !isa_available(isa) : name_of(isa) != wanted) continue;
    if (!isa_available(isa))
      fail(ErrorKind::usage, "TERN_ISA", "'{}' is not available on this processor", wanted);
    return isa;
  }
  fail(ErrorKind::usage, "TERN_ISA", "expected scalar, avx2, avx512, vnni, neon or dotprod, got '{}'", wanted);
}

std::atomic<Isa>& isa_in_use() {
  static std::atomic<Isa> isa{isa_at_start()};
  return isa;
}

}  // namespace

std::string_view name_of(Isa isa) {
  switch (isa) {
    case Isa::scalar: return "scalar";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
    case Isa::vnni: return "vnni";
    case Isa::neon: return "neon";
    case Isa::dotprod: return "dotprod";
  }
  return "?";
}

bool isa_available([[maybe_unused]] Isa isa) {
#ifdef TERN_KERNELS_X86
  if (isa == Isa::avx2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  if (isa == Isa::avx512)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (isa == Isa::vnni)
    return isa_available(Isa::avx512) && __builtin_cpu_supports("avx512vnni") &&
           __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
           __builtin_cpu_supports("avx512bitalg") && __builtin_cpu_supports("avx512vpopcntdq");
#elif defined(TERN_KERNELS_ARM)
  if (isa == Isa::neon) return true;
#ifdef HWCAP_ASIMDDP
  if (isa == Isa::dotprod) return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#endif
#endif
  return isa == Isa::scalar;
}

Isa current_isa() {
  return isa_in_use();
}

void force_isa(Isa isa) {
  if (!isa_available(isa))
    fail(ErrorKind::usage, "", "instruction set '{}' is not available here", name_of(isa));
  isa_in_use() = isa;
}

const KernelTable& kernel_table() {
#ifdef TERN_KERNELS_X86
  const Isa isa = current_isa();
  if (isa >= Isa::avx512) return isa_avx512::table;
  if (isa == Isa::avx2) return isa_avx2::table;
#endif
  return isa_scalar::table;
}

const TrainTable& train_table() {
#ifdef TERN_KERNELS_X86
  const Isa isa = current_isa();
  if (isa >= Isa::avx512) return isa_avx512::train_table;
  if (isa == Isa::avx2) return isa_avx2::train_table;
#endif
  return isa_scalar::train_table;
}

}  // namespace tern::kernels
