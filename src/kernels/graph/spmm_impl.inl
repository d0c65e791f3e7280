// Rows of sparse products, for the vectors that the including unit defines:
//   Vec, lanes, most_vectors, zero, splat, multiply_add(a, b, c) = a b + c, multiply, sum_of, and for Src and
//   Dst float and std::uint16_t (bfloat16) load(p), load_part(p, count), store(p, v), store_part(p, v,
//   count), stream(p, v).

#define TERN_INLINE static inline __attribute__((always_inline))

/// weights[i] = value * keep * column of entry first + i.
TERN_INLINE void stage_weights(const SpmmJob& job, std::int64_t first, std::int64_t count,
                               float* __restrict weights) {
  const float* value = job.a.value;
  const std::int64_t* entry = job.terms.entry;
  if (value == nullptr)
    for (std::int64_t i = 0; i < count; ++i) weights[i] = 1.0F;
  else if (entry == nullptr)
    for (std::int64_t i = 0; i < count; ++i) weights[i] = value[first + i];
  else
    for (std::int64_t i = 0; i < count; ++i) weights[i] = value[entry[first + i]];
  if (const std::uint8_t* keep = job.terms.keep; keep != nullptr && entry == nullptr)
    for (std::int64_t i = 0; i < count; ++i) weights[i] = keep[first + i] != 0 ? weights[i] : 0.0F;
  else if (keep != nullptr)
    for (std::int64_t i = 0; i < count; ++i) weights[i] = keep[entry[first + i]] != 0 ? weights[i] : 0.0F;
  if (const float* column = job.terms.column; column != nullptr) {
    const std::int32_t* col = job.a.col + first;
    for (std::int64_t i = 0; i < count; ++i) weights[i] *= column[col[i]];
  }
}

/// sums += weight * V vectors of src, the last of them `part` elements long.
template <int V, typename Src>
TERN_INLINE void add_row(Vec (&sums)[V], Vec weight, const Src* src, std::int64_t part) {
#pragma GCC unroll 16
  for (int v = 0; v + 1 < V; ++v) sums[v] = multiply_add(weight, load(src + v * lanes), sums[v]);
  sums[V - 1] = multiply_add(weight, load_part(src + (V - 1) * lanes, part), sums[V - 1]);
}

template <int V, typename Src>
TERN_INLINE void prefetch_row(const Src* src) {
  constexpr int step = 64 / static_cast<int>(sizeof(Src));
#pragma GCC unroll 16
  for (int c = 0; c < V * lanes; c += step) __builtin_prefetch(src + c);
}

/// Columns at .. at + (V - 1) * lanes + part of rows [first, last).
template <int V, typename Src, typename Dst>
static void rows_of(const SpmmJob& job, std::int64_t first, std::int64_t last, const float* weights,
                    std::int64_t at, std::int64_t part) {
  // One or two vectors a row would wait for each sum before the next: several sums run side by side.
  constexpr int side = V == 1 ? 4 : V <= 3 ? 2 : 1;
  const std::int64_t* rowptr = job.a.rowptr;
  const std::int32_t* col = job.a.col;
  const Src* src = static_cast<const Src*>(job.src) + at;
  Dst* dst = static_cast<Dst*>(job.dst) + at;
  const std::int64_t f = job.f, ahead = job.ahead, final_entry = rowptr[job.a.rows] - 1;
  weights -= rowptr[first];
  for (std::int64_t row = first; row < last; ++row) {
    Vec sums[side][V];
#pragma GCC unroll 16
    for (int s = 0; s < side; ++s)
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) sums[s][v] = zero();
    std::int64_t e = rowptr[row];
    const std::int64_t end = rowptr[row + 1];
    for (; e + side <= end; e += side) {
      if (ahead != 0)
#pragma GCC unroll 4
        for (int s = 0; s < side; ++s) {
          const std::int64_t next = e + s + ahead;
          prefetch_row<V>(src + f * col[next < final_entry ? next : final_entry]);
        }
#pragma GCC unroll 4
      for (int s = 0; s < side; ++s) add_row<V>(sums[s], splat(weights[e + s]), src + f * col[e + s], part);
    }
    for (; e < end; ++e) {
      if (ahead != 0) prefetch_row<V>(src + f * col[e + ahead < final_entry ? e + ahead : final_entry]);
      add_row<V>(sums[0], splat(weights[e]), src + f * col[e], part);
    }
#pragma GCC unroll 4
    for (int s = 1; s < side; ++s)
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) sums[0][v] = sum_of(sums[0][v], sums[s][v]);
    if (job.terms.row != nullptr) {
      const Vec scale = splat(job.terms.row[row]);
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) sums[0][v] = multiply(scale, sums[0][v]);
    }
    if (job.terms.self != nullptr) add_row<V>(sums[0], splat(job.terms.self[row]), src + f * row, part);
    Dst* out = dst + f * row;
    if (job.stream) {
#pragma GCC unroll 16
      for (int v = 0; v < V; ++v) stream(out + v * lanes, sums[0][v]);
    } else {
#pragma GCC unroll 16
      for (int v = 0; v + 1 < V; ++v) store(out + v * lanes, sums[0][v]);
      store_part(out + (V - 1) * lanes, sums[0][V - 1], part);
    }
  }
}

