// One recording through the trained network, for the report's raster.
#pragma once

#include "data/dataset.hpp"
#include "learn/model.hpp"
#include "report/html.hpp"

namespace tern::study {

/// Sample `index` of the split: its frames and the spikes of at most `most_neurons` neurons of each layer (evenly
/// spaced), what it is and what the model says.
report::ExampleRaster make_example(learn::Model& model, const data::FrameDataset& data, const data::Split& split,
                                   std::int64_t index, std::int64_t most_neurons = 96);

}  // namespace tern::study
