// Running statistics of batch norms taken anew after pruning or quantizing changed what reaches them.
#pragma once

#include <string>
#include <vector>

#include "compress/samples.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// Sets running_mean and running_var of every batch_norm to mean and unbiased variance of its inputs over all
/// samples, places and steps, one norm after the other: a norm's inputs already come through re-estimated norms. At
/// most `max_batches` batches of `samples` are looked at. Returns the norms' names. In a quantized network float_twin()
/// keeps the old statistics; in one that is only pruned the new ones are the network's own.
/// Source: Ioffe and Szegedy 2015, Batch Normalization, algorithm 2 (population statistics). Where we differ:
/// statistics are pooled over the samples and not a moving average, so that the result does not depend on the
/// batches.
std::vector<std::string> reestimate_norms(learn::Model& model, const Samples& samples, std::size_t max_batches = 200);

}  // namespace tern::compress
