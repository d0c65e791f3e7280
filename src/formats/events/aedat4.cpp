#include "formats/events/aedat4.hpp"

#include "formats/events/aedat4_buffers.hpp"
#include "formats/events/aedat4_streams.hpp"
#include "formats/events/decompress.hpp"
#include "formats/events/recorder.hpp"

namespace tern::formats {
namespace {

constexpr std::string_view first_line = "#!AER-DAT4.0\r\n";
constexpr std::size_t packet_limit_bytes = std::size_t{1} << 28;

struct Header {
  std::int32_t compression = 0;
  std::int64_t data_table = -1;
  aedat4::Streams streams;
};

/// Buffers are copied to memory of our own: FlatBuffers reads them in place and needs them aligned.
std::vector<std::uint8_t> copy_of(std::string_view bytes) {
  return {bytes.begin(), bytes.end()};
}

/// The root of a size-prefixed buffer, null where the verifier refuses it.
template <typename Table>
const Table* verified(const std::vector<std::uint8_t>& buffer, const char* identifier) {
  constexpr std::size_t prefix_and_root = 12;
  if (buffer.size() < prefix_and_root) return nullptr;
  flatbuffers::Verifier verifier(buffer.data(), buffer.size());
  if (!verifier.VerifySizePrefixedBuffer<Table>(identifier)) return nullptr;
  return flatbuffers::GetSizePrefixedRoot<Table>(buffer.data());
}

Header read_header(ByteReader& reader) {
  if (!reader.looking_at(first_line)) reader.fail_here("expected the line '#!AER-DAT4.0'");
  reader.take(first_line.size(), "the first line");
  const std::size_t at = reader.offset();
  ByteReader ahead = reader;
  const std::uint32_t size = ahead.u32("the size of the header");
  const std::vector<std::uint8_t> buffer = copy_of(reader.take(std::size_t{size} + 4, "the header"));
  const auto* table = verified<aedat4::IoHeader>(buffer, "IOHE");
  if (table == nullptr) reader.fail_at(at, "corrupt header (not a valid IOHeader buffer)");
  Header header{table->compression(), table->data_table_position(), {}};
  if (table->info_node() != nullptr) header.streams = aedat4::find_streams(table->info_node()->string_view());
  if (header.streams.events < 0) reader.fail_at(at, "the header describes no stream of events");
  return header;
}

std::vector<std::uint8_t> unpack(std::string_view body, std::int32_t compression) {
  switch (compression) {
    case 0:
      return copy_of(body);
    case 1:
    case 2:
      return decompress_lz4(body, packet_limit_bytes);
    case 3:
    case 4:
      return decompress_zstd(body, packet_limit_bytes);
    default:
      fail(ErrorKind::unsupported, "", "unknown compression {}", compression);
  }
}

void read_events_packet(const ByteReader& reader, std::size_t at, const std::vector<std::uint8_t>& buffer,
                        Recorder& recorder) {
  const auto* packet = verified<aedat4::EventPacket>(buffer, "EVTS");
  if (packet == nullptr) reader.fail_at(at, "corrupt packet (not a valid EventPacket buffer)");
  if (packet->elements() == nullptr) return;
  const std::uint8_t* bytes = packet->elements()->Data();
  for (flatbuffers::uoffset_t i = 0; i < packet->elements()->size();
       ++i, bytes += sizeof(aedat4::EventBytes)) {
    const std::string_view event(reinterpret_cast<const char*>(bytes), sizeof(aedat4::EventBytes));
    ByteReader fields(event, "");
    const std::uint64_t low = fields.u32("time");
    const std::uint64_t high = fields.u32("time");
    const auto x = static_cast<std::int16_t>(fields.u16("x"));
    const auto y = static_cast<std::int16_t>(fields.u16("y"));
    recorder.add(at, static_cast<std::int64_t>(high << 32 | low), x, y, fields.u8("polarity") != 0);
  }
}

/// Where the packets end: at the data table, or at the end of a recording that was cut off.
std::size_t end_of_packets(const ByteReader& reader, const Header& header, std::size_t file_bytes) {
  if (header.data_table < 0) return file_bytes;
  const auto end = static_cast<std::uint64_t>(header.data_table);
  if (end < reader.offset() || end > file_bytes)
    reader.fail_here("truncated: the header places the data table at byte {} of {}", end, file_bytes);
  return static_cast<std::size_t>(end);
}

}  // namespace

Recording read_aedat4(std::string_view bytes, std::string_view name) {
  ByteReader header_reader(bytes, name);
  const Header header = read_header(header_reader);
  const std::size_t end = end_of_packets(header_reader, header, bytes.size());
  ByteReader reader(bytes.substr(0, end), name, header_reader.offset());
  Recorder recorder(reader, header.streams.width, header.streams.height);
  while (!reader.at_end()) {
    const std::size_t at = reader.offset();
    const std::int32_t stream = reader.i32("a packet header");
    const std::uint32_t size = reader.u32("a packet header");
    if (!header.streams.all.contains(stream))
      reader.fail_at(at, "packet of stream {}, which the header lacks", stream);
    const std::string_view body = reader.take(size, "a packet");
    if (stream != header.streams.events) continue;
    try {
      read_events_packet(reader, at, unpack(body, header.compression), recorder);
    } catch (const Error& error) {
      if (!error.place().empty()) throw;
      throw Error(error.kind(), error.message(), fmt::format("{}: byte {}", name, at));
    }
  }
  return recorder.finish();
}

}  // namespace tern::formats
