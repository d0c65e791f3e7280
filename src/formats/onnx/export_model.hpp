// Packed models as ONNX files, in floats or quantized for ONNX Runtime.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pack/model_file.hpp"

namespace tern::onnx {

/// Smallest and largest value that each node's output took on samples, by node: what engine::Observer
/// measures.
using Ranges = std::map<std::string, std::pair<float, float>, std::less<>>;

enum class ExportForm {
  /// Weights as floats; `quantize` nodes as QuantizeLinear and DequantizeLinear, and behind them uniform
  /// codes of up to
  /// 8 bits as codes.
  floats,
  qdq  ///< 8-bit weights, and 8-bit activations throughout
};

struct ExportOptions {
  ExportForm form = ExportForm::floats;
  Ranges ranges{};
  /// Needed by per-channel scales from 13 on: smaller ones are refused for ExportForm::qdq. 9..16 bits take
  /// opset 21.
  std::int64_t opset = 13;
};

/// The file's bytes; deterministic. Opset 13 and IR version 7, or opset 21 and IR version 10 where an
/// activation has more than 8 bits. The batch is symbolic ("n"), inputs and outputs are [n, c, h, w] or [n,
/// features].
///
/// qdq: batch norms are folded into the convolution or linear layer before them. Every kernel reads unsigned
/// 8-bit codes and has signed 8-bit weights with one scale an output channel, axis 0, and zero point 0; its
/// bias is int32 with scale source scale * weight scale. Uniform codes of up to 8 bits are taken as they are;
/// other weights are rounded to 8 bits a channel. A channel whose bias would not fit 32 bits gets a larger
/// weight scale. Quantize and dequantize stand behind every kernel (with its batch norm and relu), sum,
/// concatenation, product and pool, so that ONNX Runtime fuses all: with the parameters of the Net's
/// `quantize` node where one follows, else from `ranges`, asymmetric. A linear layer or a mean at the end
/// stays in floats.
///
/// Errors: ErrorKind::usage as pack::check_model, and for nodes whose range is needed and missing (all are
/// named); ErrorKind::unsupported for operations over time and opsets that cannot hold the model.
std::string export_model(const pack::PackedModel& model, const ExportOptions& options = {});

/// Nodes whose ranges ExportForm::qdq needs, in the Net's order.
std::vector<std::string> nodes_to_measure(const net::Net& net);

/// The same to a file, written whole or not at all. Errors: also ErrorKind::io.
void write_model(const std::filesystem::path& path, const pack::PackedModel& model,
                 const ExportOptions& options = {});

}  // namespace tern::onnx
