// The panel method on the vectors of one instruction set. Include inside a namespace of its unit, after a
// lane file that defines Vec (words of `lanes` pixels), zero, splat, store, pack_pixels and finish_sums. An
// operation has weight, dot, add, the type of a Sum, the bytes of a source element, and the most vectors of
// pixels to sum together.

/// places[i] = y * row + x * pixel of output pixel first + i, for `count` pixels.
static void fill_places(std::int64_t out_w, std::int64_t row, std::int64_t pixel, std::int64_t first,
                        std::int64_t count, std::int64_t* places) {
  std::int64_t y = first / out_w, x = first % out_w;
  for (std::int64_t i = 0; i < count; ++y, x = 0) {
    const std::int64_t run = out_w - x < count - i ? out_w - x : count - i;
    for (std::int64_t k = 0; k < run; ++k) places[i + k] = y * row + (x + k) * pixel;
    i += run;
  }
}

/// Packs the planes of `count` output pixels from pixel `first` on.
static void pack_band(const SparseJob& job, std::int64_t first, std::int64_t count, std::int64_t element) {
  const ConvShape& s = job.shape;
  const SparsePanel& p = job.panel;
  const std::int64_t* const pixels = job.scratch.pixels;
  fill_places(s.out_w, s.stride_h * s.src_row * element, s.stride_w * s.src_pixel * element, first,
              count + p.halo, job.scratch.pixels);
  char* plane = job.scratch.panel;
  for (std::int64_t phase = 0; phase < p.phases; ++phase) {
    const std::int64_t end = count + (s.kernel_h - 1 - phase) / p.phases * p.row_step * s.out_w;
    for (std::int64_t x = 0; x < s.kernel_w; ++x, plane += job.pixel_words * p.pitch * 4) {
      const char* const src =
          job.src + (phase * s.dilation_h * s.src_row + x * s.dilation_w * s.src_pixel) * element;
      std::int64_t i = 0;
      for (; i + lanes <= end; i += lanes)
        pack_pixels(src, pixels + i, lanes, job.pixel_words, plane + i * 4, p.pitch * 4);
      if (i == end) continue;
      std::int64_t tail[lanes];
      for (std::int64_t k = 0; k < lanes; ++k) tail[k] = pixels[i + k < end ? i + k : end - 1];
      pack_pixels(src, tail, end - i, job.pixel_words, plane + i * 4, p.pitch * 4);
    }
  }
}

/// What summing one block of words reads, by value: stores of sums might change job's fields for all that the
/// compiler knows.
struct BlockWords {
  const std::uint32_t* words;
  const std::uint16_t* index;
  const std::uint32_t* start;
  const std::int32_t* initial;  ///< null: zeros
  const char* panel;
  std::int64_t pitch, tap_row;  ///< bytes between rows of the panel, and between tap rows of one phase
  int row_bits;
  const char* partial;  ///< sums of earlier blocks; null: none
};

static BlockWords words_of_block(const SparseJob& job, const char* panel, std::int64_t block) {
  return {job.words,
          job.index,
          job.start + block * (job.shape.oc + 1),
          job.initial,
          panel,
          job.panel.pitch * 4,
          job.panel.row_step * job.shape.out_w * 4,
          job.row_bits,
          block > 0 ? reinterpret_cast<const char*>(job.scratch.partial) : nullptr};
}

/// Where a word's pixels lie. Computed and not looked up: loads are what the sums wait for.
template <bool one_tap>
TERN_INLINE const char* pixels_of(const BlockWords& b, std::int64_t index) {
  if (one_tap) return b.panel + index * b.pitch;
  const std::int64_t row = index & ((std::int64_t{1} << b.row_bits) - 1);
  return b.panel + row * b.pitch + (index >> b.row_bits) * b.tap_row;
}

/// acc = what earlier blocks left of channel o, or its initial sum, + products of a block's words with V
/// vectors of pixels. Short tiles sum several words side by side, so that no sum waits for the one before it.
template <class Operation, int V, bool one_tap>
TERN_INLINE void accumulate(const BlockWords& b, std::int64_t o, Vec (&acc)[V]) {
  constexpr int U = V <= 2 ? 4 : V <= 4 ? 2 : 1;
  std::uint32_t i = b.start[o];
  const std::uint32_t end = b.start[o + 1];
  Vec sum[U][V];
  if (b.partial != nullptr) {
    const char* const partial = b.partial + o * V * lanes * 4;
#pragma GCC unroll 10
    for (int v = 0; v < V; ++v) sum[0][v] = load(partial + v * lanes * 4);
  } else {
#pragma GCC unroll 10
    for (int v = 0; v < V; ++v) sum[0][v] = b.initial != nullptr ? splat(b.initial[o]) : zero();
  }
#pragma GCC unroll 10
  for (int u = 1; u < U; ++u)
#pragma GCC unroll 10
    for (int v = 0; v < V; ++v) sum[u][v] = zero();
  if (U > 1)
    for (; i + U <= end; i += U)
#pragma GCC unroll 10
      for (int u = 0; u < U; ++u) {
        const auto weight = Operation::weight(b.words + i + u);
        const char* const src = pixels_of<one_tap>(b, b.index[i + u]);
#pragma GCC unroll 10
        for (int v = 0; v < V; ++v) sum[u][v] = Operation::dot(sum[u][v], src + v * lanes * 4, weight);
      }
  for (; i < end; ++i) {
    const auto weight = Operation::weight(b.words + i);
    const char* const src = pixels_of<one_tap>(b, b.index[i]);
#pragma GCC unroll 10
    for (int v = 0; v < V; ++v) sum[0][v] = Operation::dot(sum[0][v], src + v * lanes * 4, weight);
  }
#pragma GCC unroll 10
  for (int v = 0; v < V; ++v) {
    acc[v] = sum[0][v];
    if (U >= 2) acc[v] = Operation::add(acc[v], sum[U >= 2 ? 1 : 0][v]);
    if (U >= 4)
      acc[v] = Operation::add(acc[v], Operation::add(sum[U >= 4 ? 2 : 0][v], sum[U >= 4 ? 3 : 0][v]));
  }
}

