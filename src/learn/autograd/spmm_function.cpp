#include "learn/autograd/spmm_function.hpp"

#include "base/error.hpp"
#include "kernels/graph/sddmm.hpp"
#include "kernels/graph/spmm.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

const float* pointer(const std::vector<float>& values) {
  return values.empty() ? nullptr : values.data();
}

/// `value` undefined: the graph's own weights.
kernels::Csr csr_of(const graph::Graph& graph, const at::Tensor& value) {
  const float* own = graph.is_weighted() ? graph.weight().data() : nullptr;
  return {graph.num_nodes(), graph.num_nodes(), graph.rowptr().data(), graph.col().data(),
          value.defined() ? value.data_ptr<float>() : own};
}

/// Weights times factors.
at::Tensor edge_values(const graph::Graph& graph, const at::Tensor& factor) {
  at::Tensor value = factor.detach().to(at::kFloat).clone(at::MemoryFormat::Contiguous);
  if (!graph.is_weighted()) return value;
  auto* weight = const_cast<float*>(graph.weight().data());
  return value.mul_(at::from_blob(weight, {graph.num_edges()}));
}

/// What backward needs of a product with a fixed graph.
struct Product : torch::CustomClassHolder {
  std::shared_ptr<const GraphStructure> structure;
  const graph::Scales* scales = nullptr;  // owned by structure
};

at::Tensor multiply(const kernels::Csr& matrix, const kernels::SpmmTerms& terms, const at::Tensor& x) {
  at::Tensor dst = at::empty({matrix.rows, x.size(1)});
  kernels::spmm(matrix, x.size(1), x.data_ptr<float>(), dst.data_ptr<float>(), terms);
  return dst;
}

at::Tensor scaled_rows(const at::Tensor& x, const std::vector<float>& scale) {
  if (scale.empty()) return x;
  return x * at::from_blob(const_cast<float*>(scale.data()), {x.size(0), 1});
}

/// factor: none where every edge counts as it is.
struct PropagateFunction : torch::autograd::Function<PropagateFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x,
                            const c10::optional<at::Tensor>& factor,
                            const c10::intrusive_ptr<Product>& product) {
    const graph::Graph& graph = product->structure->graph();
    const graph::Scales& s = *product->scales;
    const at::Tensor src = x.contiguous();
    const at::Tensor value = factor ? edge_values(graph, *factor) : at::Tensor();
    ctx->saved_data["product"] = c10::IValue::make_capsule(product);
    ctx->save_for_backward({value, factor && factor->requires_grad() ? src : at::Tensor()});
    return multiply(csr_of(graph, value), {pointer(s.row), pointer(s.column), pointer(s.self)}, src);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["product"].toCapsule();
    const auto* product = static_cast<const Product*>(capsule.get());
    const graph::Graph& graph = product->structure->graph();
    const graph::Scales& s = *product->scales;
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &value = saved[0], &src = saved[1], grad = grads[0].contiguous();
    at::Tensor grad_x, grad_factor;
    if (ctx->needs_input_grad(0)) {
      const graph::Transposed& back = product->structure->transposed();
      kernels::SpmmTerms terms{pointer(s.column), pointer(s.row), pointer(s.self)};
      if (value.defined()) terms.entry = back.edge.data();  // reads the values in the original's order
      grad_x = multiply(csr_of(back.graph, value), terms, grad);
    }
    if (src.defined()) {
      // Of edge (u, v): row[u] column[v] weight <grad_u, x_v>.
      grad_factor = at::empty({graph.num_edges()});
      const at::Tensor left = scaled_rows(grad, s.row), right = scaled_rows(src, s.column);
      kernels::sddmm(csr_of(graph, {}), left.size(1), left.data_ptr<float>(), right.data_ptr<float>(),
                     grad_factor.data_ptr<float>());
    }
    return {grad_x, grad_factor, at::Tensor()};
  }
};

struct SparseOperand : torch::CustomClassHolder {
  SparseRows rows;
};

