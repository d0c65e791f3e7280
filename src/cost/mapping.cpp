#include "cost/mapping.hpp"

#include <fmt/format.h>

namespace tern::cost {
namespace {

constexpr char letters[] = "CMRSPQT";

std::string tile(const Extents& extents) {
  std::string text;
  for (std::size_t dim = 0; dim < num_dims; ++dim)
    if (extents[dim] > 1) text += fmt::format("{}{}{}", text.empty() ? "" : " ", letters[dim], extents[dim]);
  return text;
}

std::string order(const std::array<Dim, num_dims>& dims) {
  std::string text;
  for (const Dim dim : dims)
    if (dim != Dim::r && dim != Dim::s) text += letters[static_cast<std::size_t>(dim)];
  return text;
}

}  // namespace

std::string to_string(Dataflow dataflow) {
  return dataflow == Dataflow::row_stationary ? "row-stationary" : "output-stationary";
}

std::string to_string(const Mapping& mapping) {
  return fmt::format("order {} buffer[{}] order {} array[{}] element[{}]", order(mapping.outer_order),
                     tile(mapping.buffer), order(mapping.inner_order), tile(mapping.spatial),
                     tile(mapping.element));
}

}  // namespace tern::cost
