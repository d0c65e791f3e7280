// Operations with a trained kernel: conv2d and linear.
#include "net/ops/ops.hpp"

namespace tern::net::ops {
namespace {

std::int64_t conv_extent(const OpContext& context, std::int64_t size, std::int64_t kernel, std::int64_t stride,
                         std::int64_t padding, std::int64_t dilation) {
  const std::int64_t reach = dilation * (kernel - 1) + 1;
  const std::int64_t extent = (size + 2 * padding - reach) / stride + 1;
  if (size + 2 * padding < reach || extent < 1)
    context.refuse("a kernel that reaches {} does not fit into {} with padding {}", reach, size, padding);
  return extent;
}

TensorType infer_conv2d(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 3) context.refuse("expected input [c, h, w], got {}", to_string(src));
  const std::int64_t groups = context.integer("groups"), oc = context.integer("out_channels");
  if (src[0] % groups != 0 || oc % groups != 0)
    context.refuse("groups {} must divide {} input and {} output channels", groups, src[0], oc);
  const auto [kh, kw] = context.pair("kernel");
  const auto [sh, sw] = context.pair("stride");
  const auto [ph, pw] = context.pair("padding");
  const auto [dh, dw] = context.pair("dilation");
  return {context.src[0].has_time,
          {oc, conv_extent(context, src[1], kh, sh, ph, dh), conv_extent(context, src[2], kw, sw, pw, dw)}};
}

std::vector<ParameterSpec> conv2d_parameters(const OpContext& context) {
  const auto [kh, kw] = context.pair("kernel");
  const std::int64_t oc = context.integer("out_channels");
  const std::int64_t ic_of_group = context.src[0].shape[0] / context.integer("groups");
  std::vector<ParameterSpec> parameters{{"weight", {oc, ic_of_group, kh, kw}, ParameterRole::weight}};
  if (context.flag("bias")) parameters.push_back({"bias", {oc}, ParameterRole::bias});
  return parameters;
}

Work conv2d_work(const OpContext& context, const TensorType& dst) {
  const Shape weights = conv2d_parameters(context)[0].shape;
  return {.macs = num_elements(weights) * dst.shape[1] * dst.shape[2]};
}

TensorType infer_linear(const OpContext& context) {
  const Shape& src = context.src[0].shape;
  if (src.size() != 1) context.refuse("expected input [features], got {}: put a flatten before it", to_string(src));
  return {context.src[0].has_time, {context.integer("out_features")}};
}

std::vector<ParameterSpec> linear_parameters(const OpContext& context) {
  const std::int64_t out = context.integer("out_features");
  std::vector<ParameterSpec> parameters{{"weight", {out, context.src[0].shape[0]}, ParameterRole::weight}};
  if (context.flag("bias")) parameters.push_back({"bias", {out}, ParameterRole::bias});
  return parameters;
}

Work linear_work(const OpContext& context, const TensorType& dst) {
  return {.macs = context.src[0].shape[0] * dst.shape[0]};
}

}  // namespace

const OpSpec conv2d{
    .info = {"conv2d", "two-dimensional convolution (cross-correlation), zero padding", "",
             {{"out_channels", "int", "", "> 0", "output channels"},
              {"kernel", "int list", "3", "> 0", "kh, kw"},
              {"stride", "int list", "1", "> 0", "vertical, horizontal"},
              {"padding", "int list", "0", ">= 0", "zeros on each side: vertical, horizontal"},
              {"dilation", "int list", "1", "> 0", "vertical, horizontal"},
              {"groups", "int", "1", "> 0", "channel groups; groups = channels is depthwise"},
              {"bias", "bool", "false", "", "adds one value an output channel"}}},
    .infer = infer_conv2d,
    .parameters = conv2d_parameters,
    .work = conv2d_work,
};

const OpSpec linear{
    .info = {"linear", "fully connected layer: dst = weight x src (+ bias)", "",
             {{"out_features", "int", "", "> 0", "outputs"}, {"bias", "bool", "false", "", "adds one value an output"}}},
    .infer = infer_linear,
    .parameters = linear_parameters,
    .work = linear_work,
};

}  // namespace tern::net::ops
