#include "compress/factorize/links.hpp"

#include <utility>
#include <vector>

#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using Ints = std::vector<std::int64_t>;

}  // namespace

bool is_spatial_kernel(const net::OpContext& context, const at::Tensor& kernel) {
  return context.node.op == "conv2d" && context.integer("groups") == 1 && kernel.size(2) > 1 && kernel.size(3) > 1;
}

FactorLayer point_link(std::string suffix, std::int64_t channels) {
  return {std::move(suffix), {{"out_channels", channels}, {"kernel", std::int64_t{1}}}};
}

FactorLayer vertical_link(const net::OpContext& context, const at::Tensor& kernel, std::string suffix,
                          std::int64_t channels, std::int64_t groups) {
  return {std::move(suffix),
          {{"out_channels", channels},
           {"kernel", Ints{kernel.size(2), 1}},
           {"stride", Ints{context.pair("stride").first, 1}},
           {"padding", Ints{context.pair("padding").first, 0}},
           {"dilation", Ints{context.pair("dilation").first, 1}},
           {"groups", groups}}};
}

FactorLayer horizontal_link(const net::OpContext& context, const at::Tensor& kernel, std::string suffix,
                            std::int64_t channels, std::int64_t groups) {
  return {std::move(suffix),
          {{"out_channels", channels},
           {"kernel", Ints{1, kernel.size(3)}},
           {"stride", Ints{1, context.pair("stride").second}},
           {"padding", Ints{0, context.pair("padding").second}},
           {"dilation", Ints{1, context.pair("dilation").second}},
           {"groups", groups}}};
}

}  // namespace tern::compress
