#include "formats/graph/readers.hpp"

#include "base/seed.hpp"
#include "formats/graph/graph_files.hpp"
#include "formats/graph/pickles.hpp"

namespace tern::formats {
namespace {

using namespace testing;
using graph::GraphData;
using Ids = std::vector<std::int32_t>;

Ids row_of(const GraphData& data, std::int64_t node) {
  const auto row = data.graph.neighbours(node);
  return {row.begin(), row.end()};
}

class Readers : public GraphFiles {
 protected:
  /// Three nodes in allx (one of them trained), test nodes 5, 3; node 4 is missing, as in Citeseer.
  void write_planetoid() {
    write("ind.tiny.allx", p_file(p_csr(3, 4, {0, 1, 2, 4}, {0, 1, 2, 3}, {1, 1, 1, 1})));
    write("ind.tiny.x", p_file(p_csr(1, 4, {0, 1}, {0}, {1})));
    write("ind.tiny.tx", p_file(p_csr(2, 4, {0, 1, 3}, {3, 0, 1}, {5, 6, 7})));
    write("ind.tiny.ally", p_file(p_ints({1, 0, 0, 1, 1, 0}, {3, 2})));
    write("ind.tiny.y", p_file(p_ints({1, 0}, {1, 2})));
    write("ind.tiny.ty", p_file(p_ints({0, 1, 1, 0}, {2, 2})));
    write("ind.tiny.graph", p_file(p_lists({{1, 1, 5}, {0}, {2}, {}, {}, {0}})));
    write("ind.tiny.test.index", "5\n3\n");
  }
  void write_tu() {
    write("T/T_graph_indicator.txt", "1\n1\n2\n2\n2\n");
    write("T/T_graph_labels.txt", "1\n-1\n");
    write("T/T_A.txt", "1, 2\n2, 1\n3, 5\n5, 3\n");
    write("T/T_node_labels.txt", "7\n3\n3\n9\n7\n");
    write("T/T_node_attributes.txt", " 1.5, 2\n 3,4\n5, 6\n7, 8\n-1e-2, +4\n");
  }
  Error tu_refusal(const std::string& part, const std::string& text) {
    write_tu();
    write("T/T_" + part + ".txt", text);
    return error_of([&] { read_tu(root_ / "T", "T"); });
  }
};

TEST_F(Readers, PlanetoidPutsTestRowsInPlace) {
  write_planetoid();
  const GraphData data = read_planetoid(root_, "tiny");
  EXPECT_EQ(data.graph.num_nodes(), 6);
  EXPECT_EQ(row_of(data, 0), (Ids{1, 5}));
  EXPECT_TRUE(row_of(data, 2).empty());  // a loop only
  EXPECT_EQ(data.labels, (Ids{0, 1, 0, 0, -1, 1}));
  EXPECT_EQ(data.splits[0].train, (Ids{0}));
  EXPECT_EQ(data.splits[0].validation, (Ids{1, 2}));
  EXPECT_EQ(data.splits[0].test, (Ids{3, 5}));
  const std::vector<float> dense = to_dense(data.features.sparse);
  EXPECT_EQ(std::vector<float>(dense.begin() + 12, dense.begin() + 16), (std::vector<float>{6, 7, 0, 0}));
  EXPECT_EQ(std::vector<float>(dense.begin() + 16, dense.begin() + 20), (std::vector<float>{0, 0, 0, 0}));
  EXPECT_EQ(std::vector<float>(dense.begin() + 20, dense.end()), (std::vector<float>{0, 0, 0, 5}));
}

TEST_F(Readers, PlanetoidRefusals) {
  const auto kind = [&](const std::string& part, const std::string& bytes) {
    write_planetoid();
    write("ind.tiny." + part, bytes);
    return error_of([&] { read_planetoid(root_, "tiny"); }).kind();
  };
  EXPECT_EQ(kind("graph", p_file(p_lists({{6}, {}, {}, {}, {}, {}}))), ErrorKind::bad_data);
  EXPECT_EQ(kind("graph", p_file(p_lists({{-1}, {}, {}, {}, {}, {}}))), ErrorKind::bad_data);
  EXPECT_EQ(kind("graph", p_file(p_lists({{}, {}}))), ErrorKind::bad_data);
  EXPECT_EQ(kind("graph", p_file("N")), ErrorKind::bad_data);
  EXPECT_EQ(kind("test.index", "5\n5\n"), ErrorKind::bad_data);
  EXPECT_EQ(kind("test.index", "5\n2\n"), ErrorKind::bad_data);
  EXPECT_EQ(kind("test.index", "5\n9000000000000\n"), ErrorKind::bad_data);
  EXPECT_EQ(kind("test.index", "5\n"), ErrorKind::bad_data);
  EXPECT_EQ(kind("test.index", "5\nx\n"), ErrorKind::bad_data);
  EXPECT_EQ(kind("ally", p_file(p_ints({1, 0}, {1, 2}))), ErrorKind::bad_data);
  EXPECT_EQ(kind("ty", p_file(p_ints({1, 0, 1, 0, 0, 0}, {2, 3}))), ErrorKind::bad_data);
  EXPECT_EQ(kind("tx", p_file(p_ints({1}))), ErrorKind::bad_data);
  EXPECT_EQ(error_of([&] { read_planetoid(root_, "absent"); }).kind(), ErrorKind::io);
}

TEST_F(Readers, NpzKinds) {
  write_zip(root_ / "plain.npz", {{"edges.npy", npy<std::int32_t>("<i4", {2, 2}, {0, 1, 2, 1})},
                                  {"feat_indptr.npy", npy<std::int32_t>("<i4", {4}, {0, 1, 1, 2})},
                                  {"feat_indices.npy", npy<std::int32_t>("<i4", {2}, {4, 0})},
                                  {"feat_shape.npy", npy<std::int32_t>("<i4", {2}, {3, 5})},
                                  {"labels.npy", npy<std::int32_t>("<i4", {3}, {0, -1, 2})}});
  const GraphData plain = read_graph_npz(root_ / "plain.npz");
  EXPECT_EQ(row_of(plain, 1), (Ids{0, 2}));
  EXPECT_EQ(plain.features.columns, 5);
  EXPECT_EQ(plain.num_classes, 3);
  EXPECT_TRUE(plain.splits.empty());
  EXPECT_EQ(read_graph_npz(root_ / "plain.npz", {false, true, graph::SelfLoops::keep}).graph.num_edges(), 2);

  // Shchur et al., as published: plain arrays of two sparse matrices.
  write_zip(root_ / "shchur.npz", {{"adj_data.npy", npy<float>("<f4", {2}, {1, 1})},
                                   {"adj_indices.npy", npy<std::int32_t>("<i4", {2}, {1, 0})},
                                   {"adj_indptr.npy", npy<std::int32_t>("<i4", {3}, {0, 1, 2})},
                                   {"adj_shape.npy", npy<std::int64_t>("<i8", {2}, {2, 2})},
                                   {"attr_data.npy", npy<float>("<f4", {1}, {0.5})},
                                   {"attr_indices.npy", npy<std::int32_t>("<i4", {1}, {2})},
                                   {"attr_indptr.npy", npy<std::int32_t>("<i4", {3}, {0, 0, 1})},
                                   {"attr_shape.npy", npy<std::int64_t>("<i8", {2}, {2, 3})},
                                   {"labels.npy", npy<std::int64_t>("<i8", {2}, {1, 0})}});
  const GraphData shchur = read_graph_npz(root_ / "shchur.npz");
  EXPECT_EQ(shchur.graph.num_edges(), 2);
  EXPECT_EQ(to_dense(shchur.features.sparse), (std::vector<float>{0, 0, 0, 0, 0, 0.5}));
}

TEST_F(Readers, NpzRefusals) {
  const auto error = [&](const std::vector<std::pair<std::string, std::string>>& files) {
    write_zip(root_ / "x.npz", files);
    return error_of([&] { read_graph_npz(root_ / "x.npz"); });
  };
  const std::pair<std::string, std::string> rows{"feat_indptr.npy", npy<std::int32_t>("<i4", {3}, {0, 0, 0})},
      col{"feat_indices.npy", npy<std::int32_t>("<i4", {0}, {})},
      shape{"feat_shape.npy", npy<std::int32_t>("<i4", {2}, {2, 5})},
      labels{"labels.npy", npy<std::int32_t>("<i4", {2}, {0, 1})},
      edges{"edges.npy", npy<std::int32_t>("<i4", {1, 2}, {0, 1})};
  EXPECT_EQ(error({rows, col, shape, labels, edges}).message(), "nothing was thrown");
  EXPECT_EQ(
      error({rows, col, shape, labels, {"edges.npy", npy<std::int32_t>("<i4", {1, 2}, {0, 2})}}).message(),
      "edge 0: node 2 is not in 0 .. 1");
  EXPECT_EQ(
      error({rows, col, shape, labels, {"edges.npy", npy<std::int32_t>("<i4", {3}, {0, 1, 0})}}).message(),
      "expected pairs");
  EXPECT_EQ(error({rows, col, shape, edges}).kind(), ErrorKind::bad_data);
  EXPECT_EQ(error({rows, col, shape, edges, {"labels.npy", npy<std::int32_t>("<i4", {3}, {0, 1, 1})}}).kind(),
            ErrorKind::bad_data);
  EXPECT_EQ(
      error({rows, col, edges, labels, {"feat_shape.npy", npy<std::int32_t>("<i4", {2}, {-2, 5})}}).kind(),
      ErrorKind::bad_data);
  EXPECT_EQ(error({{"other.npy", npy<float>("<f4", {1}, {1})}}).kind(), ErrorKind::unsupported);
  write("y.npz", "no zip file");
  EXPECT_EQ(error_of([&] { read_graph_npz(root_ / "y.npz"); }).kind(), ErrorKind::bad_data);
}

TEST_F(Readers, OgbNodes) {
  write_gz("set/raw/num-node-list.csv.gz", "4\n");
  write_gz("set/raw/num-edge-list.csv.gz", "3\n");
  write_gz("set/raw/edge.csv.gz", "0,1\n1,2\n2,1\n");
  write_gz("set/raw/node-feat.csv.gz", "0.5,-1\n1,2\n3,4\n5,6e-1\n");
  write_gz("set/raw/node-label.csv.gz", "3\nnan\n0\n1\n");
  write_gz("set/split/time/train.csv.gz", "0\n2\n");
  write_gz("set/split/time/valid.csv.gz", "1\n");
  write_gz("set/split/time/test.csv.gz", "3\n");
  const GraphData data = read_ogb(root_ / "set");
  EXPECT_EQ(data.graph.num_nodes(), 4);
  EXPECT_EQ(row_of(data, 1), (Ids{0, 2}));
  EXPECT_EQ(data.features.columns, 2);
  EXPECT_EQ(data.features.dense[7], 0.6F);
  EXPECT_EQ(data.labels, (Ids{3, -1, 0, 1}));
  EXPECT_EQ(data.num_classes, 4);
  ASSERT_EQ(data.splits.size(), 1u);
  EXPECT_EQ(data.splits[0].train, (Ids{0, 2}));
  EXPECT_EQ(read_ogb(root_ / "set", {false, false, graph::SelfLoops::keep}).graph.num_edges(), 3);

  const auto message = [&](const std::string& part, const std::string& text, const std::string& before) {
    write_gz("set/" + part, text);
    const Error error = error_of([&] { read_ogb(root_ / "set"); });
    write_gz("set/" + part, before);
    return error.place().substr(error.place().find("set/") + 4) + ": " + error.message();
  };
  EXPECT_EQ(message("raw/edge.csv.gz", "0,1\n1,4\n2,1\n", "0,1\n1,2\n2,1\n"),
            "raw/edge.csv.gz: line 2: node 4 is not in 0 .. 3");
  EXPECT_EQ(message("raw/edge.csv.gz", "0,1\n1,2\n", "0,1\n1,2\n2,1\n"),
            "raw/edge.csv.gz: line 2: the file ends at edge 2 of 3 in graph 0");
  EXPECT_EQ(message("raw/edge.csv.gz", "0,1\n1,2\n2,1\n0,0\n", "0,1\n1,2\n2,1\n"),
            "raw/edge.csv.gz: line 4: an edge more than num-edge-list promises");
  EXPECT_EQ(message("raw/edge.csv.gz", "0,1,2\n1,2\n2,1\n", "0,1\n1,2\n2,1\n"),
            "raw/edge.csv.gz: line 1: ',2' follows the edge");
  EXPECT_NE(
      message("raw/node-feat.csv.gz", "1,2\n3\n", "1\n").find("line 2: 1 numbers, the lines before have 2"),
      std::string::npos);
}

TEST_F(Readers, OgbGraphsAndSeveralLabels) {
  write("g/raw/num-node-list.csv", "2\n3\n");
  write("g/raw/num-edge-list.csv", "1\n2\n");
  write("g/raw/edge.csv", "0,1\n0,1\n1,2\n");
  write("g/raw/graph-label.csv", "1\n0\n");
  const GraphData graphs = read_ogb(root_ / "g");
  EXPECT_EQ(graphs.graph_offsets, (std::vector<std::int64_t>{0, 2, 5}));
  EXPECT_EQ(row_of(graphs, 3), (Ids{2, 4}));
  EXPECT_EQ(graphs.graph_labels, (Ids{1, 0}));
  write("m/raw/num-node-list.csv", "2\n");
  write("m/raw/num-edge-list.csv", "1\n");
  write("m/raw/edge.csv", "0,1\n");
  write("m/raw/node-label.csv", "1,0,\n0,nan,1\n");
  const GraphData several = read_ogb(root_ / "m");
  EXPECT_EQ(several.num_classes, 3);
  EXPECT_EQ(several.multi_labels, (std::vector<std::uint8_t>{1, 0, 0, 0, 0, 1}));
  write("m/raw/node-label.csv", "0.5\n1\n");
  EXPECT_EQ(error_of([&] { read_ogb(root_ / "m"); }).kind(), ErrorKind::unsupported);
  write("m/raw/node-label.csv", "x\n1\n");
  EXPECT_EQ(error_of([&] { read_ogb(root_ / "m"); }).kind(), ErrorKind::bad_data);
}

TEST_F(Readers, GraphSagePpi) {
  // networkx's node-link form; links name places in the list of nodes.
  write("ppi-G.json",
        R"json({"directed": false, "graph": {"name": "disjoint_union( ,  )"}, "multigraph": false,
    "nodes": [{"test": false, "id": 0, "val": false}, {"test": true, "id": 1, "val": false}, {"test": false, "id": 2, "val": true}],
    "links": [{"source": 0, "target": 2}, {"source": 1, "target": 1}, {"target": 1, "source": 2}]})json");
  write("ppi-id_map.json", R"({"0": 0, "1": 1, "2": 2})");
  write("ppi-class_map.json", R"({"0": [1, 0], "1": [1, 1], "2": [0, 0]})");
  write("ppi-feats.npy", npy<double>("<f8", {3, 1}, {0.5, 1.5, 2.5}));
  const GraphData data = read_graphsage(root_ / "ppi");
  EXPECT_EQ(row_of(data, 2), (Ids{0, 1}));
  EXPECT_EQ(data.multi_labels, (std::vector<std::uint8_t>{1, 0, 1, 1, 0, 0}));
  EXPECT_EQ(data.num_classes, 2);
  EXPECT_EQ(data.features.dense, (std::vector<float>{0.5, 1.5, 2.5}));
  EXPECT_EQ(data.splits[0].train, (Ids{0}));
  EXPECT_EQ(data.splits[0].validation, (Ids{2}));
  EXPECT_EQ(data.splits[0].test, (Ids{1}));
}

TEST_F(Readers, GraphSageReddit) {
  // Ids are words in an order of their own, and one node is not in the map.
  write("r-G.json",
        R"({"nodes": [{"id": "t3_b", "test": false, "val": true, "feature": [1, 2]}, {"id": "t3_ghost"},
    {"id": "t3_a", "test": false, "val": false}], "links": [{"source": 0, "target": 2}, {"source": 1, "target": 2}]})");
  write("r-id_map.json", R"({"t3_a": 0, "t3_b": 1})");
  write("r-class_map.json", R"({"t3_a": 3, "t3_b": 1, "t3_ghost": 2})");
  const GraphData data = read_graphsage(root_ / "r");
  EXPECT_EQ(data.graph.num_nodes(), 2);
  EXPECT_EQ(row_of(data, 0), (Ids{1}));
  EXPECT_EQ(data.labels, (Ids{3, 1}));
  EXPECT_EQ(data.num_classes, 4);
  EXPECT_EQ(data.splits[0].validation, (Ids{1}));
}

