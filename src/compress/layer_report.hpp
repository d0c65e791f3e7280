// What compression did to each kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "learn/model.hpp"

namespace tern::compress {

/// One kernel as it will be packed.
struct LayerReport {
  std::string node;       ///< "conv1"
  std::string parameter;  ///< "conv1.weight"
  int bits = 32;
  std::int64_t weights = 0;
  std::int64_t zeros = 0;      ///< by mask or by rounding
  double min = 0.0, max = 0.0; ///< of the effective values
  double scale = 1.0;          ///< value of one code step, the mean where there are several; 1 for floats
  double zero_fraction() const { return weights ? static_cast<double>(zeros) / static_cast<double>(weights) : 0.0; }
};

/// In Net order. The effective values are those of evaluation: scale * integers.
std::vector<LayerReport> report_layers(const learn::Model& model);

/// Zeros over all kernels together.
double zero_fraction(const std::vector<LayerReport>& layers);

}  // namespace tern::compress
