// Graph data sets of the literature, each in the files that its authors publish.
//
// Every reader treats its files as hostile: ids, shapes, counts and labels are checked and a refusal names
// the file and the line, edge or array. Undirected graphs are symmetric without self loops or repeated edges;
// directed ones become so too unless `options` say otherwise. Errors: io, bad_data, unsupported.
#pragma once

#include <filesystem>
#include <string>

#include "graph/build.hpp"
#include "graph/graph_data.hpp"

namespace tern::formats {

/// Planetoid (Yang et al. 2016): FOLDER/ind.NAME.{x,tx,allx,y,ty,ally,graph,test.index}; NAME is cora,
/// citeseer, pubmed. Sparse features, the public split. Test nodes that the files miss (Citeseer: 15) get no
/// features and label -1.
graph::GraphData read_planetoid(const std::filesystem::path& folder, const std::string& name);

/// One .npz file, told apart by its arrays:
///   edges + feat_indptr ..        plain arrays, optional train_idx, val_idx, test_idx
///   edges + node_features ..      Platonov et al. 2023, with their splits
///   adj_indptr ..                 Shchur et al. 2018, plain arrays; adj_matrix: the same as pickled SciPy
///   matrices tr_adj ..                     Bianchi's graph classification benchmark: many graphs, one split
graph::GraphData read_graph_npz(const std::filesystem::path& path, const graph::BuildOptions& options = {});

/// Open Graph Benchmark, CSV: FOLDER/raw/{edge,num-node-list,num-edge-list,node-feat,node-label}.csv.gz (or
/// not gzipped), graph-label.csv where graphs are classified, and FOLDER/split/*/{train,valid,test}.csv.gz.
/// Several binary tasks become several labels; empty or "nan" labels become -1 (0 among several).
graph::GraphData read_ogb(const std::filesystem::path& folder, const graph::BuildOptions& options = {});

/// GraphSAGE (PPI, Reddit): PREFIX-G.json, -id_map.json, -class_map.json and optionally -feats.npy. Nodes are
/// numbered by the id map; those that are missing there are left out, as GraphSAGE does. Lists of 0 and 1
/// become several labels.
graph::GraphData read_graphsage(const std::filesystem::path& prefix);

/// TU data sets: FOLDER/NAME_{A,graph_indicator,graph_labels}.txt, optionally _node_labels and
/// _node_attributes.
graph::GraphData read_tu(const std::filesystem::path& folder, const std::string& name);

/// The text format of GIN and DGCNN, with the splits of FILE's folder, 10fold_idx/{train,test}_idx-K.txt,
/// where they are.
graph::GraphData read_gin(const std::filesystem::path& file);

/// MUSAE: FOLDER/{NAME_edges.csv,NAME.json,NAME_target.csv}; classes are the last column's words in their
/// order.
graph::GraphData read_musae(const std::filesystem::path& folder, const std::string& name);

/// "source target [weight]" a line, commas or blanks; lines that begin with # or % and a first line of words
/// are skipped. Nodes are 0 .. the largest id, or num_nodes where it is given.
graph::GraphData read_edge_list(const std::filesystem::path& path, const graph::BuildOptions& options = {},
                                std::int64_t num_nodes = -1);

}  // namespace tern::formats
