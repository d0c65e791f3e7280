// How every architecture reads its ArchitectureOptions. Private to the zoo.
#pragma once

#include <string_view>

#include "zoo/architecture.hpp"

namespace tern::zoo {

/// Rounds channels * width to at least 1.
std::int64_t scaled(std::int64_t channels, double width);

/// Options whose zeros and empty lists are replaced by those of `defaults`.
/// Errors (ErrorKind::usage, place: the architecture): a width that is not positive, a negative count.
ArchitectureOptions with_defaults(const ArchitectureOptions& options, const ArchitectureOptions& defaults,
                                  std::string_view architecture);

}  // namespace tern::zoo
