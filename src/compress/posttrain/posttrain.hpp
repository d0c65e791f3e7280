// The registry of post-training methods: what improves a network without training it.
//
// A plan puts them in order, `fold | posttrain:cle | quantize:w=4,a=8 | posttrain:adaround +
// posttrain:bias-correction`; each is kept only if it helps.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/registry.hpp"
#include "compress/options.hpp"
#include "compress/samples.hpp"
#include "learn/model.hpp"

namespace tern::compress {

/// What a method is given and what it says.
struct PosttrainCall {
  learn::Model& model;  ///< may be assigned a rewritten one; set net_changed then
  const std::vector<std::string>& weights;  ///< full names, in Net order
  const Options& options;                   ///< of posttrain_options()
  std::function<const Samples&()> samples;  ///< a method may put others here for those after it
  std::uint64_t seed = 0;
  bool net_changed = false;
  std::vector<std::string> notes;
};

struct PosttrainRow {
  MethodInfo info;
  /// Whether "keep if better" can judge it: it changes what the network computes, towards the float network.
  bool is_judged = false;
  bool needs_quantizers = false;
  void (*run)(PosttrainCall&) = nullptr;
};

const std::vector<PosttrainRow>& posttrain_table();
/// Errors: ErrorKind::usage with the nearest known name.
const PosttrainRow& find_posttrain(std::string_view name);

/// Options of all methods together; those of one are in its MethodInfo.
std::vector<OptionSpec> posttrain_options();

/// Runs the method. With the option keep-if-better, for a judged method: measures KL(float scores || scores) on the
/// samples before and after, and undoes the method where it grew; a note says so.
/// Errors: ErrorKind::usage, place "plan", where the method needs quantized weights and there are none.
void run_posttrain(const PosttrainRow& row, PosttrainCall& call);

}  // namespace tern::compress
