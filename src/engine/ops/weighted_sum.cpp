// conv2d and linear: sums of code * src, then scales and bias. A linear layer is a convolution of one place.
//
// The frame is copied into a border of zeros, so that every output reads the same taps. Where few of its
// values are not zero (spikes), they are listed and the sums gather from those lists: silent neurons cost
// nothing. Dense frames go through kernels::dense_sums. Sums of integers agree bit for bit either way; those
// that float could not hold exactly are taken in double, as in training.
#include <algorithm>
#include <cmath>
#include <tuple>

#include "engine/ops/ops.hpp"
#include "engine/ops/source_frame.hpp"
#include "kernels/dense_sum.hpp"
#include "net/quantized_source.hpp"

namespace tern::engine::ops {
namespace {

constexpr std::int64_t block = kernels::dense_block;

struct Geometry {
  std::int64_t h = 1, w = 1, oh = 1, ow = 1;
  std::int64_t groups = 1, ic = 1, oc = 1;  ///< channels of one group
  std::int64_t kh = 1, kw = 1, sh = 1, sw = 1, ph = 0, pw = 0, dh = 1, dw = 1;

  std::int64_t blocks() const { return (oc + block - 1) / block; }
  std::int64_t taps() const { return kh * kw; }
  std::int64_t channels() const { return groups * ic; }
  std::int64_t dst_size() const { return oh * ow * groups * oc; }
  Border border() const { return {h, w, channels(), ph, pw}; }
};

class WeightedSum final : public ScratchOperation {
 public:
  WeightedSum(const Geometry& geometry, const BuildContext& context) : g_(geometry), dst_type_(context.dst) {
    const pack::PackedTensor& weight = context.tensor("weight");
    scales_.assign(static_cast<std::size_t>(g_.groups * g_.oc), 1.0F);
    std::vector<float> values =
        weight.scaled_by_channel() ? codes_of(weight, context) : pack::dequantize(weight);
    if (context.rules.flag("bias")) bias_ = context.values("bias");
    reorder(values);
    list_places();
  }

  void run_in(Extent extent, std::span<const float* const> src, float* dst, const Workers& workers) const override {
    workers.split(extent.frames(dst_type_), workers.count, [&](std::int64_t begin, std::int64_t end, std::byte* memory) {
      const Scratch scratch = scratch_at(memory);
      for (std::int64_t frame = begin; frame < end; ++frame)
        run_frame(src[0] + frame * g_.border().src_size(), dst + frame * g_.dst_size(), scratch);
    });
  }
  std::size_t scratch_bytes(Extent) const override {
    return scratch_at(nullptr).bytes;
  }
  std::size_t weight_bytes() const override { return weights_.size() * sizeof(float); }

 private:
  /// Parts of the memory of one worker.
  struct Scratch {
    float* padded;
    SourceEvents events;
    float* sums;
    double* wide_sums;
    std::size_t bytes;
  };

  /// The codes as floats. Sets scales_ to weight scale * source scale and decides how wide sums must be.
  std::vector<float> codes_of(const pack::PackedTensor& weight, const BuildContext& context) {
    double largest_source = 1;
    float src_scale = 1.0F;
    const net::Net& net = context.model.net;
    if (const net::Node* source = net::quantized_source(net, context.node.inputs[0])) {
      const auto buffer = [&](const char* name) {
        return pack::dequantize(context.model.tensors.at(source->name + name))[0];
      };
      src_scale = buffer(".scale");
      inverse_src_scale_ = 1.0F / src_scale;
      largest_source = net::largest_integer(net, *source, buffer(".zero_point"));
    }
    const std::size_t size = weight.codes.size() / scales_.size();
    for (std::size_t channel = 0; channel < scales_.size(); ++channel) {
      scales_[channel] = weight.scales[weight.scales.size() == 1 ? 0 : channel] * src_scale;
      double absolute = 0;
      for (std::size_t i = channel * size; i < (channel + 1) * size; ++i)
        absolute += std::abs(static_cast<double>(weight.codes[i]));
      is_wide_ = is_wide_ || !net::fits_float(absolute, largest_source);
    }
    return {weight.codes.begin(), weight.codes.end()};
  }

  /// From [oc, ic, kh, kw] to [group, block of oc, kh, kw, ic, 16], zero where oc is no multiple of 16.
  void reorder(const std::vector<float>& values) {
    weights_.assign(static_cast<std::size_t>(g_.groups * g_.blocks() * g_.taps() * g_.ic * block), 0.0F);
    std::size_t next = 0;
    for (std::int64_t group = 0; group < g_.groups; ++group)
      for (std::int64_t oc = 0; oc < g_.oc; ++oc)
        for (std::int64_t ic = 0; ic < g_.ic; ++ic)
          for (std::int64_t k = 0; k < g_.taps(); ++k, ++next)
            weights_[static_cast<std::size_t>(tile(group, oc / block) + (k * g_.ic + ic) * block +
                                              oc % block)] = values[next];
  }

