#include "learn/autograd/pool_function.hpp"

#include <vector>

#include "kernels/pool.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

at::Tensor channels_last(const at::Tensor& tensor) { return tensor.contiguous(at::MemoryFormat::ChannelsLast); }

kernels::PoolShape shape_of(at::IntArrayRef sizes, const PoolWindow& window) {
  return {sizes[0],         sizes[2],         sizes[3],         sizes[1],
          window.kernel[0], window.kernel[1], window.stride[0], window.stride[1]};
}

at::Tensor empty_like_sizes(at::IntArrayRef sizes, at::ScalarType type) {
  return at::empty(sizes, at::TensorOptions(type).memory_format(at::MemoryFormat::ChannelsLast));
}

void remember(AutogradContext* ctx, const at::Tensor& src, const PoolWindow& window) {
  ctx->saved_data["sizes"] = src.sizes().vec();
  ctx->saved_data["window"] =
      std::vector<std::int64_t>{window.kernel[0], window.kernel[1], window.stride[0], window.stride[1]};
}

kernels::PoolShape recall(AutogradContext* ctx) {
  const auto window = ctx->saved_data["window"].toIntVector();
  return shape_of(ctx->saved_data["sizes"].toIntVector(), {{window[0], window[1]}, {window[2], window[3]}});
}

struct MaxPoolFunction : torch::autograd::Function<MaxPoolFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& src, const PoolWindow& window) {
    const kernels::PoolShape shape = shape_of(src.sizes(), window);
    const std::vector<std::int64_t> sizes{shape.n, shape.c, shape.out_h(), shape.out_w()};
    at::Tensor dst = empty_like_sizes(sizes, at::kFloat), index = empty_like_sizes(sizes, at::kByte);
    kernels::max_pool2d_forward(shape, src.data_ptr<float>(), dst.data_ptr<float>(), index.data_ptr<std::uint8_t>());
    remember(ctx, src, window);
    ctx->save_for_backward({index});
    return dst;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    at::Tensor grad_src = empty_like_sizes(ctx->saved_data["sizes"].toIntVector(), at::kFloat);
    kernels::max_pool2d_backward(recall(ctx), channels_last(grads[0]).data_ptr<float>(),
                                 ctx->get_saved_variables()[0].data_ptr<std::uint8_t>(), grad_src.data_ptr<float>());
    return {grad_src, at::Tensor()};
  }
};

struct AvgPoolFunction : torch::autograd::Function<AvgPoolFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& src, const PoolWindow& window) {
    const kernels::PoolShape shape = shape_of(src.sizes(), window);
    at::Tensor dst = empty_like_sizes({shape.n, shape.c, shape.out_h(), shape.out_w()}, at::kFloat);
    kernels::avg_pool2d_forward(shape, src.data_ptr<float>(), dst.data_ptr<float>());
    remember(ctx, src, window);
    return dst;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    at::Tensor grad_src = empty_like_sizes(ctx->saved_data["sizes"].toIntVector(), at::kFloat);
    kernels::avg_pool2d_backward(recall(ctx), channels_last(grads[0]).data_ptr<float>(), grad_src.data_ptr<float>());
    return {grad_src, at::Tensor()};
  }
};

}  // namespace

at::Tensor max_pool2d(const at::Tensor& src, const PoolWindow& window) {
  if (!src.device().is_cpu()) return at::max_pool2d(src, window.kernel, window.stride);
  return MaxPoolFunction::apply(channels_last(src), window);
}

at::Tensor avg_pool2d(const at::Tensor& src, const PoolWindow& window) {
  if (!src.device().is_cpu()) return at::avg_pool2d(src, window.kernel, window.stride);
  return AvgPoolFunction::apply(channels_last(src), window);
}

}  // namespace tern::learn
