#include "kernels/graph/spmm.hpp"

#include <atomic>
#include <vector>

#include "base/threads.hpp"
#include "kernels/graph/sddmm.hpp"
#include "kernels/graph/spmm_job.hpp"
#include "kernels/isa.hpp"

namespace tern::kernels {
namespace {

using RowsFunction = void (*)(const SpmmJob&, std::int64_t, std::int64_t, float*);

constexpr std::int64_t chunk_cost = 4096;  // entries and rows that one thread takes at a time
constexpr std::int64_t least_parallel =
    1 << 16;  // products of floats below which threads cost more than they bring
constexpr std::int64_t entries_ahead = 12;      // measured: 6 to 32 differ little, fewer and more are slower
constexpr std::int64_t near_bytes = 1 << 19;    // a src of this size stays in the caches by itself
constexpr std::int64_t stream_bytes = 1 << 24;  // a dst of this size would push src out of them

/// The first row at which entries and rows so far reach `cost`.
std::int64_t row_at(const Csr& a, std::int64_t cost) {
  std::int64_t low = 0, high = a.rows;
  while (low < high) {
    const std::int64_t middle = (low + high) / 2;
    if (a.rowptr[middle] + middle < cost)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/// Calls body(first row, last row, scratch) for chunks of about equal cost, each on any thread.
template <typename Body>
void for_each_chunk(const Csr& a, std::int64_t work, const Body& body) {
  const std::int64_t cost = a.rowptr[a.rows] + a.rows, chunks = (cost + chunk_cost - 1) / chunk_cost;
  std::atomic<std::int64_t> next{0};
  parallel_for(work < least_parallel ? 1 : num_threads(), 1, [&](std::int64_t, std::int64_t) {
    std::vector<float> scratch;
    for (std::int64_t chunk = next++; chunk < chunks; chunk = next++) {
      const std::int64_t first = row_at(a, chunk * chunk_cost);
      const std::int64_t last = chunk + 1 == chunks ? a.rows : row_at(a, (chunk + 1) * chunk_cost);
      if (first < last) body(first, last, scratch);
    }
  });
}

void run(const Csr& a, std::int64_t f, const void* src, std::int64_t src_element, void* dst,
         std::int64_t dst_element, const SpmmTerms& terms, RowsFunction rows) {
  if (a.rows == 0 || f == 0) return;
  SpmmJob job{a, terms, f, src, dst, 0, false};
  if (a.columns * f * src_element > near_bytes) job.ahead = entries_ahead;
  job.stream = a.rows * f * dst_element >= stream_bytes && f * dst_element % 64 == 0 &&
               dst_element == sizeof(float) && reinterpret_cast<std::uintptr_t>(dst) % 64 == 0;
  for_each_chunk(a, a.rowptr[a.rows] * f,
                 [&](std::int64_t first, std::int64_t last, std::vector<float>& scratch) {
                   const auto entries = static_cast<std::size_t>(a.rowptr[last] - a.rowptr[first]);
                   if (scratch.size() < entries) scratch.resize(entries);
                   rows(job, first, last, scratch.data());
                 });
}

}  // namespace

const SpmmUnit& spmm_unit() {
#ifdef TERN_KERNELS_X86
  return *for_isa<const SpmmUnit*>(&spmm_scalar::unit, &spmm_avx2::unit, &spmm_avx512::unit, nullptr);
#else
  return spmm_scalar::unit;
#endif
}

void spmm(const Csr& a, std::int64_t f, const float* src, float* dst, const SpmmTerms& terms) {
  run(a, f, src, sizeof *src, dst, sizeof *dst, terms, spmm_unit().floats);
}
void spmm(const Csr& a, std::int64_t f, const std::uint16_t* src, float* dst, const SpmmTerms& terms) {
  run(a, f, src, sizeof *src, dst, sizeof *dst, terms, spmm_unit().bf16);
}
void spmm(const Csr& a, std::int64_t f, const std::uint16_t* src, std::uint16_t* dst,
          const SpmmTerms& terms) {
  run(a, f, src, sizeof *src, dst, sizeof *dst, terms, spmm_unit().bf16_to_bf16);
}

void sddmm(const Csr& a, std::int64_t f, const float* x, const float* y, float* dst) {
  if (a.rows == 0) return;
  SpmmJob job{a, {}, f, x, dst, 0, false};
  if (a.columns * f * static_cast<std::int64_t>(sizeof(float)) > near_bytes) job.ahead = entries_ahead;
  for_each_chunk(a, a.rowptr[a.rows] * f, [&](std::int64_t first, std::int64_t last, std::vector<float>&) {
    spmm_unit().sddmm(job, y, first, last);
  });
}

}  // namespace tern::kernels
