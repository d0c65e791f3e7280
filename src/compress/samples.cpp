#include "compress/samples.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

at::Tensor run(learn::Model& model, const SampleBatch& batch, learn::ForwardOptions options) {
  options.graph = batch.graph;
  const at::Tensor scores = learn::forward(model, batch.frames, batch.num_steps, options);
  return batch.rows.defined() ? scores.index_select(0, batch.rows) : scores;
}

}  // namespace tern::compress
