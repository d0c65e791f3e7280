// A tensor that is known while importing: an initialiser, or what constant operators make of some. Private to
// formats/onnx.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/types.hpp"
#include "onnx.pb.h"
#include "pack/packed_tensor.hpp"

namespace tern::onnx {

/// value = (code - zero_point) * scale, one scale and zero point for the tensor (axis 0, one entry) or for
/// each place along `axis`.
struct Coding {
  std::vector<float> scales;
  std::vector<std::int64_t> zero_points;
  std::int64_t axis = 0;
  bool operator==(const Coding&) const = default;
};

/// Row-major. Either `floats` (float, double, half, bfloat16) or `integers` (all others) holds the elements.
struct Constant {
  net::Shape shape;
  int data_type = schema::TensorProto::FLOAT;
  std::vector<float> floats{};
  std::vector<std::int64_t> integers{};
  std::optional<Coding> coding{};  ///< of integers that DequantizeLinear turned into numbers

  bool is_float() const;
  std::int64_t size() const { return net::num_elements(shape); }
};

/// Bits of an integer element type, 0 for others; whether it is signed.
int bits_of(int data_type);
bool is_signed(int data_type);
std::string name_of_type(int data_type);

/// Errors: ErrorKind::bad_data where dims and data disagree, naming the tensor; ErrorKind::unsupported for
/// external data and for element types that are no numbers.
Constant read_tensor(const schema::TensorProto& tensor, const std::string& place);
schema::TensorProto write_tensor(const Constant& constant, const std::string& name);

/// Constants of the usual kinds.
Constant float_constant(net::Shape shape, std::vector<float> values);
Constant integer_constant(net::Shape shape, std::vector<std::int64_t> values,
                          int data_type = schema::TensorProto::INT64);

/// The numbers: floats, or codes decoded. Integers without coding are their own value.
std::vector<float> values_of(const Constant& constant);

/// Element i of the result is element index[i] of `constant`. A coding stays where `axis_of_coding` says
/// which axis of `shape` it now runs along (its places in order); -1 turns codes along an axis into floats.
Constant gathered(const Constant& constant, net::Shape shape, const std::vector<std::int64_t>& index,
                  std::int64_t axis_of_coding);
/// Dimension i of the result is dimension perm[i] of `constant`.
Constant transposed(const Constant& constant, const std::vector<std::int64_t>& perm);
/// The same elements in another shape of the same size.
Constant reshaped(const Constant& constant, net::Shape shape);

/// As a parameter: codes where they are coded by tensor or along dimension 0 and fit 16 bits, else floats.
pack::PackedTensor to_packed(const Constant& constant);

}  // namespace tern::onnx
