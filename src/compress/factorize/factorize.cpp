#include "compress/factorize/factorize.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "base/error.hpp"
#include "compress/factorize/evbmf.hpp"
#include "compress/model_builder.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

using Ranks = std::vector<std::int64_t>;
constexpr int rank_steps = 16;

/// A layer that suits the method.
struct Candidate {
  const net::Node* node;
  at::Tensor kernel;
  std::vector<at::Tensor> spectra;
  std::int64_t macs = 0;  ///< of the layer as it is
  Ranks ranks;            ///< empty: stays as it is
};

Ranks full_ranks(const Candidate& layer) {
  Ranks ranks;
  for (const auto& spectrum : layer.spectra) ranks.push_back(spectrum.numel());
  return ranks;
}

Ranks usable(const FactorizationRow& row, const Candidate& layer, const Ranks& ranks) {
  return row.usable ? row.usable(layer.kernel, ranks) : ranks;
}

/// MACs of a chain: links before the strided one run on the input's places.
std::int64_t chain_macs(const net::Net& net, const FactorizationRow& row, const Candidate& layer, const Ranks& ranks) {
  const net::OpContext context = net.context(*layer.node);
  net::Net chain("chain", net.num_steps());
  std::string last = chain.add("x", "input", {}, {{"shape", context.src[0].shape}, {"time", context.src[0].has_time}});
  for (const auto& link : row.shapes(context, layer.kernel, ranks))
    last = chain.add("link" + link.suffix, layer.node->op, {last}, link.attributes);
  return net::totals(chain).macs_per_step;
}

/// What ranks cost: -log of the product over the spectra of the share of energy that they keep.
double loss_of(const Candidate& layer, const Ranks& ranks) {
  double lost = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    const double whole = layer.spectra[i].sum().item<double>();
    if (whole > 0) lost -= std::log(layer.spectra[i].slice(0, 0, ranks[i]).sum().item<double>() / whole);
  }
  return lost;
}

std::int64_t rank_for_energy(const at::Tensor& spectrum, double share) {
  const at::Tensor sums = spectrum.cumsum(0);
  const double wanted = share * sums[-1].item<double>() * (1 - 1e-12);
  return std::min<std::int64_t>(spectrum.numel(), 1 + sums.lt(wanted).sum().item<std::int64_t>());
}

Ranks ranks_by_rule(const FactorizationRow& row, const Factorization& options, const Candidate& layer) {
  Ranks ranks;
  const auto unfoldings = row.unfoldings(layer.kernel);
  for (std::size_t i = 0; i < layer.spectra.size(); ++i) {
    const std::int64_t full = layer.spectra[i].numel();
    std::int64_t rank = full;
    if (options.rule == RankRule::energy) rank = rank_for_energy(layer.spectra[i], options.target);
    if (options.rule == RankRule::evbmf) rank = evbmf_rank(unfoldings[i]);
    if (options.rule == RankRule::fixed) rank = static_cast<std::int64_t>(options.target);
    ranks.push_back(std::clamp<std::int64_t>(rank, 1, full));
  }
  return usable(row, layer, ranks);
}

/// One smaller set of ranks for one layer.
struct Move {
  double price;  ///< loss_of per MAC saved, beyond the layer's move before
  std::size_t layer;
  std::int64_t saved;
  Ranks ranks;
};

/// Moves of a layer on the lower convex hull of (MACs saved, loss_of): prices only grow along it.
void add_moves(std::vector<Move>& moves, const net::Net& net, const FactorizationRow& row, std::size_t index,
               const Candidate& layer) {
  struct Point { std::int64_t saved; double lost; Ranks ranks; };
  std::vector<Point> hull{{0, 0.0, {}}};
  Ranks before;
  for (int step = rank_steps; step >= 1; --step) {
    Ranks ranks = full_ranks(layer);
    for (auto& rank : ranks) rank = std::max<std::int64_t>(1, rank * step / rank_steps);
    ranks = usable(row, layer, ranks);
    if (ranks == before) continue;
    before = ranks;
    Point point{layer.macs - chain_macs(net, row, layer, ranks), loss_of(layer, ranks), ranks};
    if (point.saved <= hull.back().saved) continue;
    const auto slope = [](const Point& a, const Point& b) { return (b.lost - a.lost) / static_cast<double>(b.saved - a.saved); };
    while (hull.size() > 1 && slope(hull[hull.size() - 2], hull.back()) >= slope(hull.back(), point)) hull.pop_back();
    hull.push_back(std::move(point));
  }
  for (std::size_t i = 1; i < hull.size(); ++i) {
    const std::int64_t saved = hull[i].saved - hull[i - 1].saved;
    moves.push_back({(hull[i].lost - hull[i - 1].lost) / static_cast<double>(saved), index, saved, hull[i].ranks});
  }
}

