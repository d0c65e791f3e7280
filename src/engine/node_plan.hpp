// Which operation after which, in which memory. Private to the engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/operation.hpp"
#include "engine/program.hpp"

namespace tern::engine {

/// Buffers of one thread, reused from sample to sample.
struct Workspace {
  std::vector<std::vector<float>> slots;
};

/// A model made ready to run node by node, on floats: what observers see, and what fused plans are tested against. Activations share slots: a slot is free again after the last reader of its node.
class NodePlan {
 public:
  /// REQUIRES: pack::check_model passed. Errors: ErrorKind::unsupported for a node that the engine cannot run.
  explicit NodePlan(const pack::PackedModel& model);

  /// src: the input in the Net's order; dst: the output in the Net's order. REQUIRES: sizes agree.
  void run(Extent extent, const float* src, float* dst, Workspace& workspace, const Observer& observer) const;

 private:
  struct Step {
    std::string name;
    net::TensorType type;
    std::unique_ptr<Operation> operation;
    std::vector<std::size_t> sources;  ///< steps whose outputs it reads
    std::size_t slot = 0;
  };
  void assign_slots();
  void observe(const Step& step, Extent extent, const float* values, const Observer& observer) const;

  net::Net net_;
  std::vector<Step> steps_;
  std::vector<std::int64_t> slot_elements_;  ///< of one sample and step
};

}  // namespace tern::engine
