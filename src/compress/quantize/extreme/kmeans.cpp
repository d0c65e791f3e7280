#include "compress/quantize/extreme/kmeans.hpp"

#include "base/error.hpp"
#include "compress/quantize/extreme/cluster_values.hpp"
#include "compress/quantize/extreme/codebook_lookup.hpp"
#include "compress/quantize/extreme/named_quantizer.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

class Kmeans : public NamedQuantizer {
 public:
  Kmeans(const QuantizerOptions& options, const at::Tensor& weight) : NamedQuantizer("kmeans", options) {
    if (!keeps_zero() && weight.eq(0).any().item<bool>())
      fail(ErrorKind::usage, "quantizer 'kmeans'", "1 bit leaves no centroid for weights that are zero; give w=2");
    codebook_ = cluster_values(weight, 1 << bits(), keeps_zero()).centroids;
    codes_ = nearest_centroid(weight, codebook_);
    codebook_.set_requires_grad(true);
  }

  at::Tensor quantize(const at::Tensor& weight) override {
    return codebook_lookup(codebook_, codes_of(weight), keeps_zero());
  }

  learn::QuantizedWeight integers(const at::Tensor& weight) const override {
    const c10::NoGradGuard no_grad;
    return {codes_of(weight), at::ones({}), codebook_.detach()};
  }

  std::map<std::string, at::Tensor> tensors() override { return {{"codebook", codebook_}, {"codes", codes_}}; }

 private:
  bool keeps_zero() const { return bits() > 1; }

  at::Tensor codes_of(const at::Tensor& weight) const {
    const c10::NoGradGuard no_grad;
    if (weight.sizes() != codes_.sizes())
      fail(ErrorKind::usage, "quantizer 'kmeans'", "made for a weight of {} elements, got {}", codes_.numel(), weight.numel());
    if (!keeps_zero()) return codes_;
    return at::where(weight.eq(0), codebook_.abs().argmin().to(at::kFloat), codes_);
  }

  at::Tensor codebook_, codes_;
};

}  // namespace

MethodInfo kmeans_info() {
  return {"kmeans", "2^w trained values that weights share", "Han et al. 2016, Deep Compression", {bits_parameter(1, 8)}};
}

std::shared_ptr<learn::WeightQuantizer> make_kmeans(const QuantizerOptions& options, const at::Tensor& weight) {
  return std::make_shared<Kmeans>(options, weight);
}

}  // namespace tern::compress