/// Sums over all blocks but the last, to job.scratch.partial, [oc][V] vectors, and the last block's words.
/// The rows that a block reads stay in the first-level cache.
template <class Operation, int V, bool one_tap>
static BlockWords earlier_blocks(const SparseJob& job, const char* panel) {
  char* const partial = reinterpret_cast<char*>(job.scratch.partial);
  for (std::int64_t block = 0; block + 1 < job.blocks; ++block) {
    const BlockWords words = words_of_block(job, panel, block);
    for (std::int64_t o = 0; o < job.shape.oc; ++o) {
      Vec acc[V];
      accumulate<Operation, V, one_tap>(words, o, acc);
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) store(partial + (o * V + v) * lanes * 4, acc[v]);
    }
  }
  return words_of_block(job, panel, job.blocks - 1);
}

/// Sums of V vectors of pixels in all output channels, finished by sixty-fours: whole cache lines side by
/// side.
template <class Operation, int V, bool one_tap>
static void sum_tile(const SparseJob& job, const char* panel, std::int64_t first, std::int64_t count) {
  const std::int64_t oc = job.shape.oc;
  char* const sums = reinterpret_cast<char*>(job.scratch.sums);
  const BlockWords words = earlier_blocks<Operation, V, one_tap>(job, panel);
  for (std::int64_t from = 0; from < oc; from += sparse_channels) {
    const std::int64_t width = oc - from < sparse_channels ? oc - from : sparse_channels;
    for (std::int64_t o = 0; o < width; ++o) {
      Vec acc[V];
      accumulate<Operation, V, one_tap>(words, from + o, acc);
#pragma GCC unroll 10
      for (int v = 0; v < V; ++v) store(sums + (o * V + v) * lanes * 4, acc[v]);
    }
    finish_sums<typename Operation::Sum>(job, first, count, V * lanes, from, width);
  }
}

using Tile = void (*)(const SparseJob&, const char* panel, std::int64_t first, std::int64_t count);

template <class Operation, std::size_t N>
TERN_INLINE void conv(const SparseJob& job, const Tile (&all_tiles)[2][N]) {
  const Tile* const tiles = all_tiles[job.shape.kernel_h * job.shape.kernel_w == 1 ? 1 : 0];
  const std::int64_t end = job.last_row * job.shape.out_w, band = job.panel.band;
  for (std::int64_t at = job.first_row * job.shape.out_w; at < end; at += band) {
    const std::int64_t count = end - at < band ? end - at : band;
    pack_band(job, at, count, Operation::element);
    std::int64_t vectors = (count + lanes - 1) / lanes;
    for (std::int64_t done = 0; vectors > 0;) {
      const std::int64_t num_tiles = (vectors + Operation::most - 1) / Operation::most;
      const std::int64_t size = (vectors + num_tiles - 1) / num_tiles;
      const std::int64_t left = count - done;
      tiles[size - 1](job, job.scratch.panel + done * 4, at + done,
                      left < size * lanes ? left : size * lanes);
      done += size * lanes;
      vectors -= size;
    }
  }
}

/// Tiles of 1 to 4, 8 or 10 vectors, of several taps and of one.
#define TERN_SPARSE_FOUR(tile, operation, one_tap)                                          \
  &tile<operation, 1, one_tap>, &tile<operation, 2, one_tap>, &tile<operation, 3, one_tap>, \
      &tile<operation, 4, one_tap>
#define TERN_SPARSE_EIGHT(tile, operation, one_tap)                                                       \
  TERN_SPARSE_FOUR(tile, operation, one_tap), &tile<operation, 5, one_tap>, &tile<operation, 6, one_tap>, \
      &tile<operation, 7, one_tap>, &tile<operation, 8, one_tap>
#define TERN_SPARSE_TEN(tile, operation, one_tap) \
  TERN_SPARSE_EIGHT(tile, operation, one_tap), &tile<operation, 9, one_tap>, &tile<operation, 10, one_tap>
#define TERN_SPARSE_TILES(row, tile, operation) \
  {                                             \
    {row(tile, operation, false)}, {            \
      row(tile, operation, true)                \
    }                                           \
  }