TEST_F(Readers, GraphSageRefusals) {
  write("x-id_map.json", R"({"0": 0, "1": 1})");
  write("x-class_map.json", R"({"0": 0, "1": 1})");
  const auto kind = [&](const char* suffix, const std::string& text, const std::string& before) {
    write(std::string("x") + suffix, text);
    const Error error = error_of([&] { read_graphsage(root_ / "x"); });
    write(std::string("x") + suffix, before);
    return error.kind();
  };
  const std::string good = R"({"nodes": [{"id": 0}, {"id": 1}], "links": [{"source": 0, "target": 1}]})";
  EXPECT_EQ(kind("-G.json", good, good), ErrorKind::internal);  // nothing is thrown
  for (const char* bad : {"", "{", R"({"nodes": [{"id": 0}], "links": [{"source": 0, "target": 1}]})",
                          R"({"nodes": [{"id": 0}, {"id": 1}], "links": [{"source": 0}]})",
                          R"({"nodes": [{"id": 0}, {"id": 1}], "links": [{"source": -4, "target": 0}]})",
                          R"({"nodes": [{"id": 0}, {"id": 1}], "links": [{"source": "a", "target": 0}]})"})
    EXPECT_EQ(kind("-G.json", bad, good), ErrorKind::bad_data) << bad;
  for (const char* odd :
       {R"({"nodes": [["id", true, 3]], "links": [[1]]})", R"([[{"id": 1}]])", R"({"nodes": 3})", "7"})
    EXPECT_EQ(kind("-G.json", odd, good), ErrorKind::internal) << odd;  // a graph without links
  const std::string ids = R"({"0": 0, "1": 1})";
  for (const char* bad :
       {"[]", R"({"0": 0, "1": 0})", R"({"0": 0, "1": 2})", R"({"0": 0, "1": "1"})", R"({"0": -1})"})
    EXPECT_EQ(kind("-id_map.json", bad, ids), ErrorKind::bad_data) << bad;
  for (const char* bad : {"3", R"({"0": 0, "1": [1]})", R"({"0": 0, "1": -1})", R"({"0": 0, "1": 1e9})",
                          R"({"0": [1], "1": [1, 0]})"})
    EXPECT_EQ(kind("-class_map.json", bad, ids), ErrorKind::bad_data) << bad;
}

