// N-MNIST .bin: 5 bytes an event, no header, sensor 34 x 34.
#pragma once

#include <string_view>

#include "formats/events/recording.hpp"

namespace tern::formats {

/// Bytes of an event: x, y, then polarity (bit 7 of byte 2) and a 23-bit big-endian time in us. y = 240 marks
/// a time overflow: all later times are 2^13 us later. Errors: bad_data (file not a multiple of 5 bytes,
/// outside the sensor, time goes back, no events). Source: Orchard, Jayawant, Cohen, Thakor, "Converting
/// Static Image Datasets to Spiking Neuromorphic Datasets Using Saccades", 2015, and its Matlab reader.
Recording read_nmnist_bin(std::string_view bytes, std::string_view name);

}  // namespace tern::formats
