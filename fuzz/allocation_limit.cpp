#include "allocation_limit.hpp"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <new>

#include <malloc.h>

namespace {

std::atomic<std::size_t> allocated{0}, most{0};
std::size_t before = 0, limit = 0;
const char* limit_name = nullptr;

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  const std::size_t now = allocated += malloc_usable_size(memory);
  std::size_t seen = most;
  while (now > seen && !most.compare_exchange_weak(seen, now)) {
  }
  if (limit_name != nullptr && now > before && now - before > limit) {
    std::fprintf(stderr, "%s: %zu bytes are allocated, allowed are %zu\n", limit_name, now - before, limit);
    std::abort();
  }
  return memory;
}

void released(void* memory) {
  if (memory == nullptr) return;
  allocated -= malloc_usable_size(memory);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) { return counted(std::malloc(size == 0 ? 1 : size)); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  void* const memory = std::malloc(size == 0 ? 1 : size);
  return memory == nullptr ? nullptr : counted(memory);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, (size + step - 1) / step * step));
}
void operator delete(void* memory) noexcept { released(memory); }
void operator delete(void* memory, std::size_t) noexcept { released(memory); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { released(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { released(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { released(memory); }

namespace tern::fuzz {

AllocationLimit::AllocationLimit(const char* what, std::size_t bytes) {
  before = allocated;
  most = before;
  limit = bytes;
  limit_name = what;
}
AllocationLimit::~AllocationLimit() { limit_name = nullptr; }
std::size_t AllocationLimit::peak() const { return most - before; }

}  // namespace tern::fuzz
