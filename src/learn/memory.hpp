// Memory of long-running training.
#pragma once

namespace tern::learn {

/// Keeps freed blocks in the process. By default the C library gives every large tensor back to the system and gets it
/// anew, page by page: more than half the time of a small network's training step. Call once, at program start.
void keep_freed_memory();

}  // namespace tern::learn