void choose_for_macs(std::vector<Candidate>& layers, const net::Net& net, const FactorizationRow& row, double target) {
  std::vector<Move> moves;
  for (std::size_t i = 0; i < layers.size(); ++i) add_moves(moves, net, row, i, layers[i]);
  std::stable_sort(moves.begin(), moves.end(), [](const Move& a, const Move& b) { return a.price < b.price; });
  const std::int64_t whole = net::totals(net).macs_per_step;
  std::int64_t left = whole;
  for (auto& move : moves) {
    if (static_cast<double>(left) <= target * static_cast<double>(whole)) break;
    left -= move.saved;
    layers[move.layer].ranks = std::move(move.ranks);
  }
  if (static_cast<double>(left) > target * static_cast<double>(whole))
    fail(ErrorKind::usage, "plan", "factorize: {} leaves {:.3f} of the MACs at rank 1/16, above {:.3f}", row.info.name,
         static_cast<double>(left) / static_cast<double>(whole), target);
}

std::vector<Candidate> candidates_of(const learn::Model& model, const FactorizationRow& row,
                                     const std::vector<std::string>& weights) {
  const std::set<std::string_view> names(weights.begin(), weights.end());
  std::vector<Candidate> layers;
  for (const auto& node : model.net().nodes()) {
    if (node.op != "conv2d" && node.op != "linear") continue;
    const std::string name = node.name + ".weight";
    if (!names.empty() && !names.count(name)) continue;
    const learn::Parameter& weight = model.parameter(node.name, "weight");
    if (!row.suits(model.net().context(node), weight.latent)) continue;
    if (weight.quantizer || weight.gate)
      fail(ErrorKind::usage, "plan", "{} has a {}: factorize before that step", name, weight.quantizer ? "quantizer" : "gate");
    const at::Tensor kernel = weight.stored();
    layers.push_back({&node, kernel, row.spectra(kernel), model.net().work(node).macs, {}});
  }
  if (layers.empty()) fail(ErrorKind::usage, "plan", "factorize: no layer suits {}: {}", row.info.name, row.info.summary);
  return layers;
}

void add_chain(ModelBuilder& builder, const learn::Model& model, const FactorizationRow& row, const Candidate& layer) {
  const net::Node& node = *layer.node;
  const net::OpContext context = model.net().context(node);
  std::string last = node.inputs[0];
  for (auto& link : row.factors(context, layer.kernel, layer.ranks)) {
    std::map<std::string, learn::Parameter> parameters{{"weight", make_parameter(link.weight)}};
    const bool is_last = link.suffix.empty();
    if (is_last && context.flag("bias")) {
      link.attributes["bias"] = true;
      parameters["bias"] = model.parameter(node.name, "bias");
    }
    const std::string name = is_last ? node.name : builder.fresh_name(node.name + "_" + link.suffix);
    last = builder.add(name, node.op, {last}, link.attributes, std::move(parameters));
  }
}

}  // namespace

Factorized factorize(const learn::Model& model, const Factorization& options) {
  const c10::NoGradGuard no_grad;
  const FactorizationRow& row = find_factorization(options.method);
  auto layers = candidates_of(model, row, options.weights);
  if (options.rule == RankRule::macs) choose_for_macs(layers, model.net(), row, options.target);
  std::vector<std::string> notes;
  std::map<std::string, const Candidate*> chosen;
  for (auto& layer : layers) {
    if (options.rule != RankRule::macs) layer.ranks = ranks_by_rule(row, options, layer);
    if (layer.ranks.empty()) continue;
    const std::int64_t macs = chain_macs(model.net(), row, layer, layer.ranks);
    if (macs >= layer.macs) {
      notes.push_back(fmt::format("{}: stays, rank {} would need {} MACs instead of {}", layer.node->name,
                                  fmt::join(layer.ranks, " x "), macs, layer.macs));
      continue;
    }
    notes.push_back(fmt::format("{}: rank {}, {} of {} MACs", layer.node->name, fmt::join(layer.ranks, " x "), macs, layer.macs));
    chosen[layer.node->name] = &layer;
  }
  ModelBuilder builder(model);
  for (const auto& node : model.net().nodes()) {
    const auto found = chosen.find(node.name);
    if (found == chosen.end()) builder.keep(node);
    else add_chain(builder, model, row, *found->second);
  }
  return {builder.finish(), std::move(notes)};
}

}  // namespace tern::compress
