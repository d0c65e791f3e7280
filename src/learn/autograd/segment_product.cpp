#include "learn/autograd/segment_product.hpp"

#include <algorithm>

#include "base/threads.hpp"
#include "learn/torch.hpp"

namespace tern::learn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct Segments : torch::CustomClassHolder {
  Offsets offsets;
};

const Segments& saved_segments(AutogradContext* ctx, c10::intrusive_ptr<torch::CustomClassHolder>& owner) {
  owner = ctx->saved_data["segments"].toCapsule();
  return static_cast<const Segments&>(*owner);
}

/// Products of fewer multiply-adds are done here: for them a BLAS call costs more than it saves.
constexpr std::int64_t few = 1 << 16;

template <typename Body>
void for_each_graph(const std::vector<std::int64_t>& offsets, const Body& body) {
  const auto graphs = static_cast<std::int64_t>(offsets.size()) - 1;
  const auto range = [&](std::int64_t first, std::int64_t last) {
    const c10::NoGradGuard no_grad;  // of this thread
    for (std::int64_t k = first; k < last; ++k)
      body(k, offsets[static_cast<std::size_t>(k)], offsets[static_cast<std::size_t>(k) + 1]);
  };
  if (graphs == 1) return range(0, 1);  // BLAS may use all threads
  parallel_for(graphs, 8, range);
}

at::Tensor gram(const at::Tensor& x, const at::Tensor& y, const std::vector<std::int64_t>& offsets) {
  const std::int64_t a = x.size(1), b = y.size(1);
  at::Tensor dst = at::zeros({static_cast<std::int64_t>(offsets.size()) - 1, a, b});
  for_each_graph(offsets, [&](std::int64_t k, std::int64_t first, std::int64_t last) {
    if ((last - first) * a * b >= few) {
      at::Tensor own = dst.select(0, k);
      at::mm_out(own, x.slice(0, first, last).t(), y.slice(0, first, last));
      return;
    }
    float* sums = dst.data_ptr<float>() + k * a * b;
    for (std::int64_t row = first; row < last; ++row) {
      const float *left = x.data_ptr<float>() + row * a, *right = y.data_ptr<float>() + row * b;
      for (std::int64_t i = 0; i < a; ++i)
        for (std::int64_t j = 0; j < b; ++j) sums[i * b + j] += left[i] * right[j];
    }
  });
  return dst;
}

at::Tensor matmul(const at::Tensor& x, const at::Tensor& w, const std::vector<std::int64_t>& offsets) {
  const std::int64_t a = w.size(1), b = w.size(2);
  at::Tensor dst = at::zeros({x.size(0), b});
  for_each_graph(offsets, [&](std::int64_t k, std::int64_t first, std::int64_t last) {
    if ((last - first) * a * b >= few) {
      at::Tensor own = dst.slice(0, first, last);
      at::mm_out(own, x.slice(0, first, last), w.select(0, k));
      return;
    }
    const float* weight = w.data_ptr<float>() + k * a * b;
    for (std::int64_t row = first; row < last; ++row) {
      const float* left = x.data_ptr<float>() + row * a;
      float* sums = dst.data_ptr<float>() + row * b;
      for (std::int64_t i = 0; i < a; ++i)
        for (std::int64_t j = 0; j < b; ++j) sums[j] += left[i] * weight[i * b + j];
    }
  });
  return dst;
}

struct GramFunction : torch::autograd::Function<GramFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& y,
                            const c10::intrusive_ptr<Segments>& segments) {
    ctx->saved_data["segments"] = c10::IValue::make_capsule(segments);
    ctx->save_for_backward({x, y});
    return gram(x.contiguous(), y.contiguous(), *segments->offsets);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    c10::intrusive_ptr<torch::CustomClassHolder> owner;
    const Segments& segments = saved_segments(ctx, owner);
    const auto saved = ctx->get_saved_variables();
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_x, grad_y;
    if (ctx->needs_input_grad(0))
      grad_x = matmul(saved[1].contiguous(), grad.transpose(1, 2).contiguous(), *segments.offsets);
    if (ctx->needs_input_grad(1)) grad_y = matmul(saved[0].contiguous(), grad, *segments.offsets);
    return {grad_x, grad_y, at::Tensor()};
  }
};

struct MatmulFunction : torch::autograd::Function<MatmulFunction> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& w,
                            const c10::intrusive_ptr<Segments>& segments) {
    ctx->saved_data["segments"] = c10::IValue::make_capsule(segments);
    ctx->save_for_backward({x, w});
    return matmul(x.contiguous(), w.contiguous(), *segments->offsets);
  }
  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    c10::intrusive_ptr<torch::CustomClassHolder> owner;
    const Segments& segments = saved_segments(ctx, owner);
    const auto saved = ctx->get_saved_variables();
    const at::Tensor grad = grads[0].contiguous();
    at::Tensor grad_x, grad_w;
    if (ctx->needs_input_grad(0))
      grad_x = matmul(grad, saved[1].transpose(1, 2).contiguous(), *segments.offsets);
    if (ctx->needs_input_grad(1)) grad_w = gram(saved[0].contiguous(), grad, *segments.offsets);
    return {grad_x, grad_w, at::Tensor()};
  }
};

c10::intrusive_ptr<Segments> segments_of(const Offsets& offsets) {
  auto segments = c10::make_intrusive<Segments>();
  segments->offsets = offsets;
  return segments;
}

/// [n] the graph of each row.
at::Tensor graph_index(const std::vector<std::int64_t>& offsets) {
  at::Tensor index = at::empty({offsets.back()}, at::kLong);
  auto* values = index.data_ptr<std::int64_t>();
  for (std::size_t k = 0; k + 1 < offsets.size(); ++k)
    std::fill(values + offsets[k], values + offsets[k + 1], static_cast<std::int64_t>(k));
  return index;
}

}  // namespace

Offsets offsets_of(const GraphValue& graph) {
  if (!graph.is_dense()) return {graph.sparse, &graph.sparse->offsets()};
  auto offsets = std::make_shared<std::vector<std::int64_t>>();
  for (std::int64_t k = 0; k <= graph.dense.size(0); ++k) offsets->push_back(k * graph.dense.size(1));
  return offsets;
}

at::Tensor segment_gram(const at::Tensor& x, const at::Tensor& y, const Offsets& offsets) {
  return GramFunction::apply(x, y, segments_of(offsets));
}

at::Tensor segment_matmul(const at::Tensor& x, const at::Tensor& w, const Offsets& offsets) {
  return MatmulFunction::apply(x, w, segments_of(offsets));
}

at::Tensor segment_sum(const at::Tensor& values, const Offsets& offsets) {
  if (offsets->size() == 2) return values.sum().view({1});
  return at::zeros({static_cast<std::int64_t>(offsets->size()) - 1})
      .index_add(0, graph_index(*offsets), values);
}

at::Tensor segment_expand(const at::Tensor& values, const Offsets& offsets) {
  if (offsets->size() == 2) return values.expand({offsets->back()});
  return values.index_select(0, graph_index(*offsets));
}

}  // namespace tern::learn
