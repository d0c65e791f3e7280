// The FlatBuffers tables of AEDAT 4.0, declared by hand: only what is read, each with its verifier.
#pragma once

#include <cstdint>

#include <flatbuffers/flatbuffers.h>

namespace tern::formats::aedat4 {

/// table IOHeader { compression: CompressionType (int32); dataTablePosition: int64 = -1; infoNode: string; }
struct IoHeader : private flatbuffers::Table {
  std::int32_t compression() const { return GetField<std::int32_t>(4, 0); }
  std::int64_t data_table_position() const { return GetField<std::int64_t>(6, -1); }
  const flatbuffers::String* info_node() const { return GetPointer<const flatbuffers::String*>(8); }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) && VerifyField<std::int32_t>(verifier, 4, 4) &&
           VerifyField<std::int64_t>(verifier, 6, 8) && VerifyOffset(verifier, 8) &&
           verifier.VerifyString(info_node()) && verifier.EndTable();
  }
};

/// struct Event { timestamp: int64; x: int16; y: int16; polarity: bool; }, 16 bytes with its padding.
struct alignas(8) EventBytes {
  std::uint8_t bytes[16];
};

/// table EventPacket { elements: [Event]; }
struct EventPacket : private flatbuffers::Table {
  const flatbuffers::Vector<const EventBytes*>* elements() const {
    return GetPointer<const flatbuffers::Vector<const EventBytes*>*>(4);
  }
  bool Verify(flatbuffers::Verifier& verifier) const {
    return VerifyTableStart(verifier) && VerifyOffset(verifier, 4) && verifier.VerifyVector(elements()) &&
           verifier.EndTable();
  }
};

}  // namespace tern::formats::aedat4
