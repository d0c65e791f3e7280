#include "cost/accelerator.hpp"

namespace tern::cost {

std::string_view name_of(Tensor tensor) {
  static constexpr std::array<std::string_view, 4> names{"weights", "inputs", "outputs", "membrane"};
  return names[static_cast<std::size_t>(tensor)];
}

}  // namespace tern::cost
