#include "compress/input_values.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

at::Tensor input_values(const SampleBatch& batch) {
  if (!batch.graph || !batch.graph->features) return batch.frames;
  const std::vector<float>& values = batch.graph->features->matrix->value;
  return values.empty() ? at::ones({1}) : at::tensor(values);
}

}  // namespace tern::compress
