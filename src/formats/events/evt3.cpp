#include "formats/events/evt3.hpp"

#include "formats/events/prophesee_header.hpp"
#include "formats/events/recorder.hpp"

namespace tern::formats {
namespace {

/// The running state of an EVT3 stream.
struct State {
  WrappingCounter high_words{1 << 12};
  std::int64_t high = -1;
  std::int64_t low = 0;
  std::int64_t y = -1;
  std::int64_t base_x = 0;
  bool polarity = false;

  bool ready() const { return high >= 0 && y >= 0; }
  std::int64_t t_us() const { return high << 12 | low; }
};

void set_high(State& state, std::int64_t raw, const ByteReader& reader, std::size_t at) {
  const std::int64_t next = state.high_words.unwrap(raw);
  if (next < state.high) reader.fail_at(at, "time goes back from {} to {} us", state.high << 12, next << 12);
  if (next != state.high) state.low = 0;
  state.high = next;
}

void add_vector(State& state, std::uint32_t bits, int length, Recorder& recorder, std::size_t at) {
  for (int i = 0; i < length && state.ready(); ++i)
    if (bits >> i & 1) recorder.add(at, state.t_us(), state.base_x + i, state.y, state.polarity);
  state.base_x += length;
}

}  // namespace

Recording read_evt3(std::string_view bytes, std::string_view name) {
  ByteReader reader(bytes, name);
  const PropheseeHeader header = read_prophesee_header(reader);
  Recorder recorder(reader, header.width, header.height);
  recorder.reserve(reader.left() / 2);
  State state;
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::uint32_t word = reader.u16("an EVT3 word");
    const std::uint32_t value = word & 0xfff;
    switch (word >> 12) {
      case 0:
        state.y = value & 2047;
        break;
      case 2:
        if (state.ready()) recorder.add(at, state.t_us(), value & 2047, state.y, (value >> 11) != 0);
        break;
      case 3:
        state.base_x = value & 2047;
        state.polarity = (value >> 11) != 0;
        break;
      case 4:
        add_vector(state, value, 12, recorder, at);
        break;
      case 5:
        add_vector(state, value & 0xff, 8, recorder, at);
        break;
      case 6:
        state.low = value;
        break;
      case 8:
        set_high(state, value, reader, at);
        break;
      case 7:
      case 10:
      case 14:
      case 15:
        break;
      default:
        reader.fail_at(at, "unknown EVT3 word type {}", word >> 12);
    }
  }
  return recorder.finish();
}

}  // namespace tern::formats
