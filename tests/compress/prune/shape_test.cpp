#include "compress/prune/shape.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

PruneUnits units_of(const char* text, const at::Tensor& scores) {
  const MaskShape shape = parse_mask_shape(text);
  return find_mask_shape(shape.name).units(shape, scores, "conv1.weight");
}

std::vector<std::int64_t> unit(const PruneUnits& units, std::int64_t u) {
  const auto begin = units.indices.begin();
  std::vector<std::int64_t> indices(begin + units.offsets[static_cast<std::size_t>(u)],
                                    begin + units.offsets[static_cast<std::size_t>(u) + 1]);
  std::sort(indices.begin(), indices.end());
  return indices;
}

TEST(MaskShape, TextAndBack) {
  for (const char* text : {"element", "kernel", "channel", "2:4", "1:8", "1x4", "1x8"})
    EXPECT_EQ(to_text(parse_mask_shape(text)), text);
  EXPECT_EQ(to_text(parse_mask_shape("nm")), "2:4");
  EXPECT_EQ(to_text(parse_mask_shape("block")), "1x4");
  EXPECT_DOUBLE_EQ(max_sparsity(parse_mask_shape("1:8")), 0.875);
  for (const char* text : {"4:4", "0:4", "1:1", "2:128", "2x4", "1x1", "1x", ":4", "chanel", "2:4:8"})
    EXPECT_THROW(parse_mask_shape(text), Error) << text;
}

TEST(MaskShape, EveryWeightIsInAtMostOneUnit) {
  const at::Tensor scores = learn::random({6, 8, 3, 3}, 1);
  for (const char* text : {"element", "kernel", "channel", "2:4", "1x4"}) {
    const PruneUnits units = units_of(text, scores);
    std::vector<int> seen(static_cast<std::size_t>(scores.numel()), 0);
    for (const auto index : units.indices) ++seen[static_cast<std::size_t>(index)];
    EXPECT_LE(*std::max_element(seen.begin(), seen.end()), 1) << text;
    EXPECT_EQ(units.indices.size(), std::string(text) == "2:4" ? 216U : 432U) << text;
    EXPECT_EQ(units.offsets.back(), static_cast<std::int64_t>(units.indices.size())) << text;
  }
}

TEST(MaskShape, LayoutsByHand) {
  const at::Tensor scores = at::tensor({4.F, 1.F, 3.F, 2.F, 5.F, 8.F, 7.F, 6.F}).view({2, 4});  // [oc, ic]
  EXPECT_EQ(unit(units_of("2:4", scores), 0), (std::vector<std::int64_t>{1, 3}));
  EXPECT_EQ(unit(units_of("2:4", scores), 1), (std::vector<std::int64_t>{4, 7}));
  EXPECT_EQ(unit(units_of("1x2", scores), 1), (std::vector<std::int64_t>{1, 5}))
      << "input 1 of outputs 0 and 1";
  EXPECT_EQ(unit(units_of("channel", scores), 1), (std::vector<std::int64_t>{4, 5, 6, 7}));
  // Groups of a convolution run along input channels at one kernel position.
  const at::Tensor conv = at::arange(8, at::kFloat).view({1, 4, 1, 2});
  EXPECT_EQ(unit(units_of("3:4", conv), 1), (std::vector<std::int64_t>{1}));
  EXPECT_EQ(unit(units_of("kernel", conv), 2), (std::vector<std::int64_t>{4, 5}));
}

TEST(MaskShape, RefusalNamesTheNearestGroup) {
  const auto message = [](const char* text, std::int64_t inputs) {
    try {
      units_of(text, at::ones({2, inputs, 3, 3}));
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message("2:4", 3).find("2:3"), std::string::npos) << message("2:4", 3);
  EXPECT_NE(message("2:4", 10).find("2:5"), std::string::npos) << message("2:4", 10);
  EXPECT_NE(message("2:4", 1).find("except=conv1"), std::string::npos) << message("2:4", 1);
}

}  // namespace
}  // namespace tern::compress