template <typename Src, typename Dst, int V = most_vectors>
TERN_INLINE void rows_of_width(const SpmmJob& job, std::int64_t first, std::int64_t last,
                               const float* weights, std::int64_t at, int vectors, std::int64_t part) {
  if (vectors == V) return rows_of<V, Src, Dst>(job, first, last, weights, at, part);
  if constexpr (V > 1) rows_of_width<Src, Dst, V - 1>(job, first, last, weights, at, vectors, part);
}

template <typename Src, typename Dst>
static void product_rows(const SpmmJob& job, std::int64_t first, std::int64_t last, float* scratch) {
  const float* weights = scratch;
  const bool plain = job.terms.keep == nullptr && job.terms.entry == nullptr && job.terms.column == nullptr;
  if (plain && job.a.value != nullptr)
    weights = job.a.value + job.a.rowptr[first];
  else
    stage_weights(job, job.a.rowptr[first], job.a.rowptr[last] - job.a.rowptr[first], scratch);
  constexpr std::int64_t block = most_vectors * lanes;
  for (std::int64_t at = 0; at < job.f; at += block) {
    const std::int64_t width = job.f - at < block ? job.f - at : block;
    const int vectors = static_cast<int>((width + lanes - 1) / lanes);
    rows_of_width<Src, Dst>(job, first, last, weights, at, vectors, width - (vectors - 1) * lanes);
  }
  if (job.stream) finish_streams();
}

static void sddmm_rows(const SpmmJob& job, const float* y, std::int64_t first, std::int64_t last) {
  const std::int64_t f = job.f, whole = f / (4 * lanes) * (4 * lanes),
                     final_entry = job.a.rowptr[job.a.rows] - 1;
  float* dst = static_cast<float*>(job.dst);
  for (std::int64_t row = first; row < last; ++row) {
    const float* x = static_cast<const float*>(job.src) + f * row;
    for (std::int64_t e = job.a.rowptr[row]; e < job.a.rowptr[row + 1]; ++e) {
      if (job.ahead != 0) {
        const float* next = y + f * job.a.col[e + job.ahead < final_entry ? e + job.ahead : final_entry];
        for (std::int64_t k = 0; k < f; k += 16) __builtin_prefetch(next + k);
      }
      const float* other = y + f * job.a.col[e];
      Vec a = zero(), b = zero(), c = zero(), d = zero();
      for (std::int64_t k = 0; k < whole; k += 4 * lanes) {
        a = multiply_add(load(x + k), load(other + k), a);
        b = multiply_add(load(x + k + lanes), load(other + k + lanes), b);
        c = multiply_add(load(x + k + 2 * lanes), load(other + k + 2 * lanes), c);
        d = multiply_add(load(x + k + 3 * lanes), load(other + k + 3 * lanes), d);
      }
      for (std::int64_t k = whole; k < f; k += lanes) {
        const std::int64_t part = f - k < lanes ? f - k : lanes;
        a = multiply_add(load_part(x + k, part), load_part(other + k, part), a);
      }
      const float dot = sum_lanes(sum_of(sum_of(a, b), sum_of(c, d)));
      dst[e] = job.a.value != nullptr ? job.a.value[e] * dot : dot;
    }
  }
}
