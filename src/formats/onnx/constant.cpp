#include "formats/onnx/constant.hpp"

#include <algorithm>
#include <numeric>

namespace tern::onnx {

using schema::TensorProto;

Constant float_constant(net::Shape shape, std::vector<float> values) {
  return {std::move(shape), TensorProto::FLOAT, std::move(values)};
}

Constant integer_constant(net::Shape shape, std::vector<std::int64_t> values, int data_type) {
  return {std::move(shape), data_type, {}, std::move(values)};
}

std::vector<float> values_of(const Constant& constant) {
  if (constant.is_float()) return constant.floats;
  std::vector<float> values(constant.integers.size());
  if (!constant.coding) {
    std::transform(constant.integers.begin(), constant.integers.end(), values.begin(),
                   [](std::int64_t i) { return static_cast<float>(i); });
    return values;
  }
  const Coding& coding = *constant.coding;
  std::int64_t inner = 1;  // elements between two places along the axis
  for (std::size_t d = static_cast<std::size_t>(coding.axis) + 1; d < constant.shape.size(); ++d)
    inner *= constant.shape[d];
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t place =
        coding.scales.size() == 1 ? 0 : i / static_cast<std::size_t>(inner) % coding.scales.size();
    values[i] = static_cast<float>(constant.integers[i] - coding.zero_points[place]) * coding.scales[place];
  }
  return values;
}

Constant gathered(const Constant& constant, net::Shape shape, const std::vector<std::int64_t>& index,
                  std::int64_t axis_of_coding) {
  Constant result{std::move(shape), constant.data_type};
  if (constant.coding && constant.coding->scales.size() > 1 && axis_of_coding < 0) {
    result.data_type = TensorProto::FLOAT;
    const std::vector<float> values = values_of(constant);
    for (const auto i : index) result.floats.push_back(values[static_cast<std::size_t>(i)]);
    return result;
  }
  result.coding = constant.coding;
  if (result.coding && axis_of_coding >= 0) result.coding->axis = axis_of_coding;
  if (constant.is_float())
    result.floats.reserve(index.size());
  else
    result.integers.reserve(index.size());
  for (const auto i : index)
    if (constant.is_float())
      result.floats.push_back(constant.floats[static_cast<std::size_t>(i)]);
    else
      result.integers.push_back(constant.integers[static_cast<std::size_t>(i)]);
  return result;
}

Constant transposed(const Constant& constant, const std::vector<std::int64_t>& perm) {
  const std::size_t rank = perm.size();
  std::vector<std::int64_t> stride(rank, 1), step(rank), at(rank, 0);
  for (std::size_t d = rank; d-- > 1;) stride[d - 1] = stride[d] * constant.shape[d];
  net::Shape shape(rank);
  std::int64_t axis = -1;
  for (std::size_t d = 0; d < rank; ++d) {
    shape[d] = constant.shape[static_cast<std::size_t>(perm[d])];
    step[d] = stride[static_cast<std::size_t>(perm[d])];
    if (constant.coding && perm[d] == constant.coding->axis) axis = static_cast<std::int64_t>(d);
  }
  std::vector<std::int64_t> index(static_cast<std::size_t>(constant.size()));
  std::int64_t from = 0;
  for (auto& entry : index) {
    entry = from;
    for (std::size_t d = rank; d-- > 0;) {
      from += step[d];
      if (++at[d] < shape[d]) break;
      from -= step[d] * shape[d];
      at[d] = 0;
    }
  }
  return gathered(constant, shape, index, axis);
}

Constant reshaped(const Constant& constant, net::Shape shape) {
  std::vector<std::int64_t> index(static_cast<std::size_t>(constant.size()));
  std::iota(index.begin(), index.end(), 0);
  const bool keeps_axis = constant.coding && constant.coding->axis == 0 && !shape.empty() &&
                          !constant.shape.empty() && shape[0] == constant.shape[0];
  return gathered(constant, std::move(shape), index, keeps_axis ? 0 : -1);
}

pack::PackedTensor to_packed(const Constant& constant) {
  pack::PackedTensor tensor{constant.shape};
  const auto& coding = constant.coding;
  if (!coding || (coding->scales.size() > 1 && coding->axis != 0)) {
    tensor.values = values_of(constant);
    return tensor;
  }
  std::vector<std::int64_t> codes = constant.integers;
  const std::size_t run = codes.size() / coding->zero_points.size();
  std::int64_t low = 0, high = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] -= coding->zero_points[i / run];
    low = std::min(low, codes[i]), high = std::max(high, codes[i]);
  }
  int bits = std::max(2, std::min(16, bits_of(constant.data_type)));
  while (bits <= 16 && (low < -(1 << (bits - 1)) || high > (1 << (bits - 1)) - 1)) ++bits;
  if (bits > 16) {
    tensor.values = values_of(constant);
    return tensor;
  }
  tensor.bits = bits;
  tensor.codes.assign(codes.begin(), codes.end());
  tensor.scales = coding->scales;
  return tensor;
}

}  // namespace tern::onnx
