#include "compress/quantize/fake_quantize.hpp"

#include <algorithm>
#include <vector>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Adding and taking away 1.5 * 2^23 rounds half to even, for magnitudes below 2^22; it vectorizes everywhere.
constexpr float rounder = 12582912.0F;
constexpr std::int64_t block = 8192;
constexpr int lanes = 16;

struct Rule {
  float low, high;      // relative to the zero point
  float outside_shift;  // from the smallest code to 0, where there is an offset
  bool ewgs, clip_only;
};

void forward_block(const float* x, float* y, std::int64_t n, float scale, const Rule& rule) {
  const float inverse = 1.0F / scale;
  for (std::int64_t i = 0; i < n; ++i) {
    const float u = x[i] * inverse;
    float c = u < rule.low ? rule.low : u;
    c = c > rule.high ? rule.high : c;
    y[i] = ((c + rounder) - rounder) * scale;
  }
}

/// Sums of a block: of the scale's and the offset's gradient.
struct Sums {
  double scale = 0, offset = 0;
};

Sums backward_block(const float* x, const float* grad, float* grad_x, std::int64_t n, float scale, const Rule& rule) {
  const float inverse = 1.0F / scale;
  const float inside_weight = rule.clip_only ? 0.0F : 1.0F;
  const float delta = rule.ewgs ? static_cast<float>(ewgs_delta) : 0.0F;
  float scale_sums[lanes] = {}, offset_sums[lanes] = {};
  const auto element = [&](std::int64_t i, int lane) {
    const float g = grad[i], u = x[i] * inverse;
    float c = u < rule.low ? rule.low : u;
    c = c > rule.high ? rule.high : c;
    const float code = (c + rounder) - rounder;
    const float step = g > 0 ? delta : g < 0 ? -delta : 0.0F;
    const float factor = 1.0F + step * (c - code);
    const float through = g * factor;
    const float within = g * (code - factor * u) * inside_weight;
    const float beyond = g * (code + rule.outside_shift);
    const bool inside = u == c;
    grad_x[i] = inside ? through : 0.0F;
    scale_sums[lane] += inside ? within : beyond;
    offset_sums[lane] += inside ? 0.0F : g;
  };
  std::int64_t i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int lane = 0; lane < lanes; ++lane) element(i + lane, lane);
  for (; i < n; ++i) element(i, 0);
  Sums sums;
  for (int lane = 0; lane < lanes; ++lane) sums.scale += scale_sums[lane], sums.offset += offset_sums[lane];
  return sums;
}

at::Tensor dense(const at::Tensor& x) { return x.is_non_overlapping_and_dense() ? x : x.contiguous(); }

/// For one scale: `src` dense in any memory order; results in the same.
at::Tensor forward_single(const at::Tensor& src, float scale, const Rule& rule) {
  at::Tensor dst = at::empty_like(src);
  const float* x = src.data_ptr<float>();
  float* y = dst.data_ptr<float>();
  const std::int64_t n = src.numel();
  at::parallel_for(0, (n + block - 1) / block, 4, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t first = begin * block, last = std::min(n, end * block);
    forward_block(x + first, y + first, last - first, scale, rule);
  });
  return dst;
}

Sums backward_single(const at::Tensor& src, const at::Tensor& grad, at::Tensor& grad_src, float scale,
                     const Rule& rule) {
  const float *x = src.data_ptr<float>(), *g = grad.data_ptr<float>();
  float* d = grad_src.data_ptr<float>();
  const std::int64_t n = src.numel(), blocks = (n + block - 1) / block;
  std::vector<Sums> sums(static_cast<std::size_t>(blocks));
  at::parallel_for(0, blocks, 4, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t b = begin; b < end; ++b) {
      const std::int64_t first = b * block;
      sums[static_cast<std::size_t>(b)] =
          backward_block(x + first, g + first, d + first, std::min(block, n - first), scale, rule);
    }
  });
  Sums total;
  for (const auto& s : sums) total.scale += s.scale, total.offset += s.offset;
  return total;
}

