// Neuron kernels on tiles of columns. Included inside the namespace of an instruction set, after
// surrogate_impl.inl.
//
// A tile is `tile_columns` columns by all steps. The recurrence is a chain of dependent operations, so four
// vectors of columns run side by side to hide its latency. Backward makes three passes over a tile in the
// nearest cache: membranes, derivatives, recurrence: some fifty small loops in place of 400 fused ones. At 16
// steps memory bounds it all the same: 0.27 ns an element within the second-level cache, 0.64 beyond all of
// them.

constexpr int group = 4;
constexpr std::int64_t group_columns = group * lanes;
static_assert(tile_columns % group_columns == 0);

/// Where a tile reads and writes: pointers at its first column and the distance between steps.
struct TileView {
  const float* x;
  std::int64_t x_stride;
  const float* scale;
  const float* shift;
  const float* grad;
  std::int64_t grad_stride;
  float* dst;
  std::int64_t dst_stride;
  float* h;  // the tiles below are [num_steps, tile_columns]
  float* u;
  float* d;
};

enum class Emit { spikes, spikes_stream, membranes };

/// Charge, reset, fire of one group of columns at column `c` of the tile.
template <Reset reset, bool delay, bool affine, Emit emit>
TERN_INLINE void charge_group(const NeuronParameters& p, std::int64_t num_steps, const TileView& tile,
                              std::int64_t c) {
  const float decay = p.decay, gain = p.gain, offset = p.offset, v_threshold = p.v_threshold;
  const Vec v_reset = splat(p.v_reset), threshold = splat(v_threshold), one = splat(1.0F);
  Vec v[group], scale[group], shift[group];
  IntVec fired[group];
#pragma GCC unroll 4
  for (int k = 0; k < group; ++k) {
    v[k] = splat(p.v_rest);
    fired[k] = IntVec{};
    scale[k] = affine ? load(tile.scale + c + k * lanes) : one;
    shift[k] = affine ? load(tile.shift + c + k * lanes) : one;
  }
  const float* x = tile.x + c;
  float* dst = emit == Emit::membranes ? tile.h + c : tile.dst + c;
  const std::int64_t dst_stride = emit == Emit::membranes ? tile_columns : tile.dst_stride;
  float* u = tile.u + c;
  for (std::int64_t t = 0; t < num_steps; ++t, x += tile.x_stride, dst += dst_stride, u += tile_columns) {
#pragma GCC unroll 4
    for (int k = 0; k < group; ++k) {
      Vec current = load(x + k * lanes);
      if constexpr (affine) current = scale[k] * current + shift[k];
      Vec h = decay * v[k] + (gain * current + offset);
      if constexpr (delay && reset == Reset::hard) {
        if constexpr (emit == Emit::membranes) store(u + k * lanes, h);
        h = fired[k] ? v_reset : h;
      }
      if constexpr (delay && reset == Reset::soft) h = h - (fired[k] ? threshold : Vec{});
      const IntVec fires = h >= v_threshold;
      if constexpr (emit == Emit::membranes) store(dst + k * lanes, h);
      if constexpr (emit == Emit::spikes) store(dst + k * lanes, fires ? one : Vec{});
      if constexpr (emit == Emit::spikes_stream) store_stream(dst + k * lanes, fires ? one : Vec{});
      if constexpr (!delay && reset == Reset::hard) h = fires ? v_reset : h;
      if constexpr (!delay && reset == Reset::soft) h = h - (fires ? threshold : Vec{});
      v[k] = h;
      fired[k] = fires;
    }
  }
}

template <Reset reset, bool delay, bool affine, Emit emit>
static void charge_tile(const NeuronParameters& p, std::int64_t num_steps, const TileView& tile) {
  for (std::int64_t c = 0; c < tile_columns; c += group_columns)
    charge_group<reset, delay, affine, emit>(p, num_steps, tile, c);
}

using ChargeTile = void (*)(const NeuronParameters&, std::int64_t, const TileView&);

template <bool affine, Emit emit>
static ChargeTile select_charge(const NeuronParameters& p) {
  if (p.reset == Reset::none) return charge_tile<Reset::none, false, affine, emit>;
  if (p.reset == Reset::hard)
    return p.reset_delay ? charge_tile<Reset::hard, true, affine, emit>
                         : charge_tile<Reset::hard, false, affine, emit>;
  return p.reset_delay ? charge_tile<Reset::soft, true, affine, emit>
                       : charge_tile<Reset::soft, false, affine, emit>;
}

