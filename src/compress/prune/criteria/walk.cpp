#include "compress/prune/criteria/walk.hpp"

#include <map>
#include <string>

#include "learn/torch.hpp"

namespace tern::compress {

at::Tensor walk(learn::Model& model, const at::Tensor& src, std::int64_t num_steps,
                const learn::ForwardOptions& options,
                const std::function<at::Tensor(learn::OpCall&)>& meaning) {
  std::map<std::string, at::Tensor> values;
  for (const auto& node : model.net().nodes()) {
    if (node.op == "input") {
      values[node.name] = src.dim() == 4 ? src.contiguous(at::MemoryFormat::ChannelsLast) : src.contiguous();
      continue;
    }
    learn::OpCall call{model, node, {}, num_steps, options};
    for (const auto& source : node.inputs) call.src.push_back(values.at(source));
    values[node.name] = meaning(call);
  }
  return values.at(model.net().output().name);
}

}  // namespace tern::compress