TEST_F(Readers, Tu) {
  write_tu();
  const GraphData data = read_tu(root_ / "T", "T");
  EXPECT_EQ(data.graph_offsets, (std::vector<std::int64_t>{0, 2, 5}));
  EXPECT_EQ(row_of(data, 4), (Ids{2}));
  EXPECT_EQ(data.graph_labels, (Ids{1, 0}));
  EXPECT_EQ(data.node_tags, (Ids{1, 0, 0, 2, 1}));
  EXPECT_EQ(data.features.columns, 2);
  EXPECT_EQ(data.features.dense[8], -0.01F);
  EXPECT_EQ(data.features.dense[9], 4.0F);
  EXPECT_EQ(tu_refusal("A", "1, 2\n1, 6\n").message(), "node 6 is not in 1 .. 5");
  EXPECT_NE(tu_refusal("A", "1, 2\n1, 0\n").place().find("T_A.txt: line 2"), std::string::npos);
  EXPECT_NE(tu_refusal("A", "2, 3\n").message().find("edge into another graph"), std::string::npos);
  EXPECT_EQ(tu_refusal("A", "1\n").message(), "expected a node, got ''");
  EXPECT_EQ(tu_refusal("graph_indicator", "1\n3\n").message(), "graph 3 follows graph 1");
  EXPECT_EQ(tu_refusal("graph_labels", "1\n").message(), "1 labels for 2 graphs");
  EXPECT_EQ(tu_refusal("node_labels", "1\n").message(), "1 node tags, expected 5");
  EXPECT_EQ(tu_refusal("node_attributes", "1, 2\n").message(), "2 feature values, expected 5 by 2");
  EXPECT_EQ(tu_refusal("node_attributes", "1, nonsense\n").message(), "expected a number, got 'nonsense'");
}

