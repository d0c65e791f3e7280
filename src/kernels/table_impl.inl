// The whole of one instruction set's unit: include after defining TERN_ISA_NAMESPACE and TERN_VECTOR_BYTES.
#include <cstdint>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#include "kernels/kernel_table.hpp"

namespace tern::kernels::TERN_ISA_NAMESPACE {
namespace {
#include "kernels/simd.inl"
#include "kernels/surrogate_impl.inl"
#include "kernels/neuron_impl.inl"
#include "kernels/row_impl.inl"
#include "kernels/pool_impl.inl"
#include "kernels/spikes_impl.inl"
#include "kernels/dense_sum_impl.inl"
}  // namespace

extern const KernelTable table = {
    neuron_forward, affine, max_pool, avg_pool, pack_words, unpack_words, dense_sums, dense_sums_wide,
};
extern const TrainTable train_table = {
    neuron_backward, moments, products, affine2, max_pool_backward, avg_pool_backward,
};

}  // namespace tern::kernels::TERN_ISA_NAMESPACE
