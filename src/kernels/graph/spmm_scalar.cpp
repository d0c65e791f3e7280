#include <bit>

#include "kernels/graph/spmm_job.hpp"

namespace tern::kernels::spmm_scalar {
namespace {

// Four floats in the baseline's registers (g++ and clang vector extensions).
typedef float Vec __attribute__((vector_size(16)));
typedef Vec UnalignedVec __attribute__((aligned(4), may_alias));
constexpr std::int64_t lanes = 4;
constexpr int most_vectors = 8;

inline Vec zero() {
  return Vec{};
}
inline Vec splat(float value) {
  return Vec{value, value, value, value};
}
inline Vec multiply(Vec a, Vec b) {
  return a * b;
}
inline Vec sum_of(Vec a, Vec b) {
  return a + b;
}
inline Vec multiply_add(Vec a, Vec b, Vec c) {
  return a * b + c;
}
inline float sum_lanes(Vec v) {
  return (v[0] + v[1]) + (v[2] + v[3]);
}

inline float widen(std::uint16_t half) {
  return std::bit_cast<float>(std::uint32_t{half} << 16);
}
inline float widen(float value) {
  return value;
}
/// Nearest, ties to even; a NaN stays one.
inline std::uint16_t narrow(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffffU) > 0x7f800000U) return static_cast<std::uint16_t>(bits >> 16 | 0x40U);
  return static_cast<std::uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

inline Vec load(const float* p) {
  return *reinterpret_cast<const UnalignedVec*>(p);
}
inline Vec load(const std::uint16_t* p) {
  return Vec{widen(p[0]), widen(p[1]), widen(p[2]), widen(p[3])};
}
template <typename T>
inline Vec load_part(const T* p, std::int64_t count) {
  Vec v{};
  for (std::int64_t i = 0; i < count; ++i) v[i] = widen(p[i]);
  return v;
}
inline void store(float* p, Vec v) {
  *reinterpret_cast<UnalignedVec*>(p) = v;
}
inline void store(std::uint16_t* p, Vec v) {
  for (std::int64_t i = 0; i < lanes; ++i) p[i] = narrow(v[i]);
}
inline void store_part(float* p, Vec v, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) p[i] = v[i];
}
inline void store_part(std::uint16_t* p, Vec v, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) p[i] = narrow(v[i]);
}
template <typename T>
inline void stream(T* p, Vec v) {
  store(p, v);
}
inline void finish_streams() {}

#include "kernels/graph/spmm_impl.inl"

}  // namespace

extern const SpmmUnit unit = {product_rows<float, float>, product_rows<std::uint16_t, float>,
                              product_rows<std::uint16_t, std::uint16_t>, sddmm_rows};

}  // namespace tern::kernels::spmm_scalar
