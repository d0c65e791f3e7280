#define TERN_ISA_NAMESPACE isa_avx2
#define TERN_VECTOR_BYTES 32
#include "kernels/table_impl.inl"
