#include "learn/autograd/attention_function.hpp"

#include <algorithm>
#include <limits>

#include "base/error.hpp"
#include "base/threads.hpp"
#include "kernels/graph/sddmm.hpp"
#include "kernels/graph/spmm.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::int64_t least_rows = 512;  // of a thread

struct Edges : torch::CustomClassHolder {
  explicit Edges(std::shared_ptr<const GraphStructure> owner) : structure(std::move(owner)) {}
  std::shared_ptr<const GraphStructure> structure;
};

const Edges& edges_of(const c10::intrusive_ptr<c10::intrusive_ptr_target>& capsule) {
  return static_cast<const Edges&>(*capsule);
}

/// body(row, its first entry, one past its last) for every row, each on one thread.
template <typename Body>
void for_each_row(const graph::Graph& graph, const Body& body) {
  const std::int64_t* rowptr = graph.rowptr().data();
  parallel_for(graph.num_nodes(), least_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) body(row, rowptr[row], rowptr[row + 1]);
  });
}

/// Scores less the largest of their row, in the place of `scores` [edges].
void centred_scores(const graph::Graph& graph, const float* target, const float* source, float slope,
                    float* scores) {
  const std::int32_t* col = graph.col().data();
  for_each_row(graph, [=](std::int64_t row, std::int64_t begin, std::int64_t end) {
    float largest = -std::numeric_limits<float>::infinity();
    for (std::int64_t e = begin; e < end; ++e) {
      const float sum = target[row] + source[col[e]];
      scores[e] = sum > 0 ? sum : slope * sum;
      largest = std::max(largest, scores[e]);
    }
    for (std::int64_t e = begin; e < end; ++e) scores[e] -= largest;
  });
}

void divide_by_row_sums(const graph::Graph& graph, float* values) {
  for_each_row(graph, [=](std::int64_t, std::int64_t begin, std::int64_t end) {
    float sum = 0;
    for (std::int64_t e = begin; e < end; ++e) sum += values[e];
    for (std::int64_t e = begin; e < end; ++e) values[e] /= sum;
  });
}

/// Gradients of the sums target + source of edges, and what they add up to in each row.
void score_gradients(const graph::Graph& graph, const float* target, const float* source, float slope,
                     const float* softmax, const float* grad, float* grad_scores, float* grad_target) {
  const std::int32_t* col = graph.col().data();
  for_each_row(graph, [=](std::int64_t row, std::int64_t begin, std::int64_t end) {
    float mean = 0, sum = 0;
    for (std::int64_t e = begin; e < end; ++e) mean += softmax[e] * grad[e];
    for (std::int64_t e = begin; e < end; ++e) {
      const float through = softmax[e] * (grad[e] - mean);
      grad_scores[e] = target[row] + source[col[e]] > 0 ? through : slope * through;
      sum += grad_scores[e];
    }
    grad_target[row] = sum;
  });
}

void column_sums(const graph::Transposed& back, const float* values, float* sums) {
  const std::int64_t* edge = back.edge.data();
  for_each_row(back.graph, [=](std::int64_t row, std::int64_t begin, std::int64_t end) {
    float sum = 0;
    for (std::int64_t e = begin; e < end; ++e) sum += values[edge[e]];
    sums[row] = sum;
  });
}

struct EdgeSoftmax : torch::autograd::Function<EdgeSoftmax> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& target_scores,
                            const at::Tensor& source_scores, const c10::intrusive_ptr<Edges>& edges,
                            double slope) {
    const graph::Graph& graph = edges->structure->graph();
    const at::Tensor target = target_scores.contiguous(), source = source_scores.contiguous();
    at::Tensor softmax = at::empty({target.size(0), graph.num_edges()});
    for (std::int64_t head = 0; head < target.size(0); ++head) {
      float* values = softmax.data_ptr<float>() + head * graph.num_edges();
      const std::int64_t at = head * graph.num_nodes();
      centred_scores(graph, target.data_ptr<float>() + at, source.data_ptr<float>() + at,
                     static_cast<float>(slope), values);
      at::from_blob(values, {graph.num_edges()}).exp_();
      divide_by_row_sums(graph, values);
    }
    ctx->saved_data["edges"] = c10::IValue::make_capsule(edges);
    ctx->saved_data["slope"] = slope;
    ctx->save_for_backward({target, source, softmax});
    return softmax;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["edges"].toCapsule();
    const GraphStructure& structure = *edges_of(capsule).structure;
    const graph::Graph& graph = structure.graph();
    const auto slope = static_cast<float>(ctx->saved_data["slope"].toDouble());
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &target = saved[0], &source = saved[1], &softmax = saved[2],
                     grad = grads[0].contiguous();
    at::Tensor grad_target = at::empty_like(target), grad_source = at::empty_like(source);
    const at::Tensor grad_scores = at::empty({graph.num_edges()});
    for (std::int64_t head = 0; head < target.size(0); ++head) {
      const std::int64_t node = head * graph.num_nodes(), edge = head * graph.num_edges();
      score_gradients(graph, target.data_ptr<float>() + node, source.data_ptr<float>() + node, slope,
                      softmax.data_ptr<float>() + edge, grad.data_ptr<float>() + edge,
                      grad_scores.data_ptr<float>(), grad_target.data_ptr<float>() + node);
      column_sums(structure.transposed(), grad_scores.data_ptr<float>(),
                  grad_source.data_ptr<float>() + node);
    }
    return {grad_target, grad_source, at::Tensor(), at::Tensor()};
  }
};

