// conv2d and linear: sums of code * src over the sources that are not zero (spikes), then scale and bias.
//
// Each frame is first turned into lists of its non-zero sources, one list for each place and channel group; the sums
// then gather from those lists, so that silent neurons cost nothing. A linear layer is a convolution of one place.
// Stride, dilation and padding only choose which lists an output reads.
#include <algorithm>
#include <cstring>
#include <tuple>

#include "base/threads.hpp"
#include "engine/ops/ops.hpp"

namespace tern::engine::ops {
namespace {

/// Output channels summed together, in four registers of the baseline instruction set.
constexpr std::int64_t block = 16;
typedef float Lane __attribute__((vector_size(16)));

struct Geometry {
  std::int64_t h = 1, w = 1, oh = 1, ow = 1;
  std::int64_t groups = 1, ic = 1, oc = 1;  ///< channels of one group
  std::int64_t kh = 1, kw = 1, sh = 1, sw = 1, ph = 0, pw = 0, dh = 1, dw = 1;

  std::int64_t blocks() const { return (oc + block - 1) / block; }
  std::int64_t src_size() const { return h * w * groups * ic; }
  std::int64_t dst_size() const { return oh * ow * groups * oc; }
};

/// The non-zero sources of one frame. Those of list (place * groups + group) are [first[list], first[list + 1]).
struct Events {
  std::vector<std::int64_t> first;
  std::vector<std::int32_t> channel;
  std::vector<float> value;

  void collect(const Geometry& g, const float* src) {
    const std::int64_t lists = g.h * g.w * g.groups;
    first.resize(static_cast<std::size_t>(lists + 1));
    channel.resize(static_cast<std::size_t>(g.src_size() + 1));
    value.resize(static_cast<std::size_t>(g.src_size() + 1));
    std::int64_t count = 0;
    for (std::int64_t list = 0; list < lists; ++list) {
      first[list] = count;
      for (std::int64_t c = 0; c < g.ic; ++c) {  // without a branch: spikes are unpredictable
        const float x = *src++;
        channel[count] = static_cast<std::int32_t>(c);
        value[count] = x;
        count += x != 0.0F;
      }
    }
    first[lists] = count;
  }
};

struct Accumulators {
  Lane lanes[4] = {};

  void add(const Events& events, std::int64_t list, const float* weights) {
    Lane a = lanes[0], b = lanes[1], c = lanes[2], d = lanes[3];
    for (std::int64_t e = events.first[list]; e < events.first[list + 1]; ++e) {
      const float x = events.value[e];
      Lane w[4];
      std::memcpy(w, weights + events.channel[e] * block, sizeof w);
      a += x * w[0];
      b += x * w[1];
      c += x * w[2];
      d += x * w[3];
    }
    lanes[0] = a, lanes[1] = b, lanes[2] = c, lanes[3] = d;
  }
};

class WeightedSum final : public Operation {
 public:
  WeightedSum(const Geometry& geometry, const BuildContext& context) : g_(geometry), dst_type_(context.dst) {
    const pack::PackedTensor& weight = context.tensor("weight");
    scale_ = weight.bits == 32 ? 1.0F : weight.scale;
    if (context.rules.flag("bias")) bias_ = context.values("bias");
    reorder(weight);
  }

  void run(Extent extent, std::span<const float* const> src, float* dst) const override {
    parallel_for(extent.frames(dst_type_), 1, [&](std::int64_t begin, std::int64_t end) {
      Events events;
      for (std::int64_t frame = begin; frame < end; ++frame) {
        events.collect(g_, src[0] + frame * g_.src_size());
        run_frame(events, dst + frame * g_.dst_size());
      }
    });
  }

 private:
  /// From [oc, ic, kh, kw] to [group, block of oc, kh, kw, ic, 16], zero where oc is no multiple of 16.
  void reorder(const pack::PackedTensor& weight) {
    weights_.assign(static_cast<std::size_t>(g_.groups * g_.blocks() * g_.kh * g_.kw * g_.ic * block), 0.0F);
    std::size_t next = 0;
    for (std::int64_t group = 0; group < g_.groups; ++group)
      for (std::int64_t oc = 0; oc < g_.oc; ++oc)
        for (std::int64_t ic = 0; ic < g_.ic; ++ic)
          for (std::int64_t k = 0; k < g_.kh * g_.kw; ++k, ++next)
            weights_[static_cast<std::size_t>(tile(group, oc / block, k) + ic * block + oc % block)] =
                weight.bits == 32 ? weight.values[next] : static_cast<float>(weight.codes[next]);
  }

  std::int64_t tile(std::int64_t group, std::int64_t part, std::int64_t k) const {
    return ((group * g_.blocks() + part) * g_.kh * g_.kw + k) * g_.ic * block;
  }

  void run_frame(const Events& events, float* dst) const {
    for (std::int64_t y = 0; y < g_.oh; ++y)
      for (std::int64_t x = 0; x < g_.ow; ++x)
        for (std::int64_t group = 0; group < g_.groups; ++group)
          for (std::int64_t part = 0; part < g_.blocks(); ++part)
            store(gather(events, y, x, group, part), group * g_.oc + part * block,
                  std::min(block, g_.oc - part * block), dst + (y * g_.ow + x) * g_.groups * g_.oc);
  }

  Accumulators gather(const Events& events, std::int64_t y, std::int64_t x, std::int64_t group,
                      std::int64_t part) const {
    Accumulators sums;
    for (std::int64_t ky = 0; ky < g_.kh; ++ky) {
      const std::int64_t sy = y * g_.sh - g_.ph + ky * g_.dh;
      if (sy < 0 || sy >= g_.h) continue;
      for (std::int64_t kx = 0; kx < g_.kw; ++kx) {
        const std::int64_t sx = x * g_.sw - g_.pw + kx * g_.dw;
        if (sx < 0 || sx >= g_.w) continue;
        sums.add(events, (sy * g_.w + sx) * g_.groups + group, weights_.data() + tile(group, part, ky * g_.kw + kx));
      }
    }
    return sums;
  }

  void store(const Accumulators& sums, std::int64_t first, std::int64_t count, float* dst) const {
    float acc[block];
    std::memcpy(acc, sums.lanes, sizeof acc);
    for (std::int64_t i = 0; i < count; ++i) {
      const float scaled = scale_ * acc[i];
      dst[first + i] = bias_.empty() ? scaled : scaled + bias_[static_cast<std::size_t>(first + i)];
    }
  }

  Geometry g_;
  net::TensorType dst_type_;
  float scale_ = 1.0F;
  std::vector<float> bias_;
  std::vector<float> weights_;
};

}  // namespace

Made make_conv2d(const BuildContext& context) {
  const net::OpContext& rules = context.rules;
  const net::Shape &src = context.src().shape, &dst = context.dst.shape;
  Geometry g{.h = src[1], .w = src[2], .oh = dst[1], .ow = dst[2], .groups = rules.integer("groups")};
  g.ic = src[0] / g.groups;
  g.oc = dst[0] / g.groups;
  std::tie(g.kh, g.kw) = rules.pair("kernel");
  std::tie(g.sh, g.sw) = rules.pair("stride");
  std::tie(g.ph, g.pw) = rules.pair("padding");
  std::tie(g.dh, g.dw) = rules.pair("dilation");
  return std::make_unique<WeightedSum>(g, context);
}

Made make_linear(const BuildContext& context) {
  return std::make_unique<WeightedSum>(Geometry{.ic = context.src().shape[0], .oc = context.dst.shape[0]}, context);
}

}  // namespace tern::engine::ops
