// Linear layers of a graph network: on codes, in blocks of rows, and on sparse features.
#include <algorithm>

#include "base/threads.hpp"
#include "engine/graph/graph_step.hpp"
#include "engine/layers/choose.hpp"
#include "engine/plan/code_grid.hpp"
#include "kernels/epilogue.hpp"
#include "kernels/graph/spmm.hpp"

namespace tern::engine {
namespace {

/// Rows that one thread takes at a time: their codes and sums stay in its caches.
constexpr std::int64_t block_rows = 128;
constexpr std::size_t slack = 64;  ///< readable bytes around codes

class IntegerLinear final : public GraphStep {
 public:
  IntegerLinear(const BuildContext& context, const net::Node& quantize, const Options& options) {
    const pack::PackedTensor& weights = context.tensor("weight");
    grid_ = code_grid(context.model, quantize).value();
    shape_.ic = weights.shape[1];
    shape_.oc = weights.shape[0];
    shape_.out_h = block_rows;
    shape_.src_pixel = shape_.src_row = (shape_.ic + 3) / 4 * 4;
    scale_.assign(static_cast<std::size_t>(shape_.oc) + kernels::epilogue_block, 0.0F);
    for (std::size_t o = 0; o < static_cast<std::size_t>(shape_.oc); ++o)
      scale_[o] = (weights.scales.size() == 1 ? weights.scales[0] : weights.scales[o]) * grid_.scale;
    if (context.rules.flag("bias")) {
      bias_ = context.values("bias");
      bias_.resize(bias_.size() + kernels::epilogue_block, 0.0F);
    }
    std::vector<std::int8_t> codes(weights.codes.begin(), weights.codes.end());
    LayerTask task{shape_, Form::codes, block_rows, 1, grid_.offset, static_cast<std::int32_t>(grid_.high) + grid_.offset,
                   weights.bits, codes};
    task.epilogue = {.floats = true, .codes = false};
    layer_ = choose_layer(task, options);
    facts.kernel = layer_.kernel;
    facts.macs = shape_.ic * shape_.oc;
    facts.weight_bytes = layer_.layer->weight_bytes();
    for (const auto& time : layer_.times) facts.candidates.emplace_back(time.kernel, time.microseconds);
  }

  Rows run(GraphRun&, const std::vector<const Rows*>& src) const override {
    const Rows& x = *src[0];
    Rows dst(x.count, shape_.oc);
    parallel_for(x.count, block_rows, [&](std::int64_t first, std::int64_t last) {
      Scratch scratch(*this);
      for (std::int64_t row = first; row < last; row += block_rows)
        run_block(x, row, std::min(block_rows, last - row), scratch, dst);
    });
    return dst;
  }

 private:
  struct Scratch {
    explicit Scratch(const IntegerLinear& step)
        : codes(static_cast<std::size_t>(block_rows * step.shape_.src_row) + 2 * slack),
          kernel(step.layer_.layer->scratch_bytes() + 64) {}
    std::uint8_t* first_code() { return codes.data() + slack; }
    void* aligned_kernel() {
      const auto address = reinterpret_cast<std::uintptr_t>(kernel.data());
      return kernel.data() + (64 - address % 64) % 64;
    }
    std::vector<std::uint8_t> codes;
    std::vector<std::byte> kernel;
  };

  void run_block(const Rows& x, std::int64_t row, std::int64_t count, Scratch& scratch, Rows& dst) const {
    kernels::Epilogue to_codes;
    to_codes.channels = shape_.ic;
    set_grid(grid_, to_codes);
    to_codes.codes = {scratch.first_code(), shape_.src_pixel, shape_.src_pixel};
    kernels::finish(to_codes, x.data() + row * x.width, x.width, 0, 0, count, 0, shape_.ic);

    kernels::Epilogue epilogue;
    epilogue.channels = shape_.oc;
    epilogue.scale = scale_.data();
    epilogue.bias = bias_.empty() ? nullptr : bias_.data();
    epilogue.floats = {dst.data() + row * shape_.oc, shape_.oc, shape_.oc};
    layer_.layer->run(scratch.first_code(), epilogue, 0, count, scratch.aligned_kernel());
  }

  kernels::ConvShape shape_;
  CodeGrid grid_;
  std::vector<float> scale_, bias_;
  ChosenLayer layer_;
};

/// Work in proportion to the features that are not zero.
class SparseLinear final : public GraphStep {
 public:
  explicit SparseLinear(const BuildContext& context)
      : in_(context.tensor("weight").shape[1]), out_(context.tensor("weight").shape[0]),
        weight_(static_cast<std::size_t>(in_ * out_)) {
    const std::vector<float> values = context.values("weight");
    for (std::int64_t o = 0; o < out_; ++o)
      for (std::int64_t i = 0; i < in_; ++i)
        weight_[static_cast<std::size_t>(i * out_ + o)] = values[static_cast<std::size_t>(o * in_ + i)];
    if (context.rules.flag("bias")) bias_ = context.values("bias");
    facts.kernel = "sparse rows";
    facts.macs = in_ * out_;
    facts.weight_bytes = weight_.size() * sizeof(float);
  }

  Rows run(GraphRun&, const std::vector<const Rows*>& src) const override {
    const graph::SparseMatrix& x = *src[0]->sparse;
    Rows dst(x.rows, out_);
    kernels::spmm({x.rows, x.columns, x.rowptr.data(), x.col.data(), x.value.empty() ? nullptr : x.value.data()}, out_,
                  weight_.data(), dst.data());
    for (std::int64_t i = 0; i < x.rows && !bias_.empty(); ++i)
      for (std::int64_t o = 0; o < out_; ++o) dst.data()[i * out_ + o] += bias_[static_cast<std::size_t>(o)];
    return dst;
  }

 private:
  std::int64_t in_, out_;
  std::vector<float> weight_;  ///< [in, out]
  std::vector<float> bias_;
};

}  // namespace

std::unique_ptr<GraphStep> make_integer_linear_step(const BuildContext& context, const net::Node& quantize,
                                                    const Options& options) {
  return std::make_unique<IntegerLinear>(context, quantize, options);
}

std::unique_ptr<GraphStep> make_sparse_linear_step(const BuildContext& context) {
  return std::make_unique<SparseLinear>(context);
}

}  // namespace tern::engine
