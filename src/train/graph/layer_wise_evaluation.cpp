#include "train/graph/layer_wise_evaluation.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/graph/spmm.hpp"
#include "learn/ops/meaning.hpp"
#include "learn/torch.hpp"

namespace tern::train {
namespace {

using Index = std::size_t;

const char* const row_operations[] = {"linear",  "batch_norm",   "layer_norm", "relu",       "relu6",
                                      "sigmoid", "hard_sigmoid", "silu",       "hard_swish", "leaky_relu",
                                      "elu",     "gelu",         "tanh",       "add",        "multiply",   "concat",
                                      "dropout", "softmax",      "quantize"};

bool is_row_operation(const std::string& op) {
  return std::find(std::begin(row_operations), std::end(row_operations), op) != std::end(row_operations);
}

/// dst [last - first, f] = rows first .. last-1 of M src.
void propagate_block(const graph::Graph& graph, const graph::Scales& scales, std::int64_t f, const float* src,
                     std::int64_t first, std::int64_t last, float* dst) {
  const auto from = graph.rowptr().subspan(static_cast<Index>(first), static_cast<Index>(last - first) + 1);
  std::vector<std::int64_t> rowptr(from.begin(), from.end());
  const std::int64_t edge = rowptr.front();
  for (std::int64_t& at : rowptr) at -= edge;
  const kernels::Csr rows{last - first, graph.num_nodes(), rowptr.data(), graph.col().data() + edge,
                          graph.is_weighted() ? graph.weight().data() + edge : nullptr};
  kernels::SpmmTerms terms;
  if (!scales.row.empty()) terms.row = scales.row.data() + first;
  if (!scales.column.empty()) terms.column = scales.column.data();
  kernels::spmm(rows, f, src, dst, terms);
  if (scales.self.empty()) return;
  // The kernel's own `self` is for square matrices, and these are some rows of one.
  const float *own = src + first * f, *self = scales.self.data() + first;
  parallel_for(last - first, 256, [=](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i)
      for (std::int64_t k = i * f; k < (i + 1) * f; ++k) dst[k] += self[i] * own[k];
  });
}

template <typename Body>
void for_blocks(std::int64_t rows, const LayerWiseOptions& options, const Body& body) {
  for (std::int64_t first = 0; first < rows; first += options.block_rows)
    body(first, std::min(rows, first + options.block_rows));
}

/// One evaluation: stages, and the matrices that lie between them.
class Walk {
 public:
  Walk(learn::Model& model, const graph::Graph& graph, const LayerInput& features,
       const LayerWiseOptions& options)
      : model_(model), net_(model.net()), graph_(graph), features_(features), options_(options) {
    if (options_.scratch.empty()) options_.scratch = std::filesystem::temp_directory_path();
    for (const auto& node : net_.nodes()) {
      int stage = 0;
      for (const auto& source : node.inputs) stage = std::max(stage, stage_.at(source));
      stage_[node.name] = stage + (node.op == "propagate");
    }
  }

  RowMatrix run() {
    const int last = stage_.at(net_.output().name);
    for (int stage = 0; stage <= last; ++stage) {
      begin(stage);
      for_blocks(graph_.num_nodes(), options_,
                 [&](std::int64_t first, std::int64_t end) { run_block(stage, first, end); });
      finish(stage);
    }
    return kept_.at(net_.output().name);
  }

 private:
  bool is_read_later(const net::Node& node, int stage) const {
    if (&node == &net_.output()) return stage_.at(node.name) >= stage;
    for (const net::Node* reader : net_.readers(node.name))
      if (stage_.at(reader->name) > stage) return true;
    return false;
  }

  std::int64_t held_bytes() const {
    std::int64_t floats = 0;
    for (const auto* matrices : {&kept_, &sums_})
      for (const auto& [name, rows] : *matrices)
        if (!rows.is_mapped() && (features_.is_sparse() || name != net_.input().name))
          floats += rows.values().numel();
    return floats * static_cast<std::int64_t>(sizeof(float));
  }

  RowMatrix make(const std::string& name, std::int64_t columns) {
    const std::int64_t bytes = graph_.num_nodes() * columns * static_cast<std::int64_t>(sizeof(float));
    const bool fits = held_bytes() + bytes <= options_.memory_bytes / 2;
    return RowMatrix::make(fits ? std::filesystem::path() : options_.scratch, "activations-" + name,
                           graph_.num_nodes(), columns);
  }