struct SingleScale : torch::autograd::Function<SingleScale> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& scale,
                            const at::Tensor& offset, double low, double high, double shift, bool ewgs, bool clip_only,
                            double scale_factor) {
    const at::Tensor src = dense(x);
    ctx->save_for_backward({src, scale, offset});
    ctx->saved_data["low"] = low, ctx->saved_data["high"] = high, ctx->saved_data["shift"] = shift;
    ctx->saved_data["ewgs"] = ewgs, ctx->saved_data["clip_only"] = clip_only;
    ctx->saved_data["factor"] = scale_factor;
    return forward_single(src, scale.item<float>(), rule_of(ctx));
  }

  static Rule rule_of(AutogradContext* ctx) {
    return {static_cast<float>(ctx->saved_data["low"].toDouble()), static_cast<float>(ctx->saved_data["high"].toDouble()),
            static_cast<float>(ctx->saved_data["shift"].toDouble()), ctx->saved_data["ewgs"].toBool(),
            ctx->saved_data["clip_only"].toBool()};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &src = saved[0], &scale = saved[1], &offset = saved[2];
    at::Tensor grad = grads[0];
    if (grad.strides() != src.strides()) grad = at::empty_like(src).copy_(grad);
    at::Tensor grad_src = at::empty_like(src);
    const Sums sums = backward_single(src, grad, grad_src, scale.item<float>(), rule_of(ctx));
    const double factor = ctx->saved_data["factor"].toDouble();
    return {grad_src,
            at::full_like(scale, sums.scale * factor),
            at::full_like(offset, sums.offset * factor),
            at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

/// The same for x [rows, n] and scale [rows, 1], in torch's own operations.
struct RowScales : torch::autograd::Function<RowScales> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& scale, double low, double high,
                            bool ewgs, bool clip_only, double scale_factor) {
    ctx->save_for_backward({x, scale});
    ctx->saved_data["low"] = low, ctx->saved_data["high"] = high;
    ctx->saved_data["ewgs"] = ewgs, ctx->saved_data["clip_only"] = clip_only;
    ctx->saved_data["factor"] = scale_factor;
    return (x * scale.reciprocal()).clamp_(low, high).round_().mul_(scale);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &x = saved[0], &scale = saved[1], &grad = grads[0];
    const at::Tensor u = x * scale.reciprocal();
    const at::Tensor c = u.clamp(ctx->saved_data["low"].toDouble(), ctx->saved_data["high"].toDouble());
    const at::Tensor code = c.round(), inside = u.eq(c);
    at::Tensor through = grad;
    if (ctx->saved_data["ewgs"].toBool()) through = grad * (1 + ewgs_delta * grad.sign() * (c - code));
    through = through * inside;
    at::Tensor terms = grad * code - through * u;
    if (ctx->saved_data["clip_only"].toBool()) terms = terms * inside.logical_not();
    const at::Tensor grad_scale = terms.sum(1, true).mul_(ctx->saved_data["factor"].toDouble());
    return {through, grad_scale, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor fake_quantize(const at::Tensor& x, const at::Tensor& scale, const FakeQuantize& rule,
                         const at::Tensor& offset) {
  const double low = rule.low - rule.zero_point, high = rule.high - rule.zero_point;
  const bool ewgs = rule.gradient == RoundingGradient::ewgs;
  if (scale.dim() > 0) {
    const at::Tensor rows = x.reshape({scale.numel(), -1});
    return RowScales::apply(rows, scale.reshape({-1, 1}), low, high, ewgs, rule.clip_only, rule.scale_factor)
        .reshape(x.sizes());
  }
  const at::Tensor shift = offset.defined() ? offset : at::zeros({});
  return SingleScale::apply(x, scale, shift, low, high, offset.defined() ? rule.zero_point - rule.low : 0.0, ewgs, rule.clip_only,
                            rule.scale_factor);
}

}  // namespace tern::compress
