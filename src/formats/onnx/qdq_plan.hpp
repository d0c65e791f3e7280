// Where quantize and dequantize go in a quantized export, and with which numbers. Private to formats/onnx.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/onnx/export_model.hpp"

namespace tern::onnx {

/// Unsigned codes: value = (code - zero_point) * scale. Codes beyond low..high are not used.
struct ActivationCoding {
  int bits = 8;  ///< width of the integers in the file: 8 or 16
  float scale = 1.0F;
  std::int64_t zero_point = 0, low = 0, high = 255;
  bool uses_all() const { return low == 0 && high == (std::int64_t{1} << bits) - 1; }
};

/// Of a `quantize` node. Signed codes are shifted to unsigned ones. Errors: ErrorKind::unsupported for a zero
/// point outside of its codes.
ActivationCoding coding_of(const pack::PackedModel& model, const net::Node& quantize);

/// Decisions for a whole Net.
class QdqPlan {
 public:
  explicit QdqPlan(const net::Net& net);

  /// Nodes whose ranges are needed.
  const std::vector<std::string>& to_measure() const { return to_measure_; }
  /// The batch norm that is folded into this kernel; null: none.
  const net::Node* folded_norm(std::string_view kernel) const;
  bool is_folded(std::string_view norm) const { return folded_.contains(norm); }

  /// Codings by node; a node without one is not followed by quantize and dequantize. Errors: ErrorKind::usage
  /// naming nodes without a range.
  std::map<std::string, ActivationCoding, std::less<>> codings(const pack::PackedModel& model,
                                                               const Ranges& ranges) const;

 private:
  const net::Node* only_reader(const net::Node& node) const;
  /// The `quantize` node that alone reads `node`, straight or through operations that only move values.
  const net::Node* quantize_ahead(const net::Node& node) const;
  bool is_inside(const net::Node& node) const;
  bool is_at_the_end(const net::Node& node) const;

  const net::Net& net_;
  std::map<std::string_view, std::vector<const net::Node*>> readers_;
  std::map<std::string_view, const net::Node*> norms_;    ///< by kernel
  std::map<std::string_view, const net::Node*> folded_;   ///< by norm: its kernel
  std::map<std::string_view, std::string_view> same_as_;  ///< coding of another node
  std::vector<std::string> to_measure_;
};

}  // namespace tern::onnx
