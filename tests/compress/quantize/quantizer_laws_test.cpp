// Laws of the whole table of weight quantizers.
#include "compress/quantize/quantizer.hpp"

#include <cmath>
#include <limits>

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using learn::distance;
using learn::leaf;
using learn::random;

bool takes(const QuantizerRow& row, const std::string& name) {
  for (const auto& parameter : row.info.parameters)
    if (parameter.name == name) return true;
  return false;
}

/// Each row at its widths, with one scale and, where it can, with one for each channel and group.
template <typename Check>
void for_each_quantizer(const at::Tensor& weight, Check check) {
  for (const auto& row : quantizer_table()) {
    if (row.min_bits < 2 || row.max_bits < 4) continue;  // those of extreme/ have laws of their own
    for (int bits = std::min(std::max(row.min_bits, 2), row.max_bits); bits <= std::min(row.max_bits, 9); ++bits)
      for (const char* per : {"tensor", "channel", "group:8"}) {
        if (std::string(per) != "tensor" && !takes(row, "per")) continue;
        QuantizerOptions options;
        options.bits = bits;
        options.granularity = parse_granularity(per);
        SCOPED_TRACE(fmt::format("{} w={} per={}", row.info.name, bits, per));
        check(row, *make_quantizer(row.info.name, options, weight));
      }
  }
}

at::Tensor pruned_weight(std::uint64_t seed) {
  const at::Tensor w = random({8, 4, 3, 3}, seed) * 0.1;
  const at::Tensor mask = random({8, 4, 3, 3}, seed + 1).gt(-0.5).to(at::kFloat);
  mask[3].zero_();  // a dead channel
  return w * mask;
}

TEST(QuantizerLaws, IntegersAreTheValuesWithinTheirWidth) {
  const at::Tensor w = pruned_weight(1);
  for_each_quantizer(w, [&](const QuantizerRow& row, learn::WeightQuantizer& q) {
    const learn::QuantizedWeight integers = q.integers(w);
    EXPECT_LT(distance(q.quantize(w).detach(), integers.values(w.sizes())), 1e-6);
    EXPECT_EQ(q.name(), row.info.name);
    EXPECT_EQ(distance(integers.codes, integers.codes.round()), 0);
    EXPECT_GT(integers.scale.min().item<double>(), 0);
    if (!integers.uniform() || q.bits() < 2) return;
    const double half = std::pow(2.0, q.bits() - 1);
    EXPECT_GE(integers.codes.min().item<double>(), -half);
    EXPECT_LE(integers.codes.max().item<double>(), half - 1);
  });
}

// Pruned weights, and whole dead channels, stay zero.
TEST(QuantizerLaws, Pitfall5ZeroMapsToZero) {
  const at::Tensor w = pruned_weight(3), dead = at::zeros({4, 8});
  for_each_quantizer(w, [&](const QuantizerRow&, learn::WeightQuantizer& q) {
    if (q.bits() < 2) return;
    const at::Tensor zeros = w.eq(0);
    EXPECT_EQ(q.quantize(w).detach().masked_select(zeros).abs().max().item<float>(), 0);
    EXPECT_EQ(q.integers(w).values(w.sizes()).masked_select(zeros).abs().max().item<float>(), 0);
  });
  for_each_quantizer(dead, [&](const QuantizerRow&, learn::WeightQuantizer& q) {
    if (q.bits() < 2) return;
    EXPECT_EQ(q.quantize(dead).detach().abs().max().item<float>(), 0);
  });
}

// DoReFa's tanh acts on what it is given, so that its values are no fixed points; all others' are.
TEST(QuantizerLaws, QuantizingTwiceChangesNothing) {
  const at::Tensor w = pruned_weight(5);
  for_each_quantizer(w, [&](const QuantizerRow& row, learn::WeightQuantizer& q) {
    if (row.info.name == "dorefa" || row.info.name == "pact" || row.info.name == "sawb" ||
        row.info.name == "apot")
      return;
    const at::Tensor once = q.quantize(w).detach();
    EXPECT_LT(distance(q.quantize(once).detach(), once), 1e-6);
  });
}

TEST(QuantizerLaws, MoreBitsFewerErrors) {
  const at::Tensor w = random({16, 64}, 7);
  for (const auto& row : quantizer_table()) {
    if (row.max_bits < 8 || row.min_bits > 2 || row.info.name == "a2q") continue;  // a2q: its accumulator limits it
    double last = std::numeric_limits<double>::infinity();
    for (const int bits : {2, 4, 8}) {
      const auto q = make_quantizer(row.info.name, {.bits = bits}, w);
      const double error = (q->quantize(w).detach() - w).square().mean().item<double>();
      EXPECT_LT(error, last) << row.info.name << " " << bits;
      last = error;
    }
  }
}