kernels::Csr csr_of(const graph::Graph& graph, const float* value) {
  return {graph.num_nodes(), graph.num_nodes(), graph.rowptr().data(), graph.col().data(), value};
}

struct WeightedSums : torch::autograd::Function<WeightedSums> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& coefficient, const at::Tensor& x,
                            const c10::intrusive_ptr<Edges>& edges) {
    const graph::Graph& graph = edges->structure->graph();
    const at::Tensor value = coefficient.contiguous(), src = x.contiguous();
    at::Tensor dst = at::empty_like(src);
    const std::int64_t block = src.size(1) * src.size(2);
    for (std::int64_t head = 0; head < src.size(0); ++head)
      kernels::spmm(csr_of(graph, value.data_ptr<float>() + head * graph.num_edges()), src.size(2),
                    src.data_ptr<float>() + head * block, dst.data_ptr<float>() + head * block);
    ctx->saved_data["edges"] = c10::IValue::make_capsule(edges);
    ctx->save_for_backward({value, src});
    return dst;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto capsule = ctx->saved_data["edges"].toCapsule();
    const GraphStructure& structure = *edges_of(capsule).structure;
    const graph::Graph& graph = structure.graph();
    const auto saved = ctx->get_saved_variables();
    const at::Tensor &value = saved[0], &src = saved[1], grad = grads[0].contiguous();
    at::Tensor grad_value = at::empty_like(value), grad_x = at::empty_like(src);
    kernels::SpmmTerms terms;
    terms.entry = structure.transposed().edge.data();
    const std::int64_t block = src.size(1) * src.size(2);
    for (std::int64_t head = 0; head < src.size(0); ++head) {
      const std::int64_t edge = head * graph.num_edges(), at = head * block;
      kernels::spmm(csr_of(structure.transposed().graph, value.data_ptr<float>() + edge), src.size(2),
                    grad.data_ptr<float>() + at, grad_x.data_ptr<float>() + at, terms);
      kernels::sddmm(csr_of(graph, nullptr), src.size(2), grad.data_ptr<float>() + at,
                     src.data_ptr<float>() + at, grad_value.data_ptr<float>() + edge);
    }
    return {grad_value, grad_x, at::Tensor()};
  }
};

}  // namespace

at::Tensor edge_softmax(const std::shared_ptr<const GraphStructure>& structure, const at::Tensor& target,
                        const at::Tensor& source, double negative_slope) {
  if (target.dim() != 2 || target.size(1) != structure->num_nodes() || source.sizes() != target.sizes())
    fail(ErrorKind::usage, "edge_softmax", "expected scores [heads, {}], got [{}] and [{}]",
         structure->num_nodes(), fmt::join(target.sizes(), ", "), fmt::join(source.sizes(), ", "));
  return EdgeSoftmax::apply(target, source, c10::make_intrusive<Edges>(structure), negative_slope);
}

at::Tensor weighted_sums(const std::shared_ptr<const GraphStructure>& structure,
                         const at::Tensor& coefficient, const at::Tensor& x) {
  const graph::Graph& graph = structure->graph();
  if (x.dim() != 3 || x.size(1) != graph.num_nodes() ||
      coefficient.sizes() != at::IntArrayRef({x.size(0), graph.num_edges()}))
    fail(ErrorKind::usage, "weighted_sums",
         "expected [heads, {}] and [heads, {}, features], got [{}] and [{}]", graph.num_edges(),
         graph.num_nodes(), fmt::join(coefficient.sizes(), ", "), fmt::join(x.sizes(), ", "));
  return WeightedSums::apply(coefficient, x, c10::make_intrusive<Edges>(structure));
}

}  // namespace tern::learn
