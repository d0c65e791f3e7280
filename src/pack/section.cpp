#include "pack/section.hpp"

#include <cstring>

#include "base/error.hpp"
#include "pack/bits.hpp"
#include "pack/entropy.hpp"

namespace tern::pack {
namespace {

constexpr std::size_t length_bytes = 4;

}  // namespace

std::string_view name_of(Coder coder) {
  return coder == Coder::raw ? "raw" : coder == Coder::huffman ? "huffman" : "rans";
}

void SectionWriter::add(std::span<const std::uint32_t> values, int bits) {
  if (values.empty()) return;
  Coder coder = Coder::raw;
  std::string best = pack_fields(values, bits);
  if (options_.entropy_coding && bits <= most_entropy_bits) {
    const auto offer = [&](Coder offered, std::string bytes) {
      if (bytes.size() + (coder == Coder::raw ? length_bytes : 0) >= best.size()) return;
      coder = offered;
      best = std::move(bytes);
    };
    offer(Coder::huffman, huffman_encode(values, bits));
    offer(Coder::rans, rans_encode(values, bits));
  }
  bytes_.push_back(static_cast<char>(coder));
  if (coder != Coder::raw) {
    is_coded_ = true;
    const auto length = static_cast<std::uint32_t>(best.size());
    bytes_.append(reinterpret_cast<const char*>(&length), length_bytes);
  }
  bytes_ += best;
}

std::vector<std::uint32_t> SectionReader::take(std::int64_t count, int bits) {
  if (count == 0) return {};
  if (bytes_.empty()) fail(ErrorKind::bad_data, place_, "a section is missing");
  const auto coder = static_cast<Coder>(bytes_[0]);
  bytes_.remove_prefix(1);
  if (coder == Coder::raw) return take_fields(bytes_, count, bits, place_);
  if ((coder != Coder::huffman && coder != Coder::rans) || bits > most_entropy_bits)
    fail(ErrorKind::bad_data, place_, "unknown coder {} of {} bits", static_cast<int>(coder), bits);
  std::uint32_t length = 0;
  if (bytes_.size() < length_bytes) fail(ErrorKind::bad_data, place_, "a section is missing");
  std::memcpy(&length, bytes_.data(), length_bytes);
  bytes_.remove_prefix(length_bytes);
  if (length > bytes_.size())
    fail(ErrorKind::bad_data, place_, "a section of {} bytes, {} are left", length, bytes_.size());
  const std::string_view coded = bytes_.substr(0, length);
  bytes_.remove_prefix(length);
  return coder == Coder::huffman ? huffman_decode(coded, count, bits, place_)
                                 : rans_decode(coded, count, bits, place_);
}

void SectionReader::end() const {
  if (!bytes_.empty()) fail(ErrorKind::bad_data, place_, "{} bytes too many", bytes_.size());
}

}  // namespace tern::pack
