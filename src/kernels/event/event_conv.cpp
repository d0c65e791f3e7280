#include "kernels/event/event_conv.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "base/error.hpp"
#include "kernels/event/event_rows.hpp"

namespace tern::kernels {
namespace {

constexpr std::int64_t most_part_bits = 6, most_table_bytes = 64 << 10;

std::int64_t parts_of_row(const ConvShape& shape) {
  return (shape.kernel_w * shape.ic + most_part_bits - 1) / most_part_bits;
}

/// Equal parts, the last one perhaps shorter.
std::int64_t bits_of_part(const ConvShape& shape) {
  const std::int64_t parts = parts_of_row(shape);
  return (shape.kernel_w * shape.ic + parts - 1) / parts;
}

/// Calls each(first channel, width) for the blocks of output channels.
template <class Each>
void each_block(std::int64_t oc, const Each& each) {
  for (std::int64_t first = 0; first < oc; first += 128) each(first, event_block_width(oc, first));
}

/// The code of output channel o behind weight row `row`.
struct Codes {
  const ConvShape& shape;
  const std::int8_t* codes;
  std::int8_t at(std::int64_t o, std::int64_t row) const {
    return codes[(o * shape.ic + row % shape.ic) * shape.taps() + row / shape.ic];
  }
};

/// How many spikes cannot overflow int16 in any channel: all of them where the sums of the positive and of
/// the negative codes of each channel fit, else the worst code so many times.
std::int32_t spike_limit(const Codes& codes, std::int64_t rows) {
  std::int64_t high = 0, low = 0, largest = 1;
  for (std::int64_t o = 0; o < codes.shape.oc; ++o) {
    std::int64_t positive = 0, negative = 0;
    for (std::int64_t r = 0; r < rows; ++r) {
      const std::int64_t code = codes.at(o, r);
      (code > 0 ? positive : negative) += code;
      largest = std::max(largest, std::abs(code));
    }
    high = std::max(high, positive), low = std::min(low, negative);
  }
  if (high <= 32767 && low >= -32768) return std::numeric_limits<std::int32_t>::max();
  return static_cast<std::int32_t>(32767 / largest);
}

void fill_lists(const Codes& codes, EventConvWeights& out) {
  out.lines.resize(static_cast<std::size_t>(((out.rows + 1) * event_padded_oc(out.oc) + 63) / 64));
  std::int8_t* block = out.lines.data()->bytes;
  each_block(out.oc, [&](std::int64_t first, std::int64_t width) {
    for (std::int64_t o = first; o < std::min(out.oc, first + width); ++o)
      for (std::int64_t r = 0; r < out.rows; ++r) block[r * width + o - first] = codes.at(o, r);
    block += (out.rows + 1) * width;
  });
}

void fill_patterns(const Codes& codes, EventConvWeights& out) {
  const ConvShape& s = codes.shape;
  const std::int64_t entries = std::int64_t{1} << out.part_bits, window = s.kernel_w * s.ic;
  out.lines.resize(
      static_cast<std::size_t>(s.kernel_h * out.parts * entries * event_padded_oc(out.oc) * 2 / 64));
  auto* table = reinterpret_cast<std::int16_t*>(out.lines.data()->bytes);
  each_block(out.oc, [&](std::int64_t first, std::int64_t width) {
    for (std::int64_t t = 0; t < s.kernel_h * out.parts; ++t, table += entries * width)
      for (std::int64_t pattern = 0; pattern < entries; ++pattern)
        for (std::int64_t i = 0; i < out.part_bits; ++i) {
          const std::int64_t place = t % out.parts * out.part_bits + i;
          if (place >= window || (pattern >> i & 1) == 0) continue;
          for (std::int64_t o = first; o < std::min(out.oc, first + width); ++o)
            table[pattern * width + o - first] = static_cast<std::int16_t>(
                table[pattern * width + o - first] + codes.at(o, t / out.parts * window + place));
        }
  });
}

}  // namespace

EventMethod event_method(const ConvShape& shape) {
  const std::int64_t tables = shape.kernel_h * parts_of_row(shape);
  const std::int64_t bytes = (tables << bits_of_part(shape)) * event_padded_oc(shape.oc) * 2;
  const bool patterns =
      shape.ic <= 64 && shape.dilation_w == 1 && tables <= event_most_tables && bytes <= most_table_bytes;
  return patterns ? EventMethod::patterns : EventMethod::lists;
}

EventConvWeights pack_event_conv(const ConvShape& shape, const std::int8_t* codes) {
  EventConvWeights out;
  out.method = event_method(shape);
  out.ic = shape.ic, out.oc = shape.oc, out.rows = shape.taps() * shape.ic;
  if (shape.groups != 1)
    fail(ErrorKind::unsupported, "event_conv", "expected groups = 1, got {}", shape.groups);
  if (out.rows > 65535)
    fail(ErrorKind::unsupported, "event_conv", "expected at most 65535 inputs of an output, got {}",
         out.rows);
  const Codes source{shape, codes};
  out.limit = spike_limit(source, out.rows);
  if (out.method == EventMethod::patterns) {
    out.parts = parts_of_row(shape), out.part_bits = bits_of_part(shape);
    fill_patterns(source, out);
  } else {
    fill_lists(source, out);
  }
  return out;
}

std::size_t event_conv_scratch_bytes(const ConvShape& shape) {
  return EventRows::scratch_bytes(shape) + joined_bytes(shape.taps() * shape.ic);
}

void run_event_conv(const ConvShape& shape, const EventConvWeights& weights, const std::uint64_t* src,
                    const Epilogue& epilogue, std::int64_t first_row, std::int64_t last_row, void* scratch) {
  auto* const joined = static_cast<std::uint16_t*>(scratch);
  EventRows rows(shape, src, static_cast<std::byte*>(scratch) + joined_bytes(weights.rows));
  for (std::int64_t y = first_row; y < last_row; ++y)
    sum_event_row(shape, weights, rows.window(shape, y), epilogue, y, 0, shape.out_w, joined);
}

}  // namespace tern::kernels
