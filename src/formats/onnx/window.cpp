#include "formats/onnx/window.hpp"

#include <algorithm>

namespace tern::onnx {
namespace {

constexpr std::int64_t most = 1 << 20;  // larger extents are no network's, and cannot overflow below

std::array<std::int64_t, 2> two(const NodeView& node, std::string_view name, std::int64_t fallback) {
  const Integers list = node.integers(name, 2, fallback);
  for (const auto entry : list)
    if (entry < 1 || entry > most) node.broken("attribute '{}': {} is out of range", name, entry);
  return {list[0], list[1]};
}

/// SAME_UPPER and SAME_LOWER: as many outputs as strides fit, the odd zero at the end or at the beginning.
void pad_to_same(Window& window, std::array<std::int64_t, 2> image, bool odd_at_end) {
  for (std::size_t d = 0; d < 2; ++d) {
    const std::int64_t outputs = (image[d] + window.stride[d] - 1) / window.stride[d];
    const std::int64_t reach = (window.kernel[d] - 1) * window.dilation[d] + 1;
    const std::int64_t total = std::max<std::int64_t>(0, (outputs - 1) * window.stride[d] + reach - image[d]);
    window.border[d] = odd_at_end ? total / 2 : total - total / 2;
    window.border[d + 2] = total - window.border[d];
  }
}

/// The last window may begin before the image and its leading zeros end.
void cover_last(Window& window, std::array<std::int64_t, 2> image) {
  for (std::size_t d = 0; d < 2; ++d) {
    const std::int64_t reach = (window.kernel[d] - 1) * window.dilation[d] + 1;
    const std::int64_t room = image[d] + window.border[d] + window.border[d + 2] - reach;
    if (room < 0) continue;
    std::int64_t steps = (room + window.stride[d] - 1) / window.stride[d];
    if (steps * window.stride[d] >= image[d] + window.border[d]) --steps;
    window.border[d + 2] += std::max<std::int64_t>(0, steps * window.stride[d] - room);
  }
}

}  // namespace

Window read_window(const NodeView& node, std::array<std::int64_t, 2> image,
                   std::optional<std::array<std::int64_t, 2>> kernel) {
  if (!kernel && !node.attribute("kernel_shape")) node.broken("attribute 'kernel_shape' is missing");
  Window window{kernel ? *kernel : two(node, "kernel_shape", 1), two(node, "strides", 1),
                two(node, "dilations", 1)};
  if (kernel && node.attribute("kernel_shape") && two(node, "kernel_shape", 1) != *kernel)
    node.broken("its kernel_shape is not that of its weights, {}x{}", (*kernel)[0], (*kernel)[1]);
  const std::string how = node.text("auto_pad", "NOTSET");
  if (how == "SAME_UPPER" || how == "SAME_LOWER") {
    pad_to_same(window, image, how == "SAME_UPPER");
  } else if (how == "NOTSET" || how.empty()) {
    const Integers pads = node.integers("pads", 4, 0);
    for (const auto pad : pads)
      if (pad < 0 || pad > most) node.refuse("a border of {}", pad);
    std::copy(pads.begin(), pads.end(), window.border.begin());
  } else if (how != "VALID") {
    node.broken("auto_pad '{}'", how);
  }
  if (node.integer("ceil_mode", 0) != 0) cover_last(window, image);
  return window;
}

}  // namespace tern::onnx