/// One step back of the recurrence without delay: from dL/dS and dL/dV to dL/dH.
template <Reset reset, bool detach>
TERN_INLINE Vec step_back(const NeuronParameters& p, Vec grad_s, Vec grad_v, Vec h, Vec d) {
  if constexpr (reset == Reset::hard) {
    const Vec kept = h >= p.v_threshold ? Vec{} : grad_v;
    if constexpr (!detach) grad_s = grad_s + grad_v * (p.v_reset - h);
    return grad_s * d + kept;
  } else {
    if constexpr (reset == Reset::soft && !detach) grad_s = grad_s - p.v_threshold * grad_v;
    return grad_s * d + grad_v;
  }
}

/// Backpropagation through time of one group. dst[t] = gain * dL/d(charge); with sums, adds over steps dst
/// and dst * x.
template <Reset reset, bool delay, bool detach, bool sums, bool stream>
TERN_INLINE void backward_group(const NeuronParameters& p, std::int64_t num_steps, const TileView& tile,
                                std::int64_t c, Vec* sum, Vec* sum_x) {
  Vec carry[group];    // dL/dV[t]; with delay: decay * dL/dU[t+1]
  Vec carry_s[group];  // with delay: dL/dS[t] through the reset of H[t+1]
#pragma GCC unroll 4
  for (int k = 0; k < group; ++k) carry[k] = carry_s[k] = sum[k] = sum_x[k] = Vec{};
  for (std::int64_t t = num_steps - 1; t >= 0; --t) {
    const float* h_row = tile.h + t * tile_columns + c;
    const float* u_row = tile.u + t * tile_columns + c;
    const float* d_row = tile.d + t * tile_columns + c;
    const float* g_row = tile.grad + t * tile.grad_stride + c;
    const float* x_row = tile.x + t * tile.x_stride + c;
    float* dst_row = tile.dst + t * tile.dst_stride + c;
#pragma GCC unroll 4
    for (int k = 0; k < group; ++k) {
      const Vec h = load(h_row + k * lanes), d = load(d_row + k * lanes);
      Vec grad_s = load(g_row + k * lanes), grad_h;
      if constexpr (!delay) {
        grad_h = step_back<reset, detach>(p, grad_s, carry[k], h, d);
      } else {
        if constexpr (!detach) grad_s = grad_s + carry_s[k];
        grad_h = grad_s * d + carry[k];
        if (t > 0 && reset == Reset::hard) {
          if constexpr (!detach) carry_s[k] = grad_h * (p.v_reset - load(u_row + k * lanes));
          grad_h = load(h_row + k * lanes - tile_columns) >= p.v_threshold ? Vec{} : grad_h;
        }
        if constexpr (!detach && reset == Reset::soft) carry_s[k] = -p.v_threshold * grad_h;
      }
      carry[k] = p.decay * grad_h;
      const Vec grad_x = p.gain * grad_h;
      if constexpr (stream)
        store_stream(dst_row + k * lanes, grad_x);
      else
        store(dst_row + k * lanes, grad_x);
      if constexpr (sums) sum[k] += grad_x, sum_x[k] += grad_x * load(x_row + k * lanes);
    }
  }
}

template <Reset reset, bool delay, bool detach, bool sums, bool stream>
static void backward_tile(const NeuronParameters& p, std::int64_t num_steps, const TileView& tile,
                          double* sum_grad, double* sum_grad_x) {
  Vec sum[group], sum_x[group];
  for (std::int64_t c = 0; c < tile_columns; c += group_columns) {
    backward_group<reset, delay, detach, sums, stream>(p, num_steps, tile, c, sum, sum_x);
    for (int k = 0; k < group && sums; ++k)
      for (std::int64_t i = 0; i < lanes; ++i) {
        sum_grad[c + k * lanes + i] += static_cast<double>(sum[k][i]);
        sum_grad_x[c + k * lanes + i] += static_cast<double>(sum_x[k][i]);
      }
  }
}

using BackwardTile = void (*)(const NeuronParameters&, std::int64_t, const TileView&, double*, double*);

template <Reset reset, bool sums, bool stream>
static BackwardTile select_backward(const NeuronParameters& p) {
  if (reset == Reset::none) return backward_tile<Reset::none, false, true, sums, stream>;
  if (p.reset_delay)
    return p.detach_reset ? backward_tile<reset, true, true, sums, stream>
                          : backward_tile<reset, true, false, sums, stream>;
  return p.detach_reset ? backward_tile<reset, false, true, sums, stream>
                        : backward_tile<reset, false, false, sums, stream>;
}

template <bool sums, bool stream>
static BackwardTile select_backward(const NeuronParameters& p) {
  return p.reset == Reset::hard   ? select_backward<Reset::hard, sums, stream>(p)
         : p.reset == Reset::soft ? select_backward<Reset::soft, sums, stream>(p)
                                  : select_backward<Reset::none, sums, stream>(p);
}

/// An incomplete last tile is computed in scratch: rows copied in (missing columns are 0) and out.
static void copy_columns(std::int64_t num_steps, std::int64_t columns, const float* src,
                         std::int64_t src_stride, float* dst, std::int64_t dst_stride) {
  for (std::int64_t t = 0; t < num_steps; ++t)
    for (std::int64_t c = 0; c < columns; ++c) dst[t * dst_stride + c] = src[t * src_stride + c];
}

