// From a study's network options to a Net that fits its data.
#pragma once

#include "net/net.hpp"
#include "study/study_file.hpp"

namespace tern::study {

/// The architecture built for the data's frames, steps and classes, or the Net of a .json file, checked against them.
/// Errors: ErrorKind::usage where they do not fit.
net::Net make_network(const NetworkOptions& network, const data::FrameDataset& data);

}  // namespace tern::study
