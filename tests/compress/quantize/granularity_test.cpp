#include "compress/quantize/granularity.hpp"

#include "base/error.hpp"
#include "learn/testing.hpp"

namespace tern::compress {
namespace {

using Shape = std::vector<std::int64_t>;

TEST(Granularity, TextAndBack) {
  for (const char* text : {"tensor", "channel", "group:32"}) EXPECT_EQ(to_text(parse_granularity(text)), text);
  for (const char* bad : {"", "group", "group:", "group:0", "group:x", "row"}) EXPECT_THROW(parse_granularity(bad), Error);
}

TEST(Granularity, ScaleShapes) {
  const Shape conv{16, 3, 3, 3};
  EXPECT_EQ(scale_shape(parse_granularity("tensor"), conv), Shape{});
  EXPECT_EQ(scale_shape(parse_granularity("channel"), conv), Shape{16});
  EXPECT_EQ(scale_shape(parse_granularity("group:32"), conv), (Shape{16, 1})) << "27 elements fit into one group";
  EXPECT_EQ(scale_shape(parse_granularity("group:10"), conv), (Shape{16, 3})) << "9 is the largest divisor";
  EXPECT_EQ(scale_shape(parse_granularity("group:32"), Shape{10, 64}), (Shape{10, 2}));
}

TEST(Granularity, RowsAreSlicesInOrder) {
  const at::Tensor w = at::arange(24, at::kFloat).view({2, 3, 4});
  const at::Tensor rows = rows_of(w, parse_granularity("group:4"));
  EXPECT_EQ(rows.sizes(), (Shape{6, 4}));
  EXPECT_EQ(rows[4][1].item<float>(), 17);
  EXPECT_EQ(rows_of(w, parse_granularity("tensor")).sizes(), (Shape{1, 24}));
}

}  // namespace
}  // namespace tern::compress
