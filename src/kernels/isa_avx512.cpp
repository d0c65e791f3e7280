#define TERN_ISA_NAMESPACE isa_avx512
#define TERN_VECTOR_BYTES 64
#include "kernels/table_impl.inl"
