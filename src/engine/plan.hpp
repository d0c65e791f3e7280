// Which operation after which, in which memory. Private to the engine.
#pragma once

#include <map>
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

/// A model made ready to run. Activations share slots: a slot is free again after the last reader of its node.
class Plan {
 public:
  /// Errors (tern::Error): as pack::check_model; ErrorKind::unsupported for a node that the engine cannot run.
  explicit Plan(pack::PackedModel model);

  const net::Net& net() const { return net_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const net::TensorType& input_type() const { return net_.type(net_.input().name); }
  const net::TensorType& output_type() const { return net_.type(net_.output().name); }

  /// Errors: ErrorKind::usage for a number of steps that the Net does not run with, or frames of another size.
  void check_input(std::size_t num_frames_values, Extent extent) const;

  /// src: the input in the Net's order; dst: the output in the Net's order. REQUIRES: check_input passed.
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
  std::map<std::string, std::string> metadata_;
  std::vector<Step> steps_;
  std::vector<std::int64_t> slot_elements_;  ///< of one sample and step
  std::int64_t largest_ = 0;                 ///< of slot_elements_
};

}  // namespace tern::engine