/// The view of tile `index`; when it is incomplete, of its copies in scratch. `columns` receives how many it
/// has.
static TileView view_tile(const NeuronJob& job, std::int64_t index, float* scratch, std::int64_t* columns) {
  const std::int64_t first = index * tile_columns, tile_floats = job.num_steps * tile_columns;
  *columns = job.size - first < tile_columns ? job.size - first : tile_columns;
  const std::int64_t phase = job.scale ? first % job.channels : 0;
  TileView tile{job.x + first,
                job.size,
                nullptr,
                nullptr,
                nullptr,
                job.size,
                job.dst + first,
                job.size,
                scratch,
                scratch + tile_floats,
                scratch + 2 * tile_floats};
  if (job.scale) tile.scale = job.scale + phase, tile.shift = job.shift + phase;
  if (job.grad_spikes) tile.grad = job.grad_spikes + first;
  if (*columns == tile_columns) return tile;
  float* copies = scratch + 3 * tile_floats;
  for (std::int64_t i = 0; i < 2 * tile_floats; ++i) copies[i] = 0.0F;
  copy_columns(job.num_steps, *columns, tile.x, job.size, copies, tile_columns);
  if (tile.grad)
    copy_columns(job.num_steps, *columns, tile.grad, job.size, copies + tile_floats, tile_columns);
  tile.x = copies, tile.grad = copies + tile_floats, tile.dst = copies + 2 * tile_floats;
  tile.x_stride = tile.grad_stride = tile.dst_stride = tile_columns;
  return tile;
}

/// The next tile's lines are asked for while this one computes: steps lie far apart, where the processor's
/// own prefetcher does not follow (backward: 10 % of the time).
TERN_INLINE void prefetch_columns(const float* p, std::int64_t num_steps, std::int64_t stride) {
  for (std::int64_t t = 0; t < num_steps; ++t)
    for (std::int64_t c = 0; c < tile_columns; c += 16) __builtin_prefetch(p + t * stride + c);
}

static void neuron_forward(const NeuronJob& job, std::int64_t first, std::int64_t last, float* scratch) {
  const NeuronParameters& p = job.parameters;
  const ChargeTile part =
      job.scale ? select_charge<true, Emit::spikes>(p) : select_charge<false, Emit::spikes>(p);
  ChargeTile whole = part;
  if (job.stream)
    whole = job.scale ? select_charge<true, Emit::spikes_stream>(p)
                      : select_charge<false, Emit::spikes_stream>(p);
  for (std::int64_t i = first; i < last; ++i) {
    std::int64_t columns;
    const TileView tile = view_tile(job, i, scratch, &columns);
    if (i + 1 < last) prefetch_columns(job.x + (i + 1) * tile_columns, job.num_steps, job.size);
    (columns == tile_columns ? whole : part)(p, job.num_steps, tile);
    if (columns < tile_columns)
      copy_columns(job.num_steps, columns, tile.dst, tile_columns, job.dst + i * tile_columns, job.size);
  }
  finish_streams();
}

static void neuron_backward(const NeuronJob& job, std::int64_t first, std::int64_t last, float* scratch,
                            double* sum_grad, double* sum_grad_x) {
  const NeuronParameters& p = job.parameters;
  const ChargeTile charge =
      job.scale ? select_charge<true, Emit::membranes>(p) : select_charge<false, Emit::membranes>(p);
  const BackwardTile part = sum_grad ? select_backward<true, false>(p) : select_backward<false, false>(p);
  BackwardTile whole = part;
  if (job.stream) whole = sum_grad ? select_backward<true, true>(p) : select_backward<false, true>(p);
  for (std::int64_t i = first; i < last; ++i) {
    std::int64_t columns;
    const TileView tile = view_tile(job, i, scratch, &columns);
    const std::int64_t phase = sum_grad ? i * tile_columns % job.channels : 0;
    if (i + 1 < last) prefetch_columns(job.grad_spikes + (i + 1) * tile_columns, job.num_steps, job.size);
    charge(p, job.num_steps, tile);
    if (i + 1 < last) prefetch_columns(job.x + (i + 1) * tile_columns, job.num_steps, job.size);
    derivatives(p, job.num_steps * tile_columns, tile.h, tile.d);
    (columns == tile_columns ? whole : part)(p, job.num_steps, tile, sum_grad ? sum_grad + phase : nullptr,
                                             sum_grad ? sum_grad_x + phase : nullptr);
    if (columns < tile_columns)
      copy_columns(job.num_steps, columns, tile.dst, tile_columns, job.dst + i * tile_columns, job.size);
  }
  finish_streams();
}
