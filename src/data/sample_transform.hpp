// From the options of a data set to its transform.
#pragma once

#include "data/dataset.hpp"
#include "data/transform.hpp"

namespace tern::data {

/// denoise (if asked), then options.transforms, then downsample (if a size is given), then framing.
/// Errors: usage, as parse_transforms.
FrameTransform sample_transform(const DataOptions& resolved);

}  // namespace tern::data
