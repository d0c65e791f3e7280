// Bytes that start at a cache line, for weights in the order in which kernels stream them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

namespace tern::kernels {

/// `size` zeroed bytes, aligned to 64, followed by 64 readable ones.
class AlignedBytes {
 public:
  AlignedBytes() = default;
  explicit AlignedBytes(std::size_t size)
      : size_(size), data_(static_cast<std::uint8_t*>(::operator new (size + 64, std::align_val_t{64}))) {
    std::memset(data_.get(), 0, size + 64);
  }

  std::size_t size() const { return size_; }
  std::uint8_t* data() { return data_.get(); }
  const std::uint8_t* data() const { return data_.get(); }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { ::operator delete (bytes, std::align_val_t{64}); }
  };
  std::size_t size_ = 0;
  std::unique_ptr<std::uint8_t, Free> data_;
};

}  // namespace tern::kernels
