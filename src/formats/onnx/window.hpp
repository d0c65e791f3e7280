// Windows of convolutions and pools: strides, dilations and what auto_pad means. Private to formats/onnx.
#pragma once

#include <array>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {

struct Window {
  std::array<std::int64_t, 2> kernel, stride, dilation;
  Border border{};  ///< zeros around the image
};

/// `kernel`: of the weights; the attribute kernel_shape where it is not given. `ceil_mode` lets the last
/// window hang over the edge: the border then covers it. Errors: ErrorKind::bad_data, ErrorKind::unsupported.
Window read_window(const NodeView& node, std::array<std::int64_t, 2> image,
                   std::optional<std::array<std::int64_t, 2>> kernel);

}  // namespace tern::onnx
