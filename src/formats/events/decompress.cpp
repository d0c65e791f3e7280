#include "formats/events/decompress.hpp"

#include <algorithm>
#include <memory>

#include <lz4frame.h>
#include <zstd.h>

#include "base/error.hpp"

namespace tern::formats {
namespace {

constexpr std::size_t chunk_bytes = 1 << 16;

/// Makes room for another chunk behind `used` bytes, up to the limit.
void grow(std::vector<std::uint8_t>& out, std::size_t used, std::size_t limit_bytes) {
  if (used >= limit_bytes)
    fail(ErrorKind::bad_data, "", "a packet unpacks to more than {} bytes", limit_bytes);
  if (used < out.size()) return;
  out.resize(std::min(limit_bytes, std::max(used + chunk_bytes, 2 * out.size())));
}

}  // namespace

std::vector<std::uint8_t> decompress_lz4(std::string_view packed, std::size_t limit_bytes) {
  LZ4F_dctx* raw = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&raw, LZ4F_VERSION)))
    fail(ErrorKind::internal, "", "no LZ4 context");
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      raw, LZ4F_freeDecompressionContext);
  std::vector<std::uint8_t> out;
  std::size_t used = 0;
  std::size_t expected = 1;
  while (expected != 0) {
    grow(out, used, limit_bytes);
    std::size_t written = out.size() - used;
    std::size_t consumed = packed.size();
    expected = LZ4F_decompress(raw, out.data() + used, &written, packed.data(), &consumed, nullptr);
    if (LZ4F_isError(expected)) fail(ErrorKind::bad_data, "", "corrupt LZ4: {}", LZ4F_getErrorName(expected));
    if (expected != 0 && written == 0 && consumed == 0) fail(ErrorKind::bad_data, "", "truncated LZ4");
    used += written;
    packed.remove_prefix(consumed);
  }
  out.resize(used);
  return out;
}

std::vector<std::uint8_t> decompress_zstd(std::string_view packed, std::size_t limit_bytes) {
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(), ZSTD_freeDCtx);
  if (!context) fail(ErrorKind::internal, "", "no Zstandard context");
  std::vector<std::uint8_t> out;
  std::size_t used = 0;
  std::size_t expected = 1;
  ZSTD_inBuffer src{packed.data(), packed.size(), 0};
  while (expected != 0) {
    grow(out, used, limit_bytes);
    ZSTD_outBuffer dst{out.data(), out.size(), used};
    const std::size_t consumed = src.pos;
    expected = ZSTD_decompressStream(context.get(), &dst, &src);
    if (ZSTD_isError(expected))
      fail(ErrorKind::bad_data, "", "corrupt Zstandard: {}", ZSTD_getErrorName(expected));
    if (expected != 0 && dst.pos == used && src.pos == consumed)
      fail(ErrorKind::bad_data, "", "truncated Zstandard");
    used = dst.pos;
  }
  out.resize(used);
  return out;
}

}  // namespace tern::formats