  /// All rows of a node: `kept_`, or the features, dense.
  const RowMatrix& rows_of(const std::string& name) {
    if (const auto found = kept_.find(name); found != kept_.end()) return found->second;
    if (!features_.is_sparse()) return kept_[name] = features_.dense();
    RowMatrix dense = make(name, features_.columns());
    for_blocks(graph_.num_nodes(), options_, [&](std::int64_t first, std::int64_t last) {
      dense.block(first, last).copy_(to_tensor(block(net_.node(name), first, last)));
      dense.release(first, last);
    });
    return kept_[name] = dense;
  }

  void begin(int stage) {
    for (const auto& node : net_.nodes()) {
      if (stage_.at(node.name) != stage || node.op == "graph" || node.op == "input") continue;
      if (node.op == "propagate") {
        const net::OpContext context = net_.context(node);
        scales_[node.name] = graph::scales_of(
            graph_, graph::normalisation_named(context.text("normalisation")), context.real("lambda"));
        const RowMatrix& x = rows_of(node.inputs[0]);
        if (x.is_mapped()) {
          RowMatrix sums = make(node.name + "-sums", x.columns());
          propagate_rows(graph_, scales_[node.name], x, sums, 0, options_);
          sums_[node.name] = sums;
        }
      }
      if (is_read_later(node, stage)) kept_[node.name] = make(node.name, net_.type(node.name).shape[0]);
    }
  }

  void finish(int stage) {
    sums_.clear();
    scales_.clear();
    for (const auto& node : net_.nodes())
      if (!is_read_later(node, stage)) kept_.erase(node.name);
  }

  static at::Tensor to_tensor(const learn::Value& value) {
    return value.sparse ? learn::to_dense(*value.sparse) : value.tensor;
  }

  /// Rows of a node that an earlier stage has computed, or of the features.
  learn::Value block(const net::Node& node, std::int64_t first, std::int64_t last) {
    if (node.op == "graph") return {};
    if (node.op != "input") return {.tensor = kept_.at(node.name).block(first, last)};
    RowBatch rows = features_.block(first, last);
    if (rows.dense.defined()) return {.tensor = rows.dense};
    return {.sparse = std::make_shared<const learn::SparseRows>(learn::sparse_rows(std::move(rows.sparse)))};
  }

  at::Tensor propagate(const net::Node& node, std::int64_t first, std::int64_t last) {
    const net::OpContext context = net_.context(node);
    const RowMatrix& x = rows_of(node.inputs[0]);
    at::Tensor dst;
    if (const auto found = sums_.find(node.name); found != sums_.end()) {
      dst = found->second.block(first, last);
    } else {
      dst = at::empty({last - first, x.columns()});
      propagate_block(graph_, scales_.at(node.name), x.columns(), x.data(), first, last,
                      dst.data_ptr<float>());
    }
    const double eps = context.real("eps");
    if (context.flag("train_eps"))
      dst = dst + x.block(first, last) * (model_.parameter(node.name, "eps").effective() + eps);
    else if (eps != 0)
      dst = dst + x.block(first, last) * eps;
    if (context.flag("bias")) dst = dst + model_.parameter(node.name, "bias").effective();
    return dst;
  }

  learn::Value compute(const net::Node& node, std::map<std::string, learn::Value>& values, std::int64_t first,
                       std::int64_t last) {
    if (node.op == "graph" || node.op == "input") return block(node, first, last);
    if (node.op == "propagate") return {.tensor = propagate(node, first, last)};
    const learn::ForwardOptions forward_options;
    learn::OpCall call{model_, node, {}, 1, forward_options};
    bool is_sparse = false;
    for (const auto& source : node.inputs) {
      const auto found = values.find(source);
      call.values.push_back(found != values.end() ? found->second : block(net_.node(source), first, last));
      is_sparse = is_sparse || call.values.back().sparse;
    }
    if (is_sparse)
      if (const learn::ValueMeaning meaning = learn::find_sparse_meaning(node)) return meaning(call);
    for (const auto& value : call.values) call.src.push_back(to_tensor(value));
    return {.tensor = learn::find_meaning(node)(call)};
  }

