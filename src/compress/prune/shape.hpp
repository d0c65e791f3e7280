// The registry of mask shapes: which weights go together.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>

#include "base/registry.hpp"

namespace tern::compress {

/// A shape with its extents: n of m weights kept ("nm"), m weights in a block ("block").
struct MaskShape {
  std::string name = "element";
  std::int64_t n = 2, m = 4;
};

/// Weights that are pruned together, of one tensor: indices[offsets[u]] .. indices[offsets[u+1]-1] are unit
/// u's, as positions in the contiguous tensor. Every weight is in at most one unit.
struct PruneUnits {
  std::vector<std::int64_t> offsets, indices;
  std::int64_t count() const { return static_cast<std::int64_t>(offsets.size()) - 1; }
};

/// `units` of a weight [oc, ic, kernel extents...]; `scores`: contiguous, of the same shape (only nm looks at
/// them).
struct MaskShapeRow {
  MethodInfo info;
  PruneUnits (*units)(const MaskShape& shape, const at::Tensor& scores, const std::string& weight);
};

/// element: single weights.
/// nm ("N:M", such as 2:4): at most N of each M consecutive input channels (dimension 1) at one output
///   channel and one kernel position are kept. A unit is the M - N lowest scores of a group, so that
///   sparsity 1 - N/M is reached by all groups together and a lower one by the groups that lose least.
///   Errors: ErrorKind::usage where M does not divide the input channels, with the nearest M that does.
///   Mishra et al. 2021, Accelerating Sparse Deep Neural Networks.
/// block ("1xM", such as 1x4): M consecutive output channels (dimension 0) at one input channel and one
///   kernel position: an engine that computes M output channels at a time skips the tap. The last block of
///   a tensor whose output channels M does not divide is shorter.
/// kernel: all kernel positions of one pair of channels (a single weight of a linear layer).
/// channel: all weights of one output channel; masks only, the channel itself stays.
const std::vector<MaskShapeRow>& mask_shape_table();
/// Errors: ErrorKind::usage with the nearest known name.
const MaskShapeRow& find_mask_shape(std::string_view name);

/// "element", "kernel", "channel", "2:4" (or "nm": 2:4), "1x4" (or "block": 1x4). Errors: ErrorKind::usage
/// for an unknown name, N outside 1..M-1, M outside 2..64.
MaskShape parse_mask_shape(std::string_view text);
/// parse_mask_shape(to_text(shape)) gives the shape back.
std::string to_text(const MaskShape& shape);
/// The largest sparsity that the shape reaches: 1 - N/M of nm, 1 of the others.
double max_sparsity(const MaskShape& shape);

}  // namespace tern::compress
