#include "compress/prune/shape.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "base/error.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr std::int64_t max_extent = 64;

/// A weight seen as [outputs, inputs, positions].
struct Layout {
  std::int64_t outputs, inputs, positions;
  explicit Layout(const at::Tensor& weight)
      : outputs(weight.size(0)),
        inputs(weight.dim() > 1 ? weight.size(1) : 1),
        positions(weight.numel() / std::max<std::int64_t>(1, outputs * inputs)) {}
  std::int64_t at(std::int64_t output, std::int64_t input, std::int64_t position) const {
    return (output * inputs + input) * positions + position;
  }
};

/// Runs of `size` consecutive weights.
PruneUnits runs(std::int64_t count, std::int64_t size) {
  PruneUnits units;
  units.indices.resize(static_cast<std::size_t>(count * size));
  std::iota(units.indices.begin(), units.indices.end(), 0);
  for (std::int64_t u = 0; u <= count; ++u) units.offsets.push_back(u * size);
  return units;
}

PruneUnits element_units(const MaskShape&, const at::Tensor& scores, const std::string&) {
  return runs(scores.numel(), 1);
}

PruneUnits kernel_units(const MaskShape&, const at::Tensor& scores, const std::string&) {
  const Layout layout(scores);
  return runs(layout.outputs * layout.inputs, layout.positions);
}

PruneUnits channel_units(const MaskShape&, const at::Tensor& scores, const std::string&) {
  const Layout layout(scores);
  return runs(layout.outputs, layout.inputs * layout.positions);
}

PruneUnits block_units(const MaskShape& shape, const at::Tensor& scores, const std::string&) {
  const Layout layout(scores);
  PruneUnits units{{0}, {}};
  for (std::int64_t first = 0; first < layout.outputs; first += shape.m)
    for (std::int64_t input = 0; input < layout.inputs; ++input)
      for (std::int64_t position = 0; position < layout.positions; ++position) {
        for (std::int64_t output = first; output < std::min(first + shape.m, layout.outputs); ++output)
          units.indices.push_back(layout.at(output, input, position));
        units.offsets.push_back(static_cast<std::int64_t>(units.indices.size()));
      }
  return units;
}

/// The divisor of `inputs` from 2 on that is nearest to m; 0 where there is none.
std::int64_t nearest_divisor(std::int64_t inputs, std::int64_t m) {
  std::int64_t best = 0;
  for (std::int64_t d = 2; d <= std::min(inputs, max_extent); ++d)
    if (inputs % d == 0 && (best == 0 || std::abs(d - m) < std::abs(best - m))) best = d;
  return best;
}

[[noreturn]] void refuse_group(const MaskShape& shape, std::int64_t inputs, const std::string& weight) {
  const std::int64_t m = nearest_divisor(inputs, shape.m);
  const std::string node = weight.substr(0, weight.rfind('.'));
  if (m == 0)
    fail(ErrorKind::usage, weight,
         "{} needs a multiple of {} input channels, it has {}: leave it out (except={})", to_text(shape),
         shape.m, inputs, node);
  fail(ErrorKind::usage, weight,
       "{} needs a multiple of {} input channels, it has {}: leave it out (except={}) or use {}:{}",
       to_text(shape), shape.m, inputs, node, std::min(shape.n, m - 1), m);
}

PruneUnits nm_units(const MaskShape& shape, const at::Tensor& scores, const std::string& weight) {
  const Layout layout(scores);
  if (layout.inputs % shape.m != 0) refuse_group(shape, layout.inputs, weight);
  const float* data = scores.data_ptr<float>();
  const auto lower = [data](std::int64_t a, std::int64_t b) {
    return data[a] != data[b] ? data[a] < data[b] : a < b;
  };
  const std::int64_t removed = shape.m - shape.n;
  PruneUnits units{{0}, {}};
  std::vector<std::int64_t> group(static_cast<std::size_t>(shape.m));
  for (std::int64_t output = 0; output < layout.outputs; ++output)
    for (std::int64_t first = 0; first < layout.inputs; first += shape.m)
      for (std::int64_t position = 0; position < layout.positions; ++position) {
        for (std::int64_t i = 0; i < shape.m; ++i)
          group[static_cast<std::size_t>(i)] = layout.at(output, first + i, position);
        std::nth_element(group.begin(), group.begin() + removed, group.end(), lower);
        units.indices.insert(units.indices.end(), group.begin(), group.begin() + removed);
        units.offsets.push_back(static_cast<std::int64_t>(units.indices.size()));
      }
  return units;
}

/// "A<separator>B" with two positive integers.
bool parse_pair(std::string_view text, char separator, std::int64_t& a, std::int64_t& b) {
  const auto split = text.find(separator);
  if (split == std::string_view::npos) return false;
  const auto read = [](std::string_view part, std::int64_t& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return error == std::errc() && end == part.data() + part.size();
  };
  return read(text.substr(0, split), a) && read(text.substr(split + 1), b);
}

}  // namespace

const std::vector<MaskShapeRow>& mask_shape_table() {
  static const std::vector<MaskShapeRow> table{
      {{"element", "single weights", "Han et al. 2015", {}}, element_units},
      {{"nm",
        "at most N of M consecutive input channels, such as 2:4",
        "Mishra et al. 2021, Accelerating Sparse Deep Neural Networks",
        {}},
       nm_units},
      {{"block",
        "M consecutive output channels at one input channel and kernel position, such as 1x4",
        "Elsen et al. 2020, Fast Sparse ConvNets",
        {}},
       block_units},
      {{"kernel",
        "all kernel positions of a pair of channels",
        "Mao et al. 2017, Exploring the Regularity of Sparse "
        "Structure in Convolutional Neural Networks",
        {}},
       kernel_units},
      {{"channel",
        "all weights of an output channel",
        "Li et al. 2017, Pruning Filters for Efficient ConvNets",
        {}},
       channel_units},
  };
  return table;
}

const MaskShapeRow& find_mask_shape(std::string_view name) {
  return find_method(mask_shape_table(), "mask shape", name,
                     [](const MaskShapeRow& row) -> const MethodInfo& { return row.info; });
}

MaskShape parse_mask_shape(std::string_view text) {
  MaskShape shape;
  std::int64_t one = 0;
  if (parse_pair(text, ':', shape.n, shape.m)) {
    shape.name = "nm";
    if (shape.m < 2 || shape.m > max_extent || shape.n < 1 || shape.n >= shape.m)
      fail(ErrorKind::usage, "prune", "mask shape {}: N:M needs M from 2 to {} and N from 1 to M - 1", text,
           max_extent);
  } else if (parse_pair(text, 'x', one, shape.m)) {
    shape.name = "block";
    if (one != 1 || shape.m < 2 || shape.m > max_extent)
      fail(ErrorKind::usage, "prune", "mask shape {}: blocks are 1xM with M from 2 to {}", text, max_extent);
  } else {
    shape.name = find_mask_shape(text).info.name;
  }
  return shape;
}

std::string to_text(const MaskShape& shape) {
  if (shape.name == "nm") return fmt::format("{}:{}", shape.n, shape.m);
  if (shape.name == "block") return fmt::format("1x{}", shape.m);
  return shape.name;
}

double max_sparsity(const MaskShape& shape) {
  return shape.name == "nm" ? 1.0 - static_cast<double>(shape.n) / static_cast<double>(shape.m) : 1.0;
}

}  // namespace tern::compress
