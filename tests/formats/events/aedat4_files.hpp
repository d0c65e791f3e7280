// Small AEDAT 4.0 files, laid out byte by byte as flatc would.
#pragma once

#include <lz4frame.h>
#include <zstd.h>

#include "formats/events/event_files.hpp"

namespace tern::formats::testing {

inline std::string aedat4_event(std::int64_t t, int x, int y, bool polarity) {
  return little(static_cast<std::uint64_t>(t), 8) + little(static_cast<std::uint64_t>(x), 2) +
         little(static_cast<std::uint64_t>(y), 2) + little(polarity ? 1 : 0, 1) + std::string(3, '\0');
}

/// Size prefix, root, identifier, vtable {6, 8, 4}, table {vtable, elements}, vector.
inline std::string aedat4_event_packet(const std::string& events) {
  const std::string body = little(16, 4) + "EVTS" + little(0, 2) + little(6, 2) + little(8, 2) +
                           little(4, 2) + little(6, 4) + little(4, 4) + little(events.size() / 16, 4) +
                           events;
  return little(body.size(), 4) + body;
}

inline std::string aedat4_packet(int stream, const std::string& body) {
  return little(static_cast<std::uint64_t>(stream), 4) + little(body.size(), 4) + body;
}

inline std::string aedat4_header(int compression) {
  std::string xml =
      "<dv version=\"2.0\"><node name=\"outInfo\" path=\"/\">"
      "<node name=\"0\"><attr key=\"typeIdentifier\" type=\"string\">EVTS</attr><node name=\"info\">"
      "<attr key=\"sizeX\" type=\"int\">320</attr><attr key=\"sizeY\" type=\"int\">240</attr></node></node>"
      "<node name=\"1\"><attr key=\"typeIdentifier\" type=\"string\">IMUS</attr></node></node></dv>";
  const std::string text = little(xml.size(), 4) + xml + std::string(4 - xml.size() % 4, '\0');
  // Root at 24 (its vtable of 10 bytes before it), data table position absent, string right behind the table.
  const std::string body = little(24, 4) + "IOHE" + std::string(6, '\0') + little(10, 2) + little(12, 2) +
                           little(4, 2) + little(0, 2) + little(8, 2) + little(10, 4) +
                           little(static_cast<std::uint64_t>(compression), 4) + little(4, 4) + text;
  return "#!AER-DAT4.0\r\n" + little(body.size(), 4) + body;
}

inline std::string lz4_of(const std::string& plain) {
  std::string packed(LZ4F_compressFrameBound(plain.size(), nullptr), '\0');
  packed.resize(LZ4F_compressFrame(packed.data(), packed.size(), plain.data(), plain.size(), nullptr));
  return packed;
}

inline std::string zstd_of(const std::string& plain) {
  std::string packed(ZSTD_compressBound(plain.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), 3));
  return packed;
}

/// Two events, a packet of another stream, one event; compression 0, 1 (LZ4) or 3 (Zstandard).
inline std::string aedat4_file(int compression) {
  const auto pack = [&](const std::string& plain) {
    return compression == 0 ? plain : compression == 1 ? lz4_of(plain) : zstd_of(plain);
  };
  const std::string two = aedat4_event(1000, 319, 0, true) + aedat4_event(1001, 0, 239, false);
  return aedat4_header(compression) + aedat4_packet(0, pack(aedat4_event_packet(two))) +
         aedat4_packet(1, "imu data") +
         aedat4_packet(0, pack(aedat4_event_packet(aedat4_event(1002, 5, 6, true))));
}

}  // namespace tern::formats::testing
