// What stands between exceptions inside and results outside. Private to the engine.
#pragma once

#include <new>
#include <stdexcept>

#include "base/error.hpp"
#include "engine/result.hpp"

namespace tern::engine {

inline EngineErrorKind kind_of(ErrorKind kind, EngineErrorKind usage) {
  switch (kind) {
    case ErrorKind::usage: return usage;
    case ErrorKind::bad_data: return EngineErrorKind::bad_model;
    case ErrorKind::io: return EngineErrorKind::io;
    case ErrorKind::unsupported: return EngineErrorKind::unsupported;
    case ErrorKind::interrupted:
    case ErrorKind::internal: return EngineErrorKind::internal;
  }
  return EngineErrorKind::internal;
}

/// Calls `action` and turns whatever it throws into an EngineError; ErrorKind::usage becomes `usage`.
template <class T, class Action>
Result<T> guarded(EngineErrorKind usage, Action action) {
  // Short enough to need no memory of its own.
  const auto no_memory = [] { return EngineError{EngineErrorKind::out_of_memory, "out of memory"}; };
  try {
    return action();
  } catch (const Error& error) {
    return EngineError{kind_of(error.kind(), usage), error.what()};
  } catch (const std::bad_alloc&) {
    return no_memory();
  } catch (const std::length_error&) {
    return no_memory();
  } catch (const std::exception& error) {
    return EngineError{EngineErrorKind::internal, error.what()};
  } catch (...) {
    return EngineError{EngineErrorKind::internal, "unknown"};
  }
}

}  // namespace tern::engine
