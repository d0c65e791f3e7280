// What holds for every quantizer of extreme/ in the registry.
#include <set>

#include "base/error.hpp"
#include "compress/quantize/quantizer.hpp"
#include "learn/model.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::random;

const std::set<std::string> extreme{"bnn", "xnor", "irnet", "twn", "ttq", "apot", "kmeans", "pq", "a2q"};
/// Normalisation acts on their own results again.
const std::set<std::string> not_idempotent{"apot", "irnet"};

template <typename Check>
void for_each_quantizer(Check check) {
  for (const auto& row : quantizer_table()) {
    if (!extreme.count(row.info.name)) continue;
    for (const int bits : {row.min_bits, std::min(row.min_bits + 2, row.max_bits), std::min(row.max_bits, 8)}) {
      SCOPED_TRACE(fmt::format("{}:w={}", row.info.name, bits));
      QuantizerOptions options;
      options.bits = bits;
      check(row, options);
    }
  }
}

bool refuses_pruned(const QuantizerRow& row, int bits) {
  return row.info.name == "pq" || (row.info.name == "kmeans" && bits == 1);
}

TEST(ExtremeLaws, IntegersAreTheValuesOfQuantize) {
  const at::Tensor w = random({8, 6, 3, 3}, 1) * 0.3;
  for_each_quantizer([&](const QuantizerRow& row, const QuantizerOptions& options) {
    const auto q = make_quantizer(row.info.name, options, w);
    const learn::QuantizedWeight integers = q->integers(w);
    EXPECT_LT(distance(integers.values(w.sizes()), q->quantize(w).detach()), 1e-6);
    EXPECT_EQ(distance(integers.codes, integers.codes.round()), 0);
    EXPECT_GT(integers.scale.min().item<double>(), 0);
    const double low = integers.codes.min().item<double>(), high = integers.codes.max().item<double>();
    if (!integers.uniform()) {
      EXPECT_GE(low, 0);
      EXPECT_LT(high, std::min<double>(static_cast<double>(integers.codebook.size(0)), 1 << options.bits));
    } else if (options.bits == 1) {
      EXPECT_EQ(distance(integers.codes.abs(), at::ones_like(w)), 0);
    } else {
      EXPECT_GE(low, -(1 << (options.bits - 1)));
      EXPECT_LT(high, 1 << (options.bits - 1));
    }
  });
}

TEST(ExtremeLaws, Pitfall12QuantizingTwiceChangesNothing) {
  const at::Tensor w = random({8, 6, 3, 3}, 2) * 0.3;
  for_each_quantizer([&](const QuantizerRow& row, const QuantizerOptions& options) {
    if (not_idempotent.count(row.info.name)) return;
    const auto q = make_quantizer(row.info.name, options, w);
    const at::Tensor once = q->quantize(w).detach();
    EXPECT_LT(distance(q->quantize(once).detach(), once), 1e-6);
  });
}

TEST(ExtremeLaws, ASpecAndTensorsMakeAnEqualOne) {
  const at::Tensor w = random({8, 6, 3, 3}, 3) * 0.3;
  for_each_quantizer([&](const QuantizerRow& row, const QuantizerOptions& options) {
    const auto q = make_quantizer(row.info.name, options, w);
    const auto other = make_quantizer_from_spec(q->spec(), w * 0.5 + 0.01);
    const c10::NoGradGuard no_grad;
    auto tensors = other->tensors();
    for (const auto& [name, tensor] : q->tensors()) {
      ASSERT_TRUE(tensors.count(name)) << name;
      tensors.at(name).copy_(tensor);
    }
    EXPECT_EQ(other->spec(), q->spec());
    EXPECT_EQ(other->bits(), options.bits);
    EXPECT_EQ(distance(other->quantize(w), q->quantize(w)), 0);
  });
}

// Through a Parameter, as training (effective) and evaluation (stored) see it.
TEST(ExtremeLaws, Pitfall5PrunedWeightsStayZero) {
  const at::Tensor w = random({8, 6, 3, 3}, 4) * 0.3 + 0.1;
  const at::Tensor mask = random({8, 6, 3, 3}, 5).gt(0).to(at::kFloat);
  for_each_quantizer([&](const QuantizerRow& row, const QuantizerOptions& options) {
    learn::Parameter parameter;
    parameter.latent = learn::leaf(w * mask);
    parameter.mask = mask;
    if (refuses_pruned(row, options.bits)) {
      EXPECT_THROW(make_quantizer(row.info.name, options, parameter.masked()), Error);
      return;
    }
    parameter.quantizer = make_quantizer(row.info.name, options, parameter.masked());
    const at::Tensor effective = parameter.effective(true, 1), stored = parameter.stored();
    EXPECT_EQ((effective.detach() * (1 - mask)).abs().max().item<double>(), 0);
    EXPECT_LT(distance(effective.detach(), stored), 1e-6);
    EXPECT_GT(stored.abs().max().item<double>(), 0);
  });
}

TEST(ExtremeLaws, GradientsAreFinite) {
  const at::Tensor values = random({4, 6, 3, 3}, 6) * 0.3;
  for_each_quantizer([&](const QuantizerRow& row, const QuantizerOptions& options) {
    const auto q = make_quantizer(row.info.name, options, values);
    const at::Tensor w = learn::leaf(values);
    q->set_progress(0.5);
    q->quantize(w).square().sum().backward();
    double largest = 0;
    const auto look = [&](const at::Tensor& gradient) {
      if (!gradient.defined()) return;
      EXPECT_TRUE(at::isfinite(gradient).all().item<bool>());
      largest = std::max(largest, gradient.abs().max().item<double>());
    };
    look(w.grad());
    for (const auto& [name, tensor] : q->tensors()) look(tensor.grad());
    EXPECT_GT(largest, 0);
  });
}

TEST(ExtremeLaws, WidthsOutsideARowsRangeAreRefused) {
  const at::Tensor w = random({4, 8}, 7);
  for (const auto& row : quantizer_table())
    for (const int bits : {row.min_bits - 1, row.max_bits + 1}) {
      QuantizerOptions options;
      options.bits = bits;
      EXPECT_THROW(make_quantizer(row.info.name, options, w), Error) << row.info.name;
    }
}

}  // namespace
}  // namespace tern::compress
