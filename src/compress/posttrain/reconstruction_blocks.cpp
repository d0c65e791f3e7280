// Where a network can be cut into blocks.
#include <map>
#include <string_view>

#include "compress/posttrain/reconstruct.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

/// Cheap operations that belong to the kernel or sum before them.
bool is_tail(std::string_view op) {
  for (const std::string_view tail : {"batch_norm", "relu", "relu6", "leaky_relu", "hard_swish", "silu", "dropout"})
    if (op == tail) return true;
  return false;
}

bool is_kernel(const net::Node& node) { return node.op == "conv2d" || node.op == "linear"; }

/// Whether after each node its value is the only one that is still to be read.
std::vector<bool> lone_values(const net::Net& net) {
  std::map<std::string_view, std::size_t> pending;
  std::size_t alive = 0;
  std::vector<bool> lone;
  for (const auto& node : net.nodes()) {
    for (const auto& source : node.inputs)
      if (--pending[source] == 0) --alive;
    pending[node.name] = 0;
    for (const net::Node* reader : net.readers(node.name))
      for (const auto& source : reader->inputs) pending[node.name] += source == node.name ? 1 : 0;
    if (pending[node.name] > 0) ++alive;
    lone.push_back(alive == (pending[node.name] > 0 ? 1U : 0U));
  }
  return lone;
}

}  // namespace

std::vector<Block> reconstruction_blocks(const net::Net& net) {
  const auto& nodes = net.nodes();
  const std::vector<bool> lone = lone_values(net);
  std::vector<Block> blocks;
  bool has_kernel = false;
  for (std::size_t i = 0, first = 1; i < nodes.size(); ++i) {
    has_kernel = has_kernel || is_kernel(nodes[i]);
    if (!lone[i] || (has_kernel && i + 1 < nodes.size() && is_tail(nodes[i + 1].op))) continue;
    if (has_kernel) blocks.push_back({first, i + 1});
    has_kernel = false;
    first = i + 1;
  }
  return blocks;
}

}  // namespace tern::compress