// Gradients reach the weights and the trained tensors, and none is NaN.
TEST(QuantizerLaws, BackwardReachesEverythingThatIsTrained) {
  const at::Tensor values = pruned_weight(9), g = random({8, 4, 3, 3}, 11);
  for_each_quantizer(values, [&](const QuantizerRow&, learn::WeightQuantizer& q) {
    const at::Tensor w = leaf(values);
    (q.quantize(w) * g).sum().backward();
    ASSERT_TRUE(w.grad().defined());
    EXPECT_TRUE(w.grad().isfinite().all().item<bool>());
    EXPECT_GT(w.grad().abs().sum().item<double>(), 0);
    for (const auto& [name, tensor] : q.tensors()) {
      if (!tensor.requires_grad()) continue;
      ASSERT_TRUE(tensor.grad().defined()) << name;
      EXPECT_TRUE(tensor.grad().isfinite().all().item<bool>()) << name;
    }
  });
}

// An optimizer step may push a trained scale through zero.
TEST(QuantizerLaws, Pitfall9ScalesStayPositive) {
  const at::Tensor w = pruned_weight(13);
  for_each_quantizer(w, [&](const QuantizerRow&, learn::WeightQuantizer& q) {
    {
      const c10::NoGradGuard no_grad;
      for (auto& [name, tensor] : q.tensors())
        if (tensor.requires_grad()) at::Tensor(tensor).fill_(-0.5);
    }
    q.project();
    const learn::QuantizedWeight integers = q.integers(w);
    EXPECT_GT(integers.scale.min().item<double>(), 0);
    EXPECT_TRUE(integers.values(w.sizes()).isfinite().all().item<bool>());
  });
}

TEST(QuantizerLaws, Pitfall1DeadChannelsHaveNoTinyScale) {
  const at::Tensor w = pruned_weight(15);
  for (const auto& row : quantizer_table()) {
    if (!takes(row, "per") || row.min_bits > 4 || row.max_bits < 4) continue;
    const at::Tensor scale = make_quantizer(row.info.name, {.bits = 4, .granularity = parse_granularity("channel")}, w)
                                 ->integers(w).scale;
    ASSERT_EQ(scale.dim(), 1) << row.info.name;
    EXPECT_GE(scale[3].item<double>(), 0.999 * 0x1p-16 * scale.max().item<double>()) << row.info.name;
  }
}

TEST(QuantizerLaws, SpecMakesItAgain) {
  const at::Tensor w = pruned_weight(17);
  for_each_quantizer(w, [&](const QuantizerRow&, learn::WeightQuantizer& q) {
    const auto again = make_quantizer_from_spec(q.spec(), w);
    EXPECT_EQ(again->spec(), q.spec());
    for (auto& [name, tensor] : q.tensors()) {
      const c10::NoGradGuard no_grad;
      again->tensors().at(name).copy_(tensor);
    }
    EXPECT_EQ(distance(again->quantize(w).detach(), q.quantize(w).detach()), 0);
  });
}

TEST(QuantizerLaws, RefusesWhatAMethodDoesNotTake) {
  const at::Tensor w = random({4, 4}, 19);
  EXPECT_THROW(make_quantizer("lsq", {.bits = 1}, w), Error);
  EXPECT_THROW(make_quantizer("lsq", {.bits = 17}, w), Error);
  EXPECT_THROW(make_quantizer("lsqq", {}, w), Error);
  EXPECT_THROW(make_quantizer("duq", {.granularity = parse_granularity("channel")}, w), Error);
  EXPECT_THROW(make_quantizer("lsq", {.scale = ScaleKind::power_of_two}, w), Error);
  EXPECT_THROW(make_quantizer("affine", {.calibrator = "kl"}, w), Error);
  EXPECT_THROW(make_quantizer("affine", {}, at::full({2, 2}, NAN)), Error);
  for (const char* bad : {"", "lsq", "lsq:", "lsq:w=x", "lsq:w=4,ste", "lsq:gradient=ste"})
    EXPECT_THROW(make_quantizer_from_spec(bad, w), Error) << bad;
}

}  // namespace
}  // namespace tern::compress