TEST_F(Readers, Gin) {
  const std::string good = "2\n3 7\n4 2 1 2 0.5\n4 1 0 1.5\n9 1 0 2.5\n1 5\n9 0 3.5\n";
  write("g/g.txt", good);
  write("g/10fold_idx/train_idx-1.txt", "0\n");
  write("g/10fold_idx/test_idx-1.txt", "1\n");
  const GraphData data = read_gin(root_ / "g/g.txt");
  EXPECT_EQ(data.num_graphs(), 2);
  EXPECT_EQ(row_of(data, 0), (Ids{1, 2}));
  EXPECT_EQ(data.graph_labels, (Ids{1, 0}));
  EXPECT_EQ(data.node_tags, (Ids{0, 0, 1, 1}));
  EXPECT_EQ(data.features.dense, (std::vector<float>{0.5, 1.5, 2.5, 3.5}));
  ASSERT_EQ(data.splits.size(), 1u);
  EXPECT_EQ(data.splits[0].test, (Ids{1}));
  for (std::size_t size = 0; size + 4 < good.size(); ++size) {
    write("g/g.txt", good.substr(0, size));
    EXPECT_EQ(error_of([&] { read_gin(root_ / "g/g.txt"); }).kind(), ErrorKind::bad_data) << size;
  }
  write("g/g.txt", "1\n2 0\n0 1 2\n0 0\n");
  EXPECT_EQ(error_of([&] { read_gin(root_ / "g/g.txt"); }).message(), "node 2 is not in 0 .. 1");
  write("g/g.txt", "1\n9000000000 0\n");
  EXPECT_EQ(error_of([&] { read_gin(root_ / "g/g.txt"); }).kind(), ErrorKind::bad_data);
}

