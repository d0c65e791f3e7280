#include "kernels/dense/grouped.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace tern::kernels {
namespace {

ConvShape shape_of_group(const ConvShape& shape) {
  ConvShape group = shape;
  group.ic = shape.group_ic();
  group.oc = shape.group_oc();
  group.groups = 1;
  return group;
}

std::int64_t padded(std::int64_t channels) {
  return (channels + epilogue_block - 1) / epilogue_block * epilogue_block;
}

/// The part of an Epilogue for the channels [first, first + count); its arrays are copied to `room` so that
/// they are padded.
Epilogue part_of(const Epilogue& whole, std::int64_t first, std::int64_t count, float* room) {
  Epilogue part = whole;
  part.channels = count;
  for (const float** array : {&part.scale, &part.bias, &part.norm_scale, &part.norm_shift}) {
    if (*array == nullptr) continue;
    std::copy_n(*array + first, count, room);
    std::fill(room + count, room + padded(count), 0.0F);
    *array = room;
    room += padded(count);
  }
  if (part.residual.data != nullptr) part.residual.data += first;
  if (part.residual_codes.data != nullptr) part.residual_codes.data += first;
  if (part.floats.data != nullptr) part.floats.data += first;
  if (part.codes.data != nullptr) part.codes.data += first;
  return part;
}

}  // namespace

std::size_t GroupedWeights::bytes() const {
  std::size_t sum = 0;
  for (const DenseWeights& group : groups) sum += group.bytes();
  return sum;
}

GroupedWeights pack_grouped(const ConvShape& shape, const std::int8_t* codes, std::int32_t offset) {
  if (shape.groups < 1 || shape.ic % shape.groups != 0 || shape.oc % shape.groups != 0)
    fail(ErrorKind::usage, "grouped convolution", "expected groups that divide {} and {} channels, got {}",
         shape.ic, shape.oc, shape.groups);
  const ConvShape group = shape_of_group(shape);
  GroupedWeights weights;
  for (std::int64_t g = 0; g < shape.groups; ++g)
    weights.groups.push_back(pack_dense(group, codes + g * group.oc * group.ic * group.taps(), offset));
  return weights;
}

std::size_t grouped_scratch_bytes(const ConvShape& shape, const GroupedWeights& weights) {
  const ConvShape group = shape_of_group(shape);
  std::size_t most = 0;
  for (const DenseWeights& one : weights.groups) most = std::max(most, dense_scratch_bytes(group, one));
  return most + 4 * sizeof(float) * static_cast<std::size_t>(padded(group.oc));
}

void run_grouped(const ConvShape& shape, const GroupedWeights& weights, const std::uint8_t* src,
                 const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  const ConvShape group = shape_of_group(shape);
  if (shape.src_pixel < shape.ic)
    fail(ErrorKind::usage, "grouped convolution", "expected pixels of at least {} bytes, got {}", shape.ic,
         shape.src_pixel);
  auto* const arrays = static_cast<float*>(scratch);
  char* const rest =
      static_cast<char*>(scratch) + 4 * static_cast<std::int64_t>(sizeof(float)) * padded(group.oc);
  for (std::int64_t g = 0; g < shape.groups; ++g) {
    const Epilogue part = part_of(epilogue, g * group.oc, group.oc, arrays);
    run_dense(group, weights.groups[static_cast<std::size_t>(g)], src + g * group.ic, part, first_row,
              last_row, rest);
  }
}

}  // namespace tern::kernels
