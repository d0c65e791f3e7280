// How a Program is planned.
#pragma once

#include <string>

namespace tern::engine {

struct Options {
  /// Fuse operations, keep activations in few bits and choose a kernel for each layer. Otherwise every node runs by
  /// itself on floats: slow, and the only way to observe nodes. Both give the same bits where sums are of integers.
  bool fuse = true;
  /// Choose kernels by measuring them while planning (some milliseconds a layer). Otherwise the first that suits
  /// a layer, in the table's order.
  bool measure = true;
  /// Takes the kernel of this name wherever it suits, instead of measuring; empty: no preference.
  std::string kernel{};
  /// Folder in which measurements are kept for the next start; empty: none. A file there holds those of one processor,
  /// instruction set and version of this library. What cannot be read or written there is measured again.
  std::string cache_folder{};
};

/// TERN_CACHE where it is set (a folder, or "off": empty), else XDG_CACHE_HOME/tern, else HOME/.cache/tern; empty where
/// none of these is set.
std::string default_cache_folder();

}  // namespace tern::engine
