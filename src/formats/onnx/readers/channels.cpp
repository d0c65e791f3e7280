// Concat, Split and Slice along the channels.
#include <algorithm>
#include <limits>

#include "formats/onnx/importer.hpp"

namespace tern::onnx {
namespace {

constexpr std::size_t most_inputs = 16;  // of a Net's concat

Activation part(Importer& importer, const NodeView& node, const Activation& src, std::int64_t begin,
                std::int64_t end) {
  if (begin == 0 && end == importer.shape(src)[0]) return src;
  const std::string name = importer.add(node, "slice", {src.node}, {{"begin", begin}, {"end", end}});
  Activation dst{name, src.layout, src.coding};
  if (end - begin == 1)
    for (auto& dimension : dst.layout) std::erase(dimension, 0);
  return dst;
}

bool is_channels(const Importer& importer, const NodeView& node, const Activation& a, std::size_t axis) {
  if (axis == 0) return false;
  const int found = importer.net_axis(node, a, axis - 1);
  return found == 0 || (found < 0 && importer.shape(a)[0] == 1 && axis == 1);
}

struct Range {
  std::int64_t start, end, step;
};

/// Slices one dimension. Steps over rows and columns are pools of single values.
Activation sliced(Importer& importer, const NodeView& node, const Activation& src, std::size_t axis,
                  Range range) {
  if (axis == 0) node.refuse("it slices the batch");
  const std::int64_t size = importer.extent(src, axis - 1);
  const auto clip = [size](std::int64_t at) {
    return std::clamp<std::int64_t>(at < 0 ? std::max(at, -size) + size : at, 0, size);
  };
  const std::int64_t begin = clip(range.start), end = clip(range.end);
  if (begin == 0 && end == size && range.step == 1) return src;
  if (is_channels(importer, node, src, axis) && range.step == 1 && begin < end)
    return part(importer, node, src, begin, end);
  const int dimension = importer.net_axis(node, src, axis - 1);
  if (dimension < 1 || begin != 0 || end != size || range.step < 1)
    node.refuse("a part of dimension {} is not read", axis);
  const Integers stride{dimension == 1 ? range.step : 1, dimension == 2 ? range.step : 1};
  const std::string name =
      importer.add(node, "max_pool2d", {src.node}, {{"kernel", Integers{1, 1}}, {"stride", stride}});
  Activation dst{name, src.layout, src.coding};
  if (importer.shape(dst)[static_cast<std::size_t>(dimension)] == 1)
    for (auto& axes : dst.layout) std::erase(axes, dimension);
  return dst;
}

}  // namespace

void readers::concat(Importer& importer, const NodeView& node) {
  std::vector<Activation> parts;
  for (int i = 0; i < node.proto.input_size(); ++i) {
    Activation next = importer.activation(node, i);
    parts.push_back(next.layout.size() == 1 ? importer.features(node, next) : next);
  }
  const std::size_t axis = from_front(node, node.integer("axis", 1), parts.at(0).layout.size() + 1);
  std::int64_t channels = 0;
  std::vector<std::string> sources;
  for (const auto& next : parts) {
    if (next.layout.size() != parts[0].layout.size() || !is_channels(importer, node, next, axis))
      node.refuse("only channels are joined");
    channels += importer.shape(next)[0];
    sources.push_back(next.node);
  }
  while (sources.size() > 1) {
    const std::size_t count = std::min(most_inputs, sources.size());
    const std::string joined =
        importer.add(node, "concat", {sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(count)});
    sources.erase(sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(count));
    sources.insert(sources.begin(), joined);
  }
  Activation dst{sources[0], parts[0].layout};
  dst.layout[axis - 1] = {0};
  for (const auto& next : parts)
    for (std::size_t d = 0; d < next.layout.size(); ++d)
      if (d != axis - 1 && next.layout[d] != dst.layout[d]) node.refuse("its inputs lie in different orders");
  importer.set_output(node.proto, 0, dst);
}

void readers::split(Importer& importer, const NodeView& node) {
  const Activation src = importer.by_channel(node, importer.activation_or_codes(node, 0));
  const std::size_t axis = from_front(node, node.integer("axis", 0), src.layout.size() + 1);
  if (!is_channels(importer, node, src, axis)) node.refuse("only channels are split");
  const int count = node.proto.output_size();
  const std::int64_t channels = importer.shape(src)[0];
  if (count < 1) node.broken("it has no outputs");
  const std::int64_t share = (channels + count - 1) / count;
  Integers sizes(static_cast<std::size_t>(count), share);
  if (share * count != channels) sizes.back() = channels - share * (count - 1);
  if (const auto given = node.integers("split")) sizes = *given;
  if (node.opset >= 13 && node.has_input(1)) sizes = importer.constant(node, 1).integers;
  if (static_cast<int>(sizes.size()) != count) node.broken("{} sizes for {} outputs", sizes.size(), count);
  std::int64_t begin = 0;
  for (int i = 0; i < count; ++i) {
    const std::int64_t size = sizes[static_cast<std::size_t>(i)];
    if (size < 1 || size > channels - begin) node.broken("{} channels of {} left", size, channels - begin);
    importer.set_output(node.proto, i, part(importer, node, src, begin, begin + size));
    begin += size;
  }
}

void readers::slice(Importer& importer, const NodeView& node) {
  const auto list = [&](int input, const char* name) -> Integers {
    if (node.opset < 10) return node.integers(name).value_or(Integers{});
    return node.has_input(input) ? importer.constant(node, input).integers : Integers{};
  };
  const Integers starts = list(1, "starts"), ends = list(2, "ends");
  Integers axes = list(3, "axes"), steps = list(4, "steps");
  if (axes.empty())
    for (std::size_t i = 0; i < starts.size(); ++i) axes.push_back(static_cast<std::int64_t>(i));
  if (steps.empty()) steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    node.broken("its lists differ in length");
  Activation a = importer.activation_or_codes(node, 0);
  for (std::size_t i = 0; i < starts.size(); ++i)
    a = sliced(importer, node, a, from_front(node, axes[i], a.layout.size() + 1),
               {starts[i], ends[i], steps[i]});
  importer.set_output(node.proto, 0, a);
}

}  // namespace tern::onnx
