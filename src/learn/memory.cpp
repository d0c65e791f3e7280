#include "learn/memory.hpp"

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tern::learn {

void keep_freed_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);
#endif
}

}  // namespace tern::learn
