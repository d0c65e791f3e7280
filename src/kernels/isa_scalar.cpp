#define TERN_ISA_NAMESPACE isa_scalar
#define TERN_VECTOR_BYTES 16
#include "kernels/table_impl.inl"
