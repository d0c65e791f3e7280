// Ranges of a network's activations, observed on data.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compress/quantize/calibrator.hpp"
#include "compress/quantize/insert.hpp"
#include "compress/samples.hpp"

namespace tern::compress {

/// The range of each site's producer, by its name, as the named calibrator finds it: the Model runs once over the
/// samples in evaluation, with its weights as they are now.
std::map<std::string, CalibratedRange> calibrate_activations(learn::Model& model,
                                                             const std::vector<ActivationSite>& sites,
                                                             const Samples& samples, std::string_view calibrator);

/// Value of one code of the network's input in `bits`: 1/255 where all samples are multiples of it between 0 and 1
/// (images), 1 where they are small enough integers (counts of events), so that the codes are the data; else by the
/// extremes. `is_signed`: whether there are negative values.
struct InputGrid {
  float scale = 1.0F;
  bool is_signed = false;
};
InputGrid find_input_grid(const Samples& samples, int bits);

}  // namespace tern::compress
