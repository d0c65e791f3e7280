// What the engine's public calls return: a value, or an error to look at. Nothing is thrown.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tern::engine {

/// Whose move it is.
enum class EngineErrorKind {
  io,             ///< the system's: no such file, no permission
  bad_model,      ///< the model's maker: the file is corrupt, or the model contradicts itself
  unsupported,    ///< ours or a newer build's: valid, but this engine cannot run it
  bad_input,      ///< the caller's: frames of another size than the Net's input
  out_of_memory,  ///< the machine's
  internal        ///< ours: a mistake
};

std::string_view name_of(EngineErrorKind kind);

/// `message` gives the name, the expectation and the value.
struct EngineError {
  EngineErrorKind kind = EngineErrorKind::internal;
  std::string message;
};

/// A T or an EngineError. Made from either without ceremony: `return 3;` or `return EngineError{...};`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(EngineError error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  /// REQUIRES: ok(); otherwise std::bad_variant_access, the caller's mistake.
  const T& value() const& { return std::get<0>(state_); }
  T& value() & { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  const T& operator*() const& { return value(); }
  T& operator*() & { return value(); }
  const T* operator->() const { return &value(); }
  T* operator->() { return &value(); }

  /// REQUIRES: !ok(); otherwise std::bad_variant_access.
  const EngineError& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, EngineError> state_;
};

}  // namespace tern::engine
