#include "compress/posttrain/layer_moments.hpp"

#include <utility>
#include <vector>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

std::int64_t groups_of(const net::OpContext& context) {
  return context.node.op == "conv2d" ? context.integer("groups") : 1;
}

struct Geometry {
  std::vector<std::int64_t> kernel{1, 1}, stride{1, 1}, padding{0, 0}, dilation{1, 1};
  std::int64_t groups = 1;
};

/// A linear is a 1x1 convolution of one place.
Geometry geometry_of(const net::OpContext& context) {
  if (context.node.op == "linear") return {};
  const auto list = [&](const char* name) {
    const auto [first, second] = context.pair(name);
    return std::vector<std::int64_t>{first, second};
  };
  return {list("kernel"), list("stride"), list("padding"), list("dilation"), groups_of(context)};
}

at::Tensor as_image(const at::Tensor& src) { return src.dim() == 4 ? src : src.unsqueeze(2).unsqueeze(3); }

/// Receptive fields of one batch: [n, groups * k, oh, ow], channels last.
at::Tensor fields(const Geometry& geometry, const at::Tensor& src) {
  const auto extent = [&](std::size_t i) {
    const std::int64_t reach = geometry.dilation[i] * (geometry.kernel[i] - 1) + 1;
    return (src.size(static_cast<std::int64_t>(i) + 2) + 2 * geometry.padding[i] - reach) / geometry.stride[i] + 1;
  };
  return at::im2col(src.contiguous(), geometry.kernel, geometry.dilation, geometry.padding, geometry.stride)
      .view({src.size(0), -1, extent(0), extent(1)})
      .contiguous(at::MemoryFormat::ChannelsLast);
}

/// Sum over samples and places of a_i y_j, [groups, k, k], where `a` are fields(): the weight gradient of a
/// convolution of `y` whose output gradient is `a`. Many times faster than a matrix product where no tuned
/// BLAS is installed.
at::Tensor products(const Geometry& geometry, const at::Tensor& a, const at::Tensor& y) {
  const std::int64_t rows = a.size(1), k = rows / geometry.groups;
  const at::Tensor shape = at::empty({rows, y.size(1) / geometry.groups, geometry.kernel[0], geometry.kernel[1]},
                                     at::TensorOptions(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
  const at::Tensor sums = std::get<1>(
      at::convolution_backward(a, y, shape, c10::nullopt, geometry.stride, geometry.padding, geometry.dilation, false,
                               {0, 0}, geometry.groups, {false, true, false}));
  return sums.contiguous().view({geometry.groups, k, k});
}

/// d G for d [groups, rows, k] and G [groups, k, k]. Without groups by a convolution, for the same reason.
at::Tensor product(const at::Tensor& d, const at::Tensor& g) {
  if (d.size(0) > 1) return at::bmm(d, g);
  const std::int64_t rows = d.size(1), k = d.size(2);
  const at::Tensor turned = g[0].t().contiguous().view({k, k, 1, 1});
  return at::conv2d(turned, d[0].contiguous().view({rows, k, 1, 1})).view({k, rows}).t().unsqueeze(0);
}

/// sum of (d G) * d for a symmetric G.
struct QuadraticForm : torch::autograd::Function<QuadraticForm> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& d, const at::Tensor& g) {
    const at::Tensor rows = product(d, g);
    ctx->save_for_backward({rows});
    return (rows * d).sum();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    return {ctx->get_saved_variables()[0] * (2 * grads[0]), at::Tensor()};
  }
};

void accumulate(at::Tensor& sum, const at::Tensor& term) {
  const at::Tensor wide = term.to(at::kDouble);
  sum = sum.defined() ? sum + wide : wide;
}

}  // namespace

LayerMoments layer_moments(const net::OpContext& context, const BatchValues& x, const BatchValues& y) {
  const c10::NoGradGuard no_grad;
  const Geometry geometry = geometry_of(context);
  const auto mean_of = [&](const at::Tensor& a) { return a.sum({0, 2, 3}).view({geometry.groups, -1}); };
  LayerMoments sums;
  double rows = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const at::Tensor image_x = as_image(x[i]), image_y = as_image(y[i]);
    const at::Tensor a = fields(geometry, image_x), b = fields(geometry, image_y);
    accumulate(sums.xx, products(geometry, a, image_x));
    accumulate(sums.xy, products(geometry, a, image_y));
    accumulate(sums.yy, products(geometry, b, image_y));
    accumulate(sums.x, mean_of(a));
    accumulate(sums.y, mean_of(b));
    rows += static_cast<double>(a.numel() / a.size(1));
  }
  for (at::Tensor* sum : {&sums.xx, &sums.xy, &sums.yy, &sums.x, &sums.y}) *sum = (*sum / rows).to(at::kFloat);
  return sums;
}

LayerMoments LayerMoments::centred() const {
  const at::Tensor a = x.unsqueeze(2), b = y.unsqueeze(2);
  return {xx - at::bmm(a, a.transpose(1, 2)), xy - at::bmm(a, b.transpose(1, 2)), yy - at::bmm(b, b.transpose(1, 2)),
          at::zeros_like(x), at::zeros_like(y)};
}

// With the difference d = v - w: E|w (x - y)|^2 + 2 w E[(y - x) y'] d' + d E[y y'] d', which cancels less.
OutputError::OutputError(const LayerMoments& moments, at::Tensor w) : w_(std::move(w)), yy_(moments.yy) {
  const c10::NoGradGuard no_grad;
  const at::Tensor drift = moments.xx - moments.xy - moments.xy.transpose(1, 2) + moments.yy;
  base_ = (product(w_, drift) * w_).sum().item<double>();
  linear_ = 2 * product(w_, moments.yy - moments.xy);
}

at::Tensor OutputError::operator()(const at::Tensor& v) const {
  const at::Tensor d = v - w_;
  return (linear_ * d).sum() + QuadraticForm::apply(d, yy_) + base_;
}

at::Tensor OutputError::slope(const at::Tensor& v) const { return linear_ + 2 * product(v - w_, yy_); }

at::Tensor by_groups(const at::Tensor& weight, const net::OpContext& context) {
  const std::int64_t groups = groups_of(context);
  return weight.reshape({groups, weight.size(0) / groups, -1});
}

}  // namespace tern::compress
