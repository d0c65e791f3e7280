// Reading a claim back from the store. Private to `report`.
#pragma once

#include <string>

#include "report/result_store.hpp"

namespace tern::report {

/// The inverse of Worker::text(); damaged text gives a worker that is never gone (its heartbeat decides).
Worker parse_worker(const std::string& text);

/// True when the worker ran on this host and its process is no more. False for other hosts: nobody knows.
bool is_gone(const Worker& worker);

}  // namespace tern::report
