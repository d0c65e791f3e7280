// From a study's network options to a Net that fits its data.
#pragma once

#include "net/net.hpp"
#include "study/study_file.hpp"

namespace tern::study {

/// The architecture built for the data's frames, steps and classes, or the Net of a .json file, checked against them.
/// Errors: ErrorKind::usage where they do not fit.
net::Net make_network(const NetworkOptions& network, const data::FrameDataset& data);

/// Whether neurons stand between the layers, so that the values there are spikes of one bit.
bool carries_spikes(const net::Net& net);

}  // namespace tern::study
