#include "base/error.hpp"
#include "net/net.hpp"

namespace tern::net {

std::string summary(const Net& net) {
  std::string text = fmt::format("{}  (T = {})\n{:<16} {:<12} {:<22} {:>12} {:>14}\n", net.name(),
                                 net.num_steps() ? std::to_string(net.num_steps()) : "any", "node", "operation", "output",
                                 "parameters", "MACs per step");
  for (const auto& node : net.nodes()) {
    std::int64_t parameters = 0;
    for (const auto& spec : net.parameters(node))
      if (spec.role != ParameterRole::buffer) parameters += num_elements(spec.shape);
    text += fmt::format("{:<16} {:<12} {:<22} {:>12} {:>14}\n", node.name, node.op, to_string(net.type(node.name)),
                        parameters, net.work(node).macs);
  }
  const NetTotals sum = totals(net);
  text += fmt::format("{:<52} {:>12} {:>14}\n", fmt::format("total ({} weights)", sum.weights), sum.parameters,
                      sum.macs_per_step);
  return text;
}

}  // namespace tern::net
