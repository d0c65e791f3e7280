#include "learn/autograd/conv_function.hpp"

#include <algorithm>
#include <vector>

#include "kernels/spikes.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<std::int64_t> list(const std::array<std::int64_t, 2>& pair) { return {pair[0], pair[1]}; }

at::Tensor channels_last(const at::Tensor& tensor) { return tensor.contiguous(at::MemoryFormat::ChannelsLast); }

/// [n, c, h, w] in channels-last memory that owns no values yet.
at::Tensor empty_channels_last(at::IntArrayRef sizes) {
  return at::empty(sizes, at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
}

std::uint64_t* words(const at::Tensor& bits) { return reinterpret_cast<std::uint64_t*>(bits.data_ptr<std::int64_t>()); }

/// One bit an element of src, or an undefined tensor where src holds more than zeros and ones. A look at the first
/// elements comes before the whole: activations that are no spikes cost nothing.
at::Tensor spikes_as_bits(const at::Tensor& src) {
  constexpr std::int64_t first_look = 4096;
  if (!src.device().is_cpu()) return {};
  const std::int64_t count = src.numel(), look = std::min(count, first_look);
  std::array<std::uint64_t, kernels::packed_spike_words(first_look)> scratch;
  if (!kernels::pack_spikes(look, src.data_ptr<float>(), scratch.data())) return {};
  const at::Tensor bits = at::empty({kernels::packed_spike_words(count)}, at::kLong);
  return kernels::pack_spikes(count, src.data_ptr<float>(), words(bits)) ? bits : at::Tensor();
}

struct ConvFunction : torch::autograd::Function<ConvFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& src, const at::Tensor& weight,
                            const ConvGeometry& geometry) {
    ctx->saved_data["stride"] = list(geometry.stride);
    ctx->saved_data["padding"] = list(geometry.padding);
    ctx->saved_data["dilation"] = list(geometry.dilation);
    ctx->saved_data["groups"] = geometry.groups;
    ctx->saved_data["sizes"] = src.sizes().vec();
    const at::Tensor bits = spikes_as_bits(src);
    const bool is_bits = bits.defined();
    ctx->saved_data["is_bits"] = is_bits;
    ctx->save_for_backward({is_bits ? bits : src, weight});
    return conv2d_plain(src, weight, geometry);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    at::Tensor src = saved[0];
    if (ctx->saved_data["is_bits"].toBool()) {
      src = empty_channels_last(ctx->saved_data["sizes"].toIntVector());
      kernels::unpack_spikes(src.numel(), words(saved[0]), src.data_ptr<float>());
    }
    const bool needs_src = ctx->needs_input_grad(0), needs_weight = ctx->needs_input_grad(1);
    const auto [grad_src, grad_weight, unused] = at::convolution_backward(
        channels_last(grads[0]), src, channels_last(saved[1]), c10::nullopt, ctx->saved_data["stride"].toIntVector(),
        ctx->saved_data["padding"].toIntVector(), ctx->saved_data["dilation"].toIntVector(), false, {0, 0},
        ctx->saved_data["groups"].toInt(), {needs_src, needs_weight, false});
    return {grad_src, grad_weight, at::Tensor()};
  }
};

}  // namespace

at::Tensor conv2d_plain(const at::Tensor& src, const at::Tensor& weight, const ConvGeometry& geometry) {
  return channels_last(at::conv2d(src, channels_last(weight), {}, geometry.stride, geometry.padding, geometry.dilation,
                                  geometry.groups));
}

at::Tensor conv2d_lean(const at::Tensor& src, const at::Tensor& weight, const ConvGeometry& geometry) {
  return ConvFunction::apply(channels_last(src), weight, geometry);
}

}  // namespace tern::learn