  void run_block(int stage, std::int64_t first, std::int64_t last) {
    std::map<std::string, learn::Value> values;
    for (const auto& node : net_.nodes()) {
      if (stage_.at(node.name) != stage) continue;
      values[node.name] = compute(node, values, first, last);
      if (const auto found = kept_.find(node.name); found != kept_.end() && node.op != "input")
        found->second.block(first, last).copy_(to_tensor(values[node.name]));
    }
    for (const auto& [name, rows] : kept_) rows.release(first, last);
    for (const auto& [name, rows] : sums_) rows.release(first, last);
    if (!features_.is_sparse()) features_.dense().release(first, last);
  }

  learn::Model& model_;
  const net::Net& net_;
  const graph::Graph& graph_;
  const LayerInput& features_;
  LayerWiseOptions options_;
  std::map<std::string, int> stage_;
  std::map<std::string, RowMatrix> kept_;        ///< what later stages read
  std::map<std::string, RowMatrix> sums_;        ///< of this stage's products with mapped rows
  std::map<std::string, graph::Scales> scales_;  ///< of this stage's propagate nodes
};

void check(const LayerWiseOptions& options) {
  if (options.memory_bytes < 1 << 20)
    fail(ErrorKind::usage, "layer-wise evaluation", "{} bytes of memory: expected at least 1 MiB",
         options.memory_bytes);
  if (options.block_rows < 1)
    fail(ErrorKind::usage, "layer-wise evaluation", "blocks of {} rows: expected at least 1",
         options.block_rows);
}

}  // namespace

bool is_layer_wise(const net::Net& net) {
  for (const auto& node : net.nodes()) {
    const net::TensorType& type = net.type(node.name);
    if (node.op == "graph") continue;
    if (type.has_time || type.kind != net::Kind::tensor || type.shape.size() != 1) return false;
    if (node.op != "input" && node.op != "propagate" && !is_row_operation(node.op)) return false;
  }
  return true;
}

void propagate_rows(const graph::Graph& graph, const graph::Scales& scales, const RowMatrix& x,
                    RowMatrix& dst, std::int64_t first_column, const LayerWiseOptions& options) {
  check(options);
  constexpr std::int64_t column_step = 16;  // a cache line
  const std::int64_t rows = graph.num_nodes(), columns = x.columns();
  const std::int64_t row_floats =
      options.memory_bytes / 2 / static_cast<std::int64_t>(sizeof(float)) / std::max<std::int64_t>(1, rows);
  const std::int64_t width =
      x.is_mapped() ? std::max(column_step, row_floats / column_step * column_step) : columns;
  for (std::int64_t begin = 0; begin < columns; begin += width) {
    const std::int64_t f = std::min(width, columns - begin);
    at::Tensor slice = x.values();
    if (x.is_mapped()) {
      slice = at::empty({rows, f});
      for_blocks(rows, options, [&](std::int64_t first, std::int64_t last) {
        slice.slice(0, first, last).copy_(x.block(first, last).slice(1, begin, begin + f));
        x.release(first, last);
      });
    }
    for_blocks(rows, options, [&](std::int64_t first, std::int64_t last) {
      at::Tensor block = at::empty({last - first, f});
      propagate_block(graph, scales, f, slice.data_ptr<float>(), first, last, block.data_ptr<float>());
      dst.block(first, last).slice(1, first_column + begin, first_column + begin + f).copy_(block);
      dst.release(first, last);
    });
  }
}

RowMatrix forward_layer_wise(learn::Model& model, const graph::Graph& graph, const LayerInput& features,
                             const LayerWiseOptions& options) {
  check(options);
  const net::Shape& expected = model.net().type(model.net().input().name).shape;
  if (expected != net::Shape{features.columns()} || features.rows() != graph.num_nodes())
    fail(ErrorKind::usage, "node '" + model.net().input().name + "'", "expected {} rows {}, got {} of {}",
         graph.num_nodes(), net::to_string(expected), features.rows(), features.columns());
  const c10::NoGradGuard no_grad;
  return Walk(model, graph, features, options).run();
}

}  // namespace tern::train
