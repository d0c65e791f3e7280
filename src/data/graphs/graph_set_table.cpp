#include <fmt/format.h>

#include "data/graphs/graph_files.hpp"
#include "data/graphs/graph_set.hpp"

namespace tern::data {
namespace {

/// Defaults of a family; the rest is filled in by row().
struct Family {
  const char *split, *features, *component, *node_features, *metric;
};

constexpr Family citation{"public", "row", "all", "attributes", "accuracy"};
// Shchur et al. 2018: the largest component, 20 training and 30 validation nodes of each class, the rest
// tests.
constexpr Family pitfalls{"random", "row", "largest", "attributes", "accuracy"};
constexpr Family heterophilous{"public", "none", "all", "attributes", "accuracy"};
constexpr Family heterophilous_binary{"public", "none", "all", "attributes", "roc-auc"};
constexpr Family many_graphs{"random", "none", "all", "degree+clustering+attributes+tags", "accuracy"};
constexpr Family bench{"public", "none", "all", "attributes", "accuracy"};
constexpr Family sage{"public", "standardise", "all", "attributes", "micro-f1"};
constexpr Family ogb{"public", "none", "all", "attributes", "accuracy"};
constexpr Family generated{"random", "none", "all", "attributes", "accuracy"};
constexpr Family bare{"none", "none", "all", "attributes", "accuracy"};

std::vector<ParameterInfo> parameters_of(const GraphDataOptions& d, const std::string& name) {
  std::vector<ParameterInfo> out{
      {"split", "string", d.split, "public|full|random|none|0 ..",
       "which nodes (graphs) train, validate and test"},
      {"features", "string", d.normalise_features, "none|row|standardise", "normalisation of features"}};
  if (d.split == "random" && name != "block-model" && d.node_features != "attributes") {
    out.push_back({"test-fraction", "float", fmt::format("{}", d.test_fraction), "0..1", "of all graphs"});
    out.push_back(
        {"validation-fraction", "float", fmt::format("{}", d.validation_fraction), "0..1", "of the others"});
    out.push_back({"node-features", "string", d.node_features,
                   "attributes|tags|degree|clustering, joined by +", "what nodes bring"});
  } else if (d.split == "random") {
    out.push_back(
        {"train-per-class", "int", fmt::format("{}", d.train_per_class), ">= 1", "of a random split"});
    out.push_back({"train-fraction", "float", "0", "0..1", "of each class instead; half of the others validate"});
    out.push_back({"validation-per-class", "int", fmt::format("{}", d.validation_per_class), ">= 0",
                   "of a random split"});
    out.push_back({"component", "string", d.component, "all|largest", "which nodes are kept"});
  }
  if (name == "block-model") {
    for (const auto& [key, value] : {std::pair{"nodes", d.num_nodes},
                                     {"edges", d.num_edges},
                                     {"classes", d.num_classes},
                                     {"features", d.num_features}})
      out.push_back(
          {fmt::format("num-{}", key), "int", fmt::format("{}", value), ">= 1", "of the generated graph"});
  }
  return out;
}

GraphSetRow row(const char* name, const char* summary, const char* source, const char* layout,
                const Family& family, graph::GraphData (*read)(const GraphDataOptions&)) {
  GraphSetRow out;
  GraphDataOptions& d = out.defaults;
  d.name = name;
  d.split = family.split;
  d.normalise_features = family.features;
  d.component = family.component;
  d.node_features = family.node_features;
  d.train_per_class = 20;
  d.validation_per_class = 30;
  d.validation_fraction = d.test_fraction = 0.1;
  d.num_nodes = 10000;
  d.num_edges = 100000;
  d.num_classes = 10;
  d.num_features = 64;
  out.info = {name, summary, source, parameters_of(d, name)};
  out.metric = family.metric;
  out.layout = layout;
  out.read = read;
  return out;
}

constexpr const char* yang =
    "Yang, Cohen, Salakhutdinov 2016, Revisiting semi-supervised learning with graph embeddings";
constexpr const char* shchur = "Shchur et al. 2018, Pitfalls of graph neural network evaluation";
constexpr const char* platonov =
    "Platonov et al. 2023, A critical look at the evaluation of GNNs under heterophily";
constexpr const char* morris = "Morris et al. 2020, TUDataset";
constexpr const char* tu_layout =
    "a folder with NAME_A.txt, NAME_graph_indicator.txt, NAME_graph_labels.txt (TU), or NAME.txt (GIN)";

}  // namespace

const std::vector<GraphSetRow>& graph_set_table() {
  using namespace graphs;
  static const std::vector<GraphSetRow> table{
      row("cora", "citations, 2708 papers, 7 classes", yang, "a folder with ind.cora.* or planetoid_cora.npz",
          citation, planetoid),
      row("citeseer", "citations, 3327 papers, 6 classes", yang,
          "a folder with ind.citeseer.* or planetoid_citeseer.npz", citation, planetoid),
      row("pubmed", "citations, 19717 papers, 3 classes", yang,
          "a folder with ind.pubmed.* or planetoid_pubmed.npz", citation, planetoid),
      row("amazon-computers", "goods bought together, 10 classes", shchur, "amazon_cs.npz", pitfalls, npz),
      row("amazon-photo", "goods bought together, 8 classes", shchur, "amazon_photo.npz", pitfalls, npz),
      row("coauthor-cs", "authors who wrote together, 15 fields", shchur, "coauthor_cs.npz", pitfalls, npz),
      row("coauthor-physics", "authors who wrote together, 5 fields", shchur, "coauthor_phy.npz", pitfalls,
          npz),
      row("cora-ml", "citations, 7 classes", "Bojchevski, Guennemann 2018, Deep Gaussian embedding of graphs",
          "cora_ml.npz", pitfalls, npz),
      row("dblp", "citations, 4 classes", "Bojchevski, Guennemann 2018, Deep Gaussian embedding of graphs",
          "dblp.npz", pitfalls, npz),
      row("facebook", "pages that like one another, 4 classes",
          "Rozemberczki, Allen, Sarkar 2021, Multi-scale attributed node embedding",
          "a folder with facebook_edges.csv, facebook.json, facebook_target.csv", pitfalls, musae),
      row("tolokers", "workers, banned or not", platonov, "tolokers.npz", heterophilous_binary, npz),
      row("minesweeper", "a grid with mines", platonov, "minesweeper.npz", heterophilous_binary, npz),
      row("roman-empire", "words of an article, 18 classes", platonov, "roman_empire.npz", heterophilous,
          npz),
      row("amazon-ratings", "goods bought together, 5 ratings", platonov, "amazon_ratings.npz", heterophilous,
          npz),
      row("questions", "users who answer, active or not", platonov, "questions.npz", heterophilous_binary,
          npz),
      row("chameleon", "web pages without duplicates, 5 classes", platonov, "chameleon_filtered.npz",
          heterophilous, npz),
      row("squirrel", "web pages without duplicates, 5 classes", platonov, "squirrel_filtered.npz",
          heterophilous, npz),
      row("proteins", "1113 proteins, enzymes or not", morris, tu_layout, many_graphs, small_graphs),
      row("enzymes", "600 enzymes, 6 classes", morris, tu_layout, many_graphs, small_graphs),
      row("mutag", "188 molecules, mutagenic or not", morris, tu_layout, many_graphs, small_graphs),
      row("mutagenicity", "4337 molecules, mutagenic or not", morris, tu_layout, many_graphs, small_graphs),
      row("nci1", "4110 molecules, against lung cancer or not", morris, tu_layout, many_graphs, small_graphs),
      row("dd", "1178 proteins, enzymes or not", morris, tu_layout, many_graphs, small_graphs),
      row("collab", "5000 collaborations, 3 fields", morris, tu_layout, many_graphs, small_graphs),
      row("imdb-binary", "1000 casts, 2 genres", morris, tu_layout, many_graphs, small_graphs),
      row("imdb-multi", "1500 casts, 3 genres", morris, tu_layout, many_graphs, small_graphs),
      row("reddit-binary", "2000 threads, 2 kinds", morris, tu_layout, many_graphs, small_graphs),
      row("small-graphs", "any many small graphs in the TU or GIN format", "", tu_layout, many_graphs,
          small_graphs),
      row("bench-hard", "graphs told apart by their structure, 3 classes",
          "Bianchi 2020, Benchmark dataset for graph classification", "hard.npz or hard_small.npz", bench,
          npz),
      row("bench-easy", "the same, easier", "Bianchi 2020, Benchmark dataset for graph classification",
          "easy.npz or easy_small.npz", bench, npz),
      row("ppi", "24 protein networks, 121 labels",
          "Hamilton, Ying, Leskovec 2017, Inductive representation learning on large graphs",
          "a folder with ppi-G.json, ppi-id_map.json, ppi-class_map.json, ppi-feats.npy", sage, graphsage),
      row("reddit", "232965 posts, 41 communities",
          "Hamilton, Ying, Leskovec 2017, Inductive representation learning on large graphs",
          "a folder with reddit-G.json, reddit-id_map.json, reddit-class_map.json, reddit-feats.npy", sage,
          graphsage),
      row("ogb", "any node or graph classification set of OGB", "Hu et al. 2020, Open graph benchmark",
          "a folder with raw/ and split/", ogb, open_benchmark),
      row("npz", "any .npz of the kinds above", "", "a .npz file", generated, npz),
      row("block-model", "communities, generated",
          "Karrer, Newman 2011, Stochastic blockmodels and community structure in networks", "nothing",
          generated, block_model),
      row("edge-list", "edges alone, a pair a line", "", "a text file", bare, edge_list)};
  return table;
}

}  // namespace tern::data