  std::int64_t tile(std::int64_t group, std::int64_t part) const {
    return (group * g_.blocks() + part) * g_.taps() * g_.ic * block;
  }

  /// Where in the padded frame outputs and taps begin.
  void list_places() {
    const std::int64_t row = g_.border().padded_w();
    for (std::int64_t y = 0; y < g_.oh; ++y)
      for (std::int64_t x = 0; x < g_.ow; ++x) places_.push_back(y * g_.sh * row + x * g_.sw);
    for (std::int64_t y = 0; y < g_.kh; ++y)
      for (std::int64_t x = 0; x < g_.kw; ++x) taps_.push_back(y * g_.dh * row + x * g_.dw);
    const auto times = [](std::vector<std::int64_t> list, std::int64_t factor) {
      for (auto& entry : list) entry *= factor;
      return list;
    };
    place_lists_ = times(places_, g_.groups), tap_lists_ = times(taps_, g_.groups);
    places_ = times(places_, g_.channels()), taps_ = times(taps_, g_.channels());
  }

  SourceFrame frame() const { return {g_.border(), inverse_src_scale_}; }
  /// How much less a dense product costs than a listed one: at many places dense sums keep their weights in
  /// registers (measured with 512-bit vectors); at a single one both wait for the weights.
  std::int64_t advantage() const { return places_.size() > 1 ? 32 : 2; }
  /// Of sources: a pixel's channels of one group.
  std::int64_t num_lists() const { return g_.border().padded_h() * g_.border().padded_w() * g_.groups; }

  /// `memory` null: only its bytes.
  Scratch scratch_at(std::byte* memory) const {
    Scratch scratch{};
    const auto take = [&]<class T>(T*& part, std::int64_t count) {
      if (memory != nullptr) part = reinterpret_cast<T*>(memory + scratch.bytes);
      scratch.bytes += whole_lines(static_cast<std::size_t>(count) * sizeof(T));
    };
    const std::int64_t sums = std::ssize(places_) * block;
    take(scratch.padded, frame().scratch_floats());
    if (is_wide_) {
      take(scratch.wide_sums, sums);
    } else {
      const std::int64_t most_events = g_.border().src_size() / advantage() + 1;
      take(scratch.sums, sums);
      take(scratch.events.first, num_lists() + 1);
      take(scratch.events.channel, most_events + 1);
      take(scratch.events.value, most_events + 1);
    }
    return scratch;
  }

  void run_frame(const float* src, float* dst, const Scratch& scratch) const {
    const bool is_sparse = !is_wide_ && frame().is_sparse(src, advantage());
    const float* const padded = frame().prepare(src, scratch.padded);
    if (is_sparse) scratch.events.collect(num_lists(), g_.ic, padded);
    for (std::int64_t group = 0; group < g_.groups; ++group)
      for (std::int64_t part = 0; part < g_.blocks(); ++part) {
        const float* const weights = weights_.data() + tile(group, part);
        const kernels::DenseSum job{padded + group * g_.ic,
                                    places_.data(),
                                    std::ssize(places_),
                                    taps_.data(),
                                    std::ssize(taps_),
                                    g_.ic,
                                    weights};
        if (is_wide_) {
          kernels::dense_sums(job, scratch.wide_sums);
          store(scratch.wide_sums, group, part, dst);
          continue;
        }
        if (!is_sparse)
          kernels::dense_sums(job, scratch.sums);
        else
          for (std::size_t p = 0; p < places_.size(); ++p)
            scratch.events.gather(place_lists_[p] + group, tap_lists_, g_.ic, weights,
                                  &scratch.sums[p * block]);
        store(scratch.sums, group, part, dst);
      }
  }

  /// scale * sum + bias of one block at every place.
  template <typename Sum>
  void store(const Sum* sums, std::int64_t group, std::int64_t part, float* dst) const {
    const std::int64_t first = group * g_.oc + part * block, count = std::min(block, g_.oc - part * block);
    const std::int64_t stride = g_.groups * g_.oc;
    dst += first;
    for (std::size_t p = 0; p < places_.size(); ++p, sums += block, dst += stride)
      for (std::int64_t i = 0; i < count; ++i) {
        const float scaled = static_cast<float>(sums[i]) * scales_[static_cast<std::size_t>(first + i)];
        dst[i] = bias_.empty() ? scaled : scaled + bias_[static_cast<std::size_t>(first + i)];
      }
  }

  Geometry g_;
  net::TensorType dst_type_;
  std::vector<float> scales_;       ///< of each output channel; ones for float weights
  float inverse_src_scale_ = 0.0F;  ///< 0: the source is not quantized
  bool is_wide_ = false;            ///< sums in double
  std::vector<float> bias_;
  std::vector<float> weights_;
  std::vector<std::int64_t> places_, taps_;            ///< in floats of the padded frame
  std::vector<std::int64_t> place_lists_, tap_lists_;  ///< in lists of SourceEvents
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
  return std::make_unique<WeightedSum>(Geometry{.ic = context.src().shape[0], .oc = context.dst.shape[0]},
                                       context);
}

}  // namespace tern::engine::ops