struct SparseLinearFunction : torch::autograd::Function<SparseLinearFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& weight,
                            const c10::intrusive_ptr<SparseOperand>& operand) {
    const graph::SparseMatrix& m = *operand->rows.matrix;
    ctx->saved_data["operand"] = c10::IValue::make_capsule(operand);
    const at::Tensor src = weight.t().contiguous();
    at::Tensor dst = at::empty({m.rows, weight.size(0)});
    kernels::SpmmTerms terms;
    if (operand->rows.keep.defined()) terms.keep = operand->rows.keep.data_ptr<std::uint8_t>();
    kernels::spmm({m.rows, m.columns, m.rowptr.data(), m.col.data(), pointer(m.value)}, src.size(1),
                  src.data_ptr<float>(), dst.data_ptr<float>(), terms);
    return operand->rows.factor == 1 ? dst : dst.mul_(operand->rows.factor);
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["operand"].toCapsule();
    const auto* operand = static_cast<const SparseOperand*>(capsule.get());
    const graph::TransposedMatrix& back = *operand->rows.transposed;
    const graph::SparseMatrix& m = back.matrix;
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor dst = at::empty({m.rows, grad.size(1)});
    kernels::SpmmTerms terms;
    if (operand->rows.keep.defined()) {
      terms.keep = operand->rows.keep.data_ptr<std::uint8_t>();
      terms.entry = back.entry.data();
    }
    // value and keep are read through `entry`: the original's.
    const std::vector<float>& values = terms.entry ? operand->rows.matrix->value : m.value;
    kernels::spmm({m.rows, m.columns, m.rowptr.data(), m.col.data(), pointer(values)}, grad.size(1),
                  grad.data_ptr<float>(), dst.data_ptr<float>(), terms);
    if (operand->rows.factor != 1) dst.mul_(operand->rows.factor);
    return {dst.t().contiguous(), at::Tensor()};
  }
};

}  // namespace

at::Tensor propagate(const GraphValue& graph, graph::Normalisation normalisation, double lambda,
                     const at::Tensor& x) {
  if (x.dim() != 2 || x.size(0) != graph.sparse->num_nodes())
    fail(ErrorKind::usage, "propagate", "expected one row a node ({}), got [{}]", graph.sparse->num_nodes(),
         fmt::join(x.sizes(), ", "));
  const bool has_factor = graph.edge_factor.defined();
  if (has_factor && graph.edge_factor.sizes() != at::IntArrayRef{graph.sparse->graph().num_edges()})
    fail(ErrorKind::usage, "propagate", "expected one factor an edge ({}), got [{}]",
         graph.sparse->graph().num_edges(), fmt::join(graph.edge_factor.sizes(), ", "));
  auto product = c10::make_intrusive<Product>();
  product->structure = graph.sparse;
  product->scales = &graph.sparse->scales(normalisation, lambda);
  return PropagateFunction::apply(x, has_factor ? c10::optional<at::Tensor>(graph.edge_factor) : c10::nullopt,
                                  product);
}

at::Tensor propagate_dense(const at::Tensor& adjacency, graph::Normalisation normalisation, double lambda,
                           const at::Tensor& x) {
  using graph::Normalisation;
  const std::int64_t graphs = adjacency.size(0), clusters = adjacency.size(1);
  if (x.dim() != 2 || x.size(0) != graphs * clusters)
    fail(ErrorKind::usage, "propagate", "expected one row a cluster ({}), got [{}]", graphs * clusters,
         fmt::join(x.sizes(), ", "));
  const at::Tensor rows = x.view({graphs, clusters, x.size(1)});
  const auto degrees = [&] { return adjacency.sum(2, true); };  // [graphs, clusters, 1]
  const auto root = [](const at::Tensor& d) {
    return at::where(d > 0, d.clamp_min(1e-12).rsqrt(), at::zeros_like(d));
  };
  at::Tensor dst;
  switch (normalisation) {
    case Normalisation::sum:
      dst = at::bmm(adjacency, rows);
      break;
    case Normalisation::symmetric: {
      const at::Tensor r = root(degrees());
      dst = r * at::bmm(adjacency, r * rows);
      break;
    }
    case Normalisation::gcn:
    case Normalisation::gcn_identity: {
      const at::Tensor r = root(degrees() + 1), near = r * rows;
      dst = r * (at::bmm(adjacency, near) + near);
      if (normalisation == Normalisation::gcn_identity) dst = dst + rows;
      break;
    }
    case Normalisation::row:
      dst = at::bmm(adjacency, rows) / degrees().clamp_min(1.0);
      break;
    case Normalisation::row_self:
      dst = (at::bmm(adjacency, rows) + rows) / (degrees() + 1);
      break;
    case Normalisation::diagonal: {
      const at::Tensor own = adjacency.diagonal(0, 1, 2).unsqueeze(2);
      dst = (at::bmm(adjacency, rows) + rows * (1 + lambda * (1 + own))) / (degrees() + 1);
      break;
    }
    case Normalisation::lgcn:
      dst = (at::bmm(adjacency, rows) + rows) / (adjacency.sum(1).unsqueeze(2) + 1) + rows;
      break;
  }
  return dst.reshape(x.sizes());
}

at::Tensor sparse_linear(const SparseRows& x, const at::Tensor& weight) {
  if (weight.dim() != 2 || weight.size(1) != x.matrix->columns)
    fail(ErrorKind::usage, "sparse_linear", "expected a weight [out, {}], got [{}]", x.matrix->columns,
         fmt::join(weight.sizes(), ", "));
  auto operand = c10::make_intrusive<SparseOperand>();
  operand->rows = x;
  return SparseLinearFunction::apply(weight, operand);
}

}  // namespace tern::learn
