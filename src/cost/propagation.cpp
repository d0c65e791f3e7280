#include "cost/propagation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "cost/energy.hpp"
#include "cost/loop_nest.hpp"
#include "cost/settle.hpp"

namespace tern::cost {
namespace {

constexpr double index_bits = 32;  // of a graph whose size is not known
constexpr int widest_sum_bits = 32;

/// How the features reach the array: from off chip by terms, or once, in `passes` tiles of columns.
struct Fetch {
  bool on_chip = false, by_columns = false;
  double passes = 1;
};

class Product {
 public:
  Product(const Propagation& product, const LayerProfile& profile, const Accelerator& accelerator,
          bool reads_net_input)
      : product_(product),
        profile_(profile),
        accelerator_(accelerator),
        terms_(product.terms(profile.weight_density)) {
    work_.nest.node = product.node, work_.nest.op = "propagate";
    work_.weight_bits = profile.weight_bits, work_.src_bits = profile.src_bits;
    work_.is_binary = !product.is_weighted;
    work_.psum_bits = accelerator.psum_bits > 0 ? accelerator.psum_bits : exact_sum_bits();
    for (const Tensor tensor : {Tensor::weights, Tensor::inputs, Tensor::outputs})
      place(work_, tensor, accelerator);
    fits_input_ =
        product.is_known && !reads_net_input && fits_half(src_bits(), inner(Tensor::inputs), accelerator);
    if (product.is_known && fits_half(dst_bits(), inner(Tensor::outputs), accelerator))
      work_.home[static_cast<std::size_t>(Tensor::outputs)] = inner(Tensor::outputs);
  }

  const Workload& work() const { return work_; }
  double terms() const { return terms_ * product_.features; }

  /// All that are possible, by rows last.
  std::vector<Fetch> fetches() const {
    if (fits_input_ || work_.home_of(Tensor::inputs) == inner(Tensor::inputs)) return {{.on_chip = true}};
    std::vector<Fetch> found;
    const auto capacity =
        accelerator_.memories[static_cast<std::size_t>(inner(Tensor::inputs))].capacity_bytes;
    const double half = 4.0 * static_cast<double>(capacity), column = product_.nodes * profile_.src_bits;
    const double columns = capacity == 0 ? product_.features : std::floor(half / column);
    if (product_.is_known && columns >= 1)
      found.push_back({.by_columns = true, .passes = std::ceil(product_.features / columns)});
    found.push_back({});
    return found;
  }

  AccessCounts count(const Fetch& fetch) const {
    AccessCounts counts;
    features(counts, fetch);
    matrix(counts, fetch.passes);
    sums(counts);
    return counts;
  }

 private:
  int inner(Tensor tensor) const { return work_.inner_of(tensor); }
  double src_bits() const { return product_.nodes * product_.features * profile_.src_bits; }
  double dst_bits() const { return product_.nodes * product_.features * work_.psum_bits; }

  /// Of a sum of as many terms as the mean row has.
  int exact_sum_bits() const {
    const double mean = std::max(1.0, terms_ / product_.nodes);
    const int bits = profile_.src_bits + (product_.is_weighted ? profile_.weight_bits : 0);
    return std::min(bits + static_cast<int>(std::ceil(std::log2(mean))), widest_sum_bits);
  }

  static double& cell(std::array<std::array<double, 4>, 2>& table, int level, Tensor tensor) {
    return table[static_cast<std::size_t>(level)][static_cast<std::size_t>(tensor)];
  }

  void features(AccessCounts& counts, const Fetch& fetch) const {
    const double fetched = terms() * profile_.src_bits;
    const int home = work_.home_of(Tensor::inputs), on_chip = inner(Tensor::inputs);
    if (!fetch.on_chip) {
      const double moved = fetch.by_columns ? src_bits() : fetched;
      cell(counts.read_bits, home, Tensor::inputs) += moved;
      cell(counts.write_bits, on_chip, Tensor::inputs) += moved;
    }
    cell(counts.read_bits, on_chip, Tensor::inputs) += fetched;
    counts.noc_bits += fetched;
    counts.spad_write_bits[1] += fetched;
    counts.spad_read_bits[1] += fetched;
  }

