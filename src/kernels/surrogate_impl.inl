// Derivatives of the surrogates on vectors. Included inside the namespace of an instruction set, after simd.inl.

/// exp(x) for x <= 0, relative error below 2^-21, without fused operations: the same bits everywhere. Cody and Waite's
/// reduction by ln 2 in two parts, then the Taylor polynomial to degree 7; below -87 the result is e^-87, about 1e-38.
TERN_INLINE Vec exp_of_negative(Vec x) {
  x = x < -87.0F ? splat(-87.0F) : x;
  const Vec shifted = x * 1.44269504F + 12582912.0F;  // 1.5 * 2^23: rounds to an integer in the low bits
  const Vec n = shifted - 12582912.0F;
  const Vec r = (x - n * 0.693359375F) - n * -2.12194440e-4F;
  Vec p = r * (1.0F / 5040.0F) + (1.0F / 720.0F);
  p = p * r + (1.0F / 120.0F);
  p = p * r + (1.0F / 24.0F);
  p = p * r + (1.0F / 6.0F);
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  return (Vec)((IntVec)p + (((IntVec)shifted - 0x4B400000) << 23));
}

template <SurrogateKind kind>
TERN_INLINE Vec derivative(Vec x, float alpha) {
  if constexpr (kind == SurrogateKind::atan) {
    const Vec z = x * (1.57079633F * alpha);
    return 0.5F * alpha / (z * z + 1.0F);
  } else if constexpr (kind == SurrogateKind::sigmoid) {
    const Vec e = exp_of_negative(-absolute(x * alpha));
    return alpha * e / ((e + 1.0F) * (e + 1.0F));
  } else if constexpr (kind == SurrogateKind::fast_sigmoid) {
    const Vec z = absolute(x) * alpha + 1.0F;
    return 1.0F / (z * z);
  } else if constexpr (kind == SurrogateKind::superspike) {
    const Vec z = absolute(x) + 1.0F;
    return alpha / (z * z);
  } else if constexpr (kind == SurrogateKind::softsign) {
    const Vec z = absolute(x * alpha) + 1.0F;
    return 0.5F * alpha / (z * z);
  } else if constexpr (kind == SurrogateKind::triangle) {
    const Vec d = alpha - (alpha * alpha) * absolute(x);
    return d > 0.0F ? d : Vec{};
  } else if constexpr (kind == SurrogateKind::piecewise_exp) {
    return 0.5F * alpha * exp_of_negative(-absolute(x * alpha));
  } else {
    return absolute(x) < 0.5F ? splat(1.0F) : Vec{};
  }
}

/// d = g'(h - v_threshold) over `count` elements, a multiple of four vectors.
template <SurrogateKind kind>
static void derivative_pass(std::int64_t count, const float* h, float* d, float v_threshold, float alpha) {
  for (std::int64_t i = 0; i < count; i += 4 * lanes)
#pragma GCC unroll 4
    for (std::int64_t k = 0; k < 4 * lanes; k += lanes)
      store(d + i + k, derivative<kind>(load(h + i + k) - v_threshold, alpha));
}

static void derivatives(const NeuronParameters& p, std::int64_t count, const float* h, float* d) {
  const float vth = p.v_threshold, alpha = p.surrogate_alpha;
  switch (p.surrogate) {
    case SurrogateKind::atan: return derivative_pass<SurrogateKind::atan>(count, h, d, vth, alpha);
    case SurrogateKind::sigmoid: return derivative_pass<SurrogateKind::sigmoid>(count, h, d, vth, alpha);
    case SurrogateKind::fast_sigmoid: return derivative_pass<SurrogateKind::fast_sigmoid>(count, h, d, vth, alpha);
    case SurrogateKind::superspike: return derivative_pass<SurrogateKind::superspike>(count, h, d, vth, alpha);
    case SurrogateKind::softsign: return derivative_pass<SurrogateKind::softsign>(count, h, d, vth, alpha);
    case SurrogateKind::triangle: return derivative_pass<SurrogateKind::triangle>(count, h, d, vth, alpha);
    case SurrogateKind::piecewise_exp: return derivative_pass<SurrogateKind::piecewise_exp>(count, h, d, vth, alpha);
    case SurrogateKind::boxcar: return derivative_pass<SurrogateKind::boxcar>(count, h, d, vth, alpha);
  }
}
