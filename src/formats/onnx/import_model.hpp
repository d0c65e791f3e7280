// ONNX models as Nets with their tensors.
//
// formats/onnx owns the ONNX file format: schema, operators in and out, quantize/dequantize pairs. It knows
// Nets and packed tensors, and nothing of training or running.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pack/model_file.hpp"

namespace tern::onnx {

struct ImportOptions {
  /// The tensor that becomes the Net's output; empty: the graph's only output.
  std::string output{};
  /// Shape of one sample as the file orders it, [c, h, w], [h, w, c], [h, w] or [features]; empty: as the
  /// file says.
  std::vector<std::int64_t> input_shape{};
  /// The model expects (x - mean) / std of each channel: the Net then takes x and begins with that. Both or
  /// neither, one value a channel or one for all; std > 0.
  std::vector<float> mean{}, std{};
};

inline constexpr std::size_t least_import_bytes = std::size_t{128} << 20, most_import_bytes_a_byte = 1024;

/// Reads a model of opset 7 to 21 with one input of floats and one output, as docs/ONNX.md lists operators.
///
/// The Net's input is [c, h, w] or [features] without a time axis; an input [n, h, w, c] that is transposed
/// at once loses the transposition (metadata "onnx.input_layout" says "nhwc"). Metadata "onnx.input" and
/// "onnx.output" keep the tensors' names, "onnx.producer" who wrote the file. QuantizeLinear and
/// DequantizeLinear of activations become one `quantize` node; dequantized weights become codes with their
/// scales.
///
/// The bytes may be hostile: at most least_import_bytes + most_import_bytes_a_byte * size are allocated.
/// Errors: ErrorKind::bad_data (no ONNX model, contradictions, cycles, tensors without initialiser);
/// ErrorKind::unsupported with node and operator for what a Net cannot say, for data outside of the file, and
/// for other opsets; ErrorKind::usage for options that name nothing. `place` (a file) comes first in
/// messages.
pack::PackedModel import_model(std::string_view bytes, const ImportOptions& options = {},
                               std::string_view place = "model.onnx");

/// The same from a file. Errors: also ErrorKind::io.
pack::PackedModel read_model(const std::filesystem::path& path, const ImportOptions& options = {});

}  // namespace tern::onnx
