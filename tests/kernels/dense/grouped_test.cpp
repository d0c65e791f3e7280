#include "kernels/dense/grouped.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/dense/image_codes.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/plain_epilogue.hpp"

namespace tern::kernels {
namespace {

TEST(Grouped, RandomShapes) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    Rng rng(3000 + seed);
    const auto between = [&](int low, int high) {
      return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
    };
    ConvShape s;
    s.groups = between(1, 6);
    s.ic = s.groups * between(1, 9);
    s.oc = s.groups * between(1, 20);
    s.kernel_h = between(1, 3);
    s.kernel_w = between(1, 3);
    s.stride_h = s.stride_w = between(1, 2);
    s.out_h = between(2, 4);
    s.out_w = between(3, 12);
    s.pad_h = between(0, 1);
    s.pad_w = between(0, 1);
    s.src_pixel = (s.ic + 3) / 4 * 4;
    const auto offset = static_cast<std::int32_t>(rng.below(256));
    const ImageCodes image(s, offset, rng);
    const std::vector<std::int8_t> codes = random_weights(s, std::vector<int>{1, 2, 4, 8}[rng.below(4)], rng);
    const GroupedWeights weights = pack_grouped(s, codes.data(), offset);
    const auto has = [&] { return rng.below(2) == 0; };
    const OwnedEpilogue::Parts parts{has(), has(), has(), has(), has(), has(), has(), has()};
    OwnedEpilogue own(s.out_h, s.out_w, s.oc, parts, seed,
                      1e-3F / static_cast<float>(s.group_ic() * s.taps()));
    std::vector<float> floats;
    std::vector<std::uint8_t> out_codes;
    own.expect([&](auto y, auto x,
                   auto o) { return static_cast<std::int32_t>(plain_sum(s, image, codes, offset, y, x, o)); },
               1, s.out_h, floats, out_codes);
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", " << s.groups << " groups");
    each_isa([&] {
      own.clear();
      AlignedBytes scratch(grouped_scratch_bytes(s, weights));
      run_grouped(s, weights, image.data(s), own.epilogue, 1, s.out_h, scratch.data());
      EXPECT_EQ(own.floats, floats);
      EXPECT_EQ(own.codes, out_codes);
    });
  }
}

TEST(Grouped, RefusesGroupsThatDoNotDivide) {
  ConvShape s;
  s.ic = 6;
  s.oc = 4;
  s.groups = 3;
  const std::vector<std::int8_t> codes(64, 1);
  EXPECT_THROW(pack_grouped(s, codes.data(), 0), Error);
  s.groups = 4;
  EXPECT_THROW(pack_grouped(s, codes.data(), 0), Error);
}

}  // namespace
}  // namespace tern::kernels
