#include "compress/quantize/extreme/pq.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/error.hpp"
#include "compress/quantize/extreme/cluster_vectors.hpp"
#include "compress/quantize/extreme/codebook_lookup.hpp"
#include "compress/quantize/extreme/named_quantizer.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

constexpr const char* place = "quantizer 'pq'";

std::int64_t run_length(const QuantizerOptions& options, const at::Tensor& weight) {
  const auto found = options.extra.find("d");
  const std::string text = found == options.extra.end() ? "4" : found->second;
  char* end = nullptr;
  const long asked = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || asked < 1) fail(ErrorKind::usage, place, "expected d >= 1, got '{}'", text);
  const std::int64_t row = weight.numel() / weight.size(0);
  std::int64_t length = std::min<std::int64_t>(asked, row);
  while (row % length != 0) --length;
  return length;
}

class Pq : public NamedQuantizer {
 public:
  Pq(const QuantizerOptions& options, const at::Tensor& weight) : NamedQuantizer("pq", options) {
    if (weight.eq(0).any().item<bool>())
      fail(ErrorKind::usage, place, "shared vectors cannot keep pruned weights at zero; use kmeans for pruned layers");
    const VectorClusters clusters =
        cluster_vectors(weight.reshape({-1, run_length(options, weight)}), std::int64_t{1} << options.bits);
    codebook_ = clusters.centroids.set_requires_grad(true);
    codes_ = clusters.codes;
  }

  at::Tensor quantize(const at::Tensor& weight) override {
    check_size(weight);
    return codebook_lookup(codebook_, codes_, false).reshape(weight.sizes());
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    check_size(weight);
    return {codes_, at::ones({}), codebook_.detach()};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"codebook", codebook_}, {"codes", codes_}}; }

 private:
  void check_size(const at::Tensor& weight) const {
    if (weight.numel() != codes_.numel() * codebook_.size(1))
      fail(ErrorKind::usage, place, "made for {} weights, got {}", codes_.numel() * codebook_.size(1), weight.numel());
  }

  at::Tensor codebook_, codes_;
};

}  // namespace

MethodInfo pq_info() {
  return {"pq", "runs of weights share trained vectors", "Stock et al. 2020, And the Bit Goes Down",
          {bits_parameter(1, 8), {"d", "int", "4", ">= 1", "weights a vector (pq)"}}};
}

std::shared_ptr<learn::WeightQuantizer> make_pq(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Pq>(options, weight);
}

}  // namespace tern::compress
