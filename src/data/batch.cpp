#include "data/batch.hpp"

#include <algorithm>
#include <numeric>

#include "base/error.hpp"
#include "base/seed.hpp"
#include "base/threads.hpp"

namespace tern::data {
namespace {

/// The augmentation drawn for one sample.
struct Draw {
  std::int64_t dx = 0, dy = 0;
  bool flip = false;
};

Draw draw(const Augment& augment, Rng& rng) {
  Draw drawn;
  const auto shift = [&] {
    return static_cast<std::int64_t>(rng.below(2 * static_cast<std::uint64_t>(augment.max_shift) + 1)) -
           augment.max_shift;
  };
  if (augment.max_shift > 0) {
    drawn.dx = shift();
    drawn.dy = shift();
  }
  if (augment.horizontal_flip > 0) drawn.flip = rng.uniform() < augment.horizontal_flip;
  return drawn;
}

/// How many of `count` events survive when each is dropped with probability `drop`.
std::uint8_t thin(std::uint8_t count, double drop, Rng& rng) {
  std::uint8_t left = 0;
  for (int i = 0; i < count; ++i) left = static_cast<std::uint8_t>(left + (rng.uniform() >= drop ? 1 : 0));
  return left;
}

/// The changed sample: the cell at (x, y) comes from (x - dx, y - dy) of the sample, mirrored first if drawn.
void change(const std::uint8_t* src, std::int64_t planes, std::int64_t h, std::int64_t w,
            const Augment& augment, Rng& rng, std::vector<std::uint8_t>& dst) {
  const Draw drawn = draw(augment, rng);
  dst.assign(static_cast<std::size_t>(planes * h * w), 0);
  for (std::int64_t row = 0; row < planes * h; ++row) {
    const std::int64_t y = row % h + drawn.dy;
    if (y < 0 || y >= h) continue;
    const std::uint8_t* from = src + row * w;
    std::uint8_t* to = dst.data() + (row + drawn.dy) * w;
    for (std::int64_t i = 0; i < w; ++i) {
      const std::int64_t x = (drawn.flip ? w - 1 - i : i) + drawn.dx;
      if (x >= 0 && x < w) to[x] = from[i];
    }
  }
  if (augment.event_drop > 0)
    for (std::uint8_t& cell : dst)
      if (cell != 0) cell = thin(cell, augment.event_drop, rng);
}

/// One step of one sample: [c, h, w] counts to floats in the order of `layout`.
void write_step(const std::uint8_t* src, float* dst, std::int64_t c, std::int64_t pixels, float scale,
                Layout layout) {
  if (layout == Layout::channels_first) {
    std::transform(src, src + c * pixels, dst,
                   [scale](std::uint8_t count) { return static_cast<float>(count) * scale; });
    return;
  }
  for (std::int64_t channel = 0; channel < c; ++channel)
    for (std::int64_t i = 0; i < pixels; ++i)
      dst[i * c + channel] = static_cast<float>(src[channel * pixels + i]) * scale;
}

void check(const FrameDataset& data, const Split& split, std::span<const std::int64_t> indices,
           const Augment& augment) {
  for (const std::int64_t index : indices)
    if (index < 0 || index >= split.size())
      fail(ErrorKind::usage, "gather", "sample {} of a split of {}", index, split.size());
  const auto probability = [](double p) { return p >= 0 && p <= 1; };
  if (augment.max_shift < 0 || !probability(augment.horizontal_flip) || !probability(augment.event_drop))
    fail(ErrorKind::usage, "augment",
         "expected shift >= 0 and probabilities 0..1, got shift {}, flip {}, drop {}", augment.max_shift,
         augment.horizontal_flip, augment.event_drop);
  if (augment.event_drop > 0 && data.is_images())
    fail(ErrorKind::usage, "augment", "event_drop: '{}' holds images, not events", data.name);
}

}  // namespace

BatchOrder::BatchOrder(std::int64_t count, std::int64_t batch_size, std::uint64_t seed, std::int64_t epoch,
                       bool shuffle, bool drop_last)
    : batch_size_(batch_size) {
  if (batch_size < 1) fail(ErrorKind::usage, "batch_size", "expected at least 1, got {}", batch_size);
  if (shuffle) {
    Rng rng(derive_seed(derive_seed(seed, "shuffle"), static_cast<std::uint64_t>(epoch)));
    order_ = permutation(count, rng);
  } else {
    order_.resize(static_cast<std::size_t>(count));
    std::iota(order_.begin(), order_.end(), 0);
  }
  if (drop_last) order_.resize(order_.size() - order_.size() % static_cast<std::size_t>(batch_size));
}

std::int64_t BatchOrder::num_batches() const {
  return (static_cast<std::int64_t>(order_.size()) + batch_size_ - 1) / batch_size_;
}

std::span<const std::int64_t> BatchOrder::batch(std::int64_t b) const {
  const std::int64_t begin = b * batch_size_;
  const std::int64_t count = std::min(batch_size_, static_cast<std::int64_t>(order_.size()) - begin);
  return std::span(order_).subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(count));
}

void gather(const FrameDataset& data, const Split& split, std::span<const std::int64_t> indices, float* dst,
            Layout layout, const Augment& augment, std::uint64_t seed, std::int64_t epoch) {
  check(data, split, indices, augment);
  const std::int64_t c = data.sample_shape[0], h = data.sample_shape[1], w = data.sample_shape[2];
  const std::int64_t step_size = c * h * w;
  const auto n = static_cast<std::int64_t>(indices.size());
  const std::uint64_t epoch_seed =
      derive_seed(derive_seed(seed, "augment"), static_cast<std::uint64_t>(epoch));
  parallel_for(n, 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::uint8_t> changed;
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t index = indices[static_cast<std::size_t>(i)];
      const std::uint8_t* src = split.frames.data() + index * data.sample_size();
      if (augment.active()) {
        Rng rng(derive_seed(epoch_seed, static_cast<std::uint64_t>(index)));
        change(src, data.num_steps * c, h, w, augment, rng, changed);
        src = changed.data();
      }
      for (std::int64_t t = 0; t < data.num_steps; ++t)
        write_step(src + t * step_size, dst + (t * n + i) * step_size, c, h * w, data.value_scale, layout);
    }
  });
}

}  // namespace tern::data
