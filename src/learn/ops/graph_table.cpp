// The registry of operations on graphs and on sparse features.
#include "learn/ops/meaning.hpp"

namespace tern::learn {
namespace {

struct Row {
  std::string_view op;
  ValueMeaning meaning;
};

const Row graph_meanings[] = {
    {"graph", ops::graph},
    {"propagate", ops::propagate},
    {"graph_attention", ops::graph_attention},
    {"graph_readout", ops::graph_readout},
    {"mincut", ops::mincut},
    {"diffpool", ops::diffpool},
    {"topk", ops::topk},
    {"sagpool", ops::sagpool},
    {"graph_pool", ops::graph_pool},
    {"graph_coarsen", ops::graph_coarsen},
    {"graph_lift", ops::graph_lift},
};

const Row sparse_meanings[] = {
    {"dropout", ops::sparse_dropout},
    {"linear", ops::sparse_linear},
};

template <std::size_t n>
ValueMeaning find(const Row (&rows)[n], std::string_view op) {
  for (const auto& row : rows)
    if (row.op == op) return row.meaning;
  return nullptr;
}

}  // namespace

ValueMeaning find_graph_meaning(const net::Node& node) { return find(graph_meanings, node.op); }
ValueMeaning find_sparse_meaning(const net::Node& node) { return find(sparse_meanings, node.op); }

}  // namespace tern::learn
