// The XML description of an AEDAT 4.0 file's streams.
#pragma once

#include <set>
#include <string_view>

namespace tern::formats::aedat4 {

/// The event stream of a file and the names of all streams.
struct Streams {
  int events = -1;  ///< number of the first stream of type EVTS, -1 where there is none
  int width = 0;
  int height = 0;
  std::set<int> all;
};

/// Reads <node name="outInfo"><node name="NUMBER"><attr key="typeIdentifier">EVTS</attr><node
/// name="info"><attr key="sizeX">...: a scanner for this dialect (nodes and attributes, no other tags), never
/// failing: what it does not find stays at its default.
Streams find_streams(std::string_view xml);

}  // namespace tern::formats::aedat4