  void matrix(AccessCounts& counts, double passes) const {
    const double bits = graph_bits(product_, profile_) * passes;
    const int home = work_.home_of(Tensor::weights), last = inner(Tensor::weights);
    cell(counts.read_bits, home, Tensor::weights) += bits;
    if (home != last) {
      cell(counts.write_bits, last, Tensor::weights) += bits;
      cell(counts.read_bits, last, Tensor::weights) += bits;
    }
    counts.decoded_values = product_.edges * profile_.weight_density * passes;
    if (!product_.is_weighted) return;
    const double delivered = terms_ *
                             std::min(product_.features, static_cast<double>(accelerator_.array.count())) *
                             profile_.weight_bits;
    counts.noc_bits += delivered;
    counts.spad_write_bits[0] += delivered;
    counts.spad_read_bits[0] += terms() * profile_.weight_bits;
  }

  void sums(AccessCounts& counts) const {
    counts.effectual_macs = terms();
    counts.spad_read_bits[2] += terms() * work_.psum_bits;
    counts.spad_write_bits[2] += terms() * work_.psum_bits;
    counts.noc_bits += dst_bits();
    cell(counts.write_bits, work_.home_of(Tensor::outputs), Tensor::outputs) += dst_bits();
    const double places = static_cast<double>(accelerator_.array.count()) * accelerator_.array.macs_per_cycle;
    counts.compute_cycles = std::max(1.0, std::ceil(terms() / places));
    counts.utilization = std::min(1.0, terms() / (counts.compute_cycles * places));
  }

  const Propagation& product_;
  const LayerProfile& profile_;
  const Accelerator& accelerator_;
  Workload work_;
  double terms_;
  bool fits_input_ = false;
};

}  // namespace

Propagation propagation_of(const net::Net& net, const net::Node& node, const GraphSize& graph) {
  const net::OpContext context = net.context(node);
  const net::Node& source = net.node(node.inputs[1]);
  Propagation product{.node = node.name, .features = static_cast<double>(net.type(node.name).shape[0])};
  product.is_known = graph.nodes > 0 && source.op == "graph";
  product.nodes = product.is_known ? static_cast<double>(graph.nodes) : 1;
  product.edges = static_cast<double>(product.is_known ? graph.edges : context.src[1].shape[0]);
  const std::string normalisation = context.text("normalisation");
  static const std::set<std::string> without_self{"sum", "symmetric", "row"}, alike{"sum", "row", "row-self"};
  const bool has_self =
      !without_self.count(normalisation) || context.real("eps") != 0 || context.flag("train_eps");
  product.self = has_self ? product.nodes : 0;
  const bool has_factors = source.op == "graph" && net.context(source).integer("edges") > 0;
  product.is_weighted = !alike.count(normalisation) || has_factors;
  return product;
}

std::set<std::string> nodes_with_a_row_a_node(const net::Net& net) {
  std::set<std::string> rows;
  bool has_graph = false;
  for (const net::Node& node : net.nodes()) {
    has_graph |= node.op == "graph";
    if (node.op == "graph_readout" || node.op == "graph_pool" ||
        net.type(node.name).kind != net::Kind::tensor)
      continue;
    const bool follows = std::all_of(node.inputs.begin(), node.inputs.end(), [&](const std::string& source) {
      return net.type(source).kind != net::Kind::tensor || rows.count(source) > 0;
    });
    if (follows) rows.insert(node.name);
  }
  return has_graph ? rows : std::set<std::string>{};
}

double graph_bits(const Propagation& product, const LayerProfile& profile) {
  const double kept = product.edges * profile.weight_density;
  const double coefficient = product.is_weighted ? profile.weight_bits : 0;
  const double column = product.is_known ? std::ceil(std::log2(product.nodes)) : index_bits;
  const double offset = product.is_known ? std::ceil(std::log2(kept + 1)) : index_bits;
  return kept * (column + coefficient) + (product.nodes + 1) * offset;
}

LayerCost evaluate_propagation(const Propagation& product, const LayerProfile& profile,
                               const Accelerator& accelerator, bool reads_net_input) {
  const Product counter(product, profile, accelerator, reads_net_input);
  LayerCost layer;
  double least = std::numeric_limits<double>::infinity();
  for (const Fetch& fetch : counter.fetches()) {
    const AccessCounts counts = counter.count(fetch);
    const double energy = price(counts, counter.work(), accelerator).total_pj();
    if (energy >= least) continue;
    least = energy;
    settle(layer, counts, counter.work(), 1, accelerator);
    layer.dataflow = fetch.on_chip ? "rows-on-chip" : fetch.by_columns ? "by-columns" : "by-rows";
  }
  layer.node = product.node, layer.op = "propagate";
  layer.macs_dense = std::llround(product.terms(1) * product.features);
  layer.weight_encoding = Encoding::uop;
  layer.graph_bits_stored = graph_bits(product, profile);
  layer.input_bits_stored = product.nodes * product.features * profile.src_bits;
  return layer;
}

}  // namespace tern::cost