TEST_F(Readers, Musae) {
  write("page_edges.csv", "id_1,id_2\n0,1\n2,1\n1,1\n");
  write("page_target.csv", "id,facebook_id,page_name,page_type\n0,7,\"A, B\",tv\n1,8,C,company\n2,9,D,tv\n");
  write("page.json", R"({"0": [3, 1], "2": [0]})");
  const GraphData data = read_musae(root_, "page");
  EXPECT_EQ(row_of(data, 1), (Ids{0, 2}));
  EXPECT_EQ(data.labels, (Ids{1, 0, 1}));
  EXPECT_EQ(data.features.columns, 4);
  EXPECT_EQ(data.features.sparse.col, (Ids{1, 3, 0}));
  const auto kind = [&](const char* json) {
    write("page.json", json);
    return error_of([&] { read_musae(root_, "page"); }).kind();
  };
  for (const char* bad : {"", "[]", R"({"3": []})", R"({"a": []})", R"({"0": 1})", R"({"0": [-1]})",
                          R"({"0": [3000000000]})", R"({"0": [1.5]})"})
    EXPECT_EQ(kind(bad), ErrorKind::bad_data) << bad;
}

TEST_F(Readers, EdgeLists) {
  const GraphData data = read_edge_list(write("a.txt", "# comment\n0 3\r\n3\t1\n\n1,0\n0 0"));
  EXPECT_EQ(data.graph.num_nodes(), 4);
  EXPECT_EQ(data.graph.num_edges(), 6);
  const GraphData weighted = read_edge_list(write("b.csv", "from,to,weight\n0,1,0.5\n1,2,2\n"), {}, 5);
  EXPECT_EQ(weighted.graph.num_nodes(), 5);
  EXPECT_EQ(weighted.graph.weight_of(0), 0.5F);
  const auto text = [&](const std::string& bytes, std::int64_t nodes = -1) {
    const Error error = error_of([&] { read_edge_list(write("c.txt", bytes), {}, nodes); });
    return error.place().substr(error.place().find("c.txt")) + ": " + error.message();
  };
  EXPECT_EQ(text("0 1\n0 5\n", 5), "c.txt: line 2: node 5 is not in 0 .. 4");
  EXPECT_EQ(text("0 1\n0 -5\n"), "c.txt: line 2: node -5 is not in 0 .. 2147483645");
  EXPECT_EQ(text("0 1\n0 99999999999\n"), "c.txt: line 2: node 99999999999 is not in 0 .. 2147483645");
  EXPECT_EQ(text("0 1\n0 one\n"), "c.txt: line 2: expected a node, got 'one'");
  EXPECT_EQ(text("0 1\n0 1 2\n"), "c.txt: line 2: some edges have a weight and some have none");
  EXPECT_EQ(text("0 1 2 3\n"), "c.txt: line 1: ' 3' follows the edge");
  EXPECT_EQ(error_of([&] { read_edge_list(root_ / "absent"); }).kind(), ErrorKind::io);
  EXPECT_EQ(error_of([&] { read_edge_list(root_); }).kind(), ErrorKind::io);
}

TEST_F(Readers, DamagedGzipIsAnError) {
  const auto path = write_gz("d.txt.gz", "0 1\n1 2\n2 3\n3 4\n");
  std::string bytes;
  {
    std::ifstream file(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  write("d.txt.gz", bytes.substr(0, bytes.size() - 6));
  EXPECT_EQ(error_of([&] { read_edge_list(path); }).kind(), ErrorKind::bad_data);
  bytes[bytes.size() - 7] ^= 0x55;  // the checksum
  write("d.txt.gz", bytes);
  EXPECT_EQ(error_of([&] { read_edge_list(path); }).kind(), ErrorKind::bad_data);
}

}  // namespace
}  // namespace tern::formats
