// The registry of architectures. A new architecture is one file in its family's folder and one line here.
#include "zoo/architecture.hpp"
#include "zoo/cnn/cnn.hpp"
#include "zoo/gnn/gnn.hpp"
#include "zoo/snn/snn.hpp"

namespace tern::zoo {
namespace {

const Architecture* const table[] = {
    &snn::nmnist_conv,  &snn::event_conv,   &snn::tcja,       &cnn::small_cnn,  &cnn::lenet5,
    &cnn::resnet18,     &cnn::resnet20,     &cnn::resnet32,     &cnn::resnet34,     &cnn::resnet44,   &cnn::resnet56,   &cnn::vgg11,
    &cnn::vgg16,        &cnn::mobilenet_v1, &cnn::mobilenet_v2, &cnn::squeezenet, &cnn::densenet22,
    &cnn::densenet40,  &gnn::gcn,         &gnn::sage,         &gnn::graphconv,    &gnn::gin,      &gnn::gin_graph,
    &gnn::gat,         &gnn::gcn_residual, &gnn::sage_residual, &gnn::cluster_gcn, &gnn::l_gcn,
    &gnn::mincut_net,  &gnn::diffpool_net, &gnn::topk_net,    &gnn::sagpool_net,  &gnn::mincut_clustering,
};

}  // namespace

std::span<const Architecture* const> architecture_table() {
  return table;
}

const Architecture& find_architecture(std::string_view name, std::string_view place) {
  return *find_method(
      table, "architecture", name, [](const Architecture* row) -> const MethodInfo& { return row->info; },
      place);
}

}  // namespace tern::zoo
