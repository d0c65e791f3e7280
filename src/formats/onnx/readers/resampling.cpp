// Pad, Resize and Upsample.
#include <cmath>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {

void readers::pad(Importer& importer, const NodeView& node) {
  if (const std::string mode = node.text("mode", "constant"); mode != "constant")
    node.refuse("mode '{}' is not read", mode);
  const Activation src = importer.activation(node, 0);
  const std::size_t rank = src.layout.size() + 1;
  const Integers pads =
      node.opset < 11 ? node.integers("pads").value_or(Integers{}) : importer.constant(node, 1).integers;
  float value = node.opset < 11     ? node.real("value", 0.0F)
                : node.has_input(2) ? importer.number(node, 2)
                                    : 0.0F;
  if (std::isinf(value) && value < 0) value = std::numeric_limits<float>::lowest();
  if (node.has_input(3)) node.refuse("chosen axes are not read");
  if (pads.size() != 2 * rank) node.broken("{} widths for {} dimensions", pads.size(), rank);
  const bool is_plain =
      src.layout == plain_layout(importer.shape(src));  // dimensions of extent 1 are known too
  Border border{};
  for (std::size_t d = 0; d < rank; ++d)
    for (const bool is_end : {false, true}) {
      const std::int64_t width = pads[d + (is_end ? rank : 0)];
      if (width == 0) continue;
      const int axis = d == 0 ? 0 : is_plain ? static_cast<int>(d) - 1 : importer.net_axis(node, src, d - 1);
      if (axis < 1 || width < 0)
        node.refuse("only rows and columns are added, not {} along dimension {}", width, d);
      border[static_cast<std::size_t>(axis - 1 + (is_end ? 2 : 0))] = width;
    }
  Activation dst = src;
  dst.node = importer.padded(node, src.node, border, static_cast<double>(value));
  if (is_plain) dst.layout = plain_layout(importer.shape(dst));
  importer.set_output(node.proto, 0, dst);
}

namespace {

/// Output extent over input extent for each dimension, from scales or sizes.
std::vector<float> factors_of(const Importer& importer, const NodeView& node, const Activation& src) {
  const int first = node.op() == "Upsample" || node.opset < 11 ? 1 : 2;
  if (node.op() == "Upsample" && node.opset < 9) {
    const auto* const scales = node.attribute("scales");
    if (!scales) node.broken("attribute 'scales' is missing");
    return {scales->floats().begin(), scales->floats().end()};
  }
  if (const Constant* const scales = importer.find_constant(node, first); scales && scales->size() > 0)
    return values_of(*scales);
  const Integers& sizes = importer.constant(node, 3).integers;
  if (sizes.size() != src.layout.size() + 1)
    node.broken("{} sizes for {} dimensions", sizes.size(), src.layout.size() + 1);
  std::vector<float> factors{1.0F};
  for (std::size_t d = 1; d < sizes.size(); ++d)
    factors.push_back(static_cast<float>(sizes[d]) / static_cast<float>(importer.extent(src, d - 1)));
  return factors;
}

/// Whether output place i always comes from input place floor(i / factor).
bool repeats(const NodeView& node, std::int64_t factor) {
  if (node.op() == "Upsample" || node.opset < 11) return true;
  const std::string where = node.text("coordinate_transformation_mode", "half_pixel");
  const std::string nearest = node.text("nearest_mode", "round_prefer_floor");
  if (where == "half_pixel" || where == "pytorch_half_pixel")
    return nearest == "round_prefer_floor" || nearest == "round_prefer_ceil";
  return where == "asymmetric" && (nearest == "floor" || (nearest == "round_prefer_floor" && factor <= 2));
}

}  // namespace

void readers::resize(Importer& importer, const NodeView& node) {
  const Activation src = importer.image(node, importer.activation(node, 0));
  if (const std::string mode = node.text("mode", "nearest"); mode != "nearest")
    node.refuse("mode '{}' is not read", mode);
  const std::vector<float> factors = factors_of(importer, node, src);
  if (factors.size() != 4 || factors[0] != 1.0F || factors[1] != 1.0F)
    node.refuse("only rows and columns are resized");
  Integers whole;
  for (const std::size_t d : {2, 3}) {
    if (!(factors[d] >= 1.0F && factors[d] <= 1024.0F) || factors[d] != std::floor(factors[d]) ||
        !repeats(node, static_cast<std::int64_t>(factors[d])))
      node.refuse("a factor of {} in this mode is no plain repetition", factors[d]);
    whole.push_back(static_cast<std::int64_t>(factors[d]));
  }
  const std::string name = importer.add(node, "upsample2d", {src.node}, {{"factor", whole}});
  importer.set_output(node.proto, 0, Activation{name, plain_layout(importer.shape({name, {}}))});
}

}  // namespace tern::onnx
