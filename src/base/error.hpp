// The one exception type of Tern.
//
// `base` is the short list of things that every folder speaks: errors, seeds, atomic files, progress, logging,
// threads, registries and hashes. It knows nothing of networks.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace tern {

/// What went wrong, coarsely enough to act upon.
enum class ErrorKind {
  usage,        ///< the caller asked for something that does not exist or contradicts itself (exit code 2)
  bad_data,     ///< a file or a value is corrupt, truncated, mislabelled or out of range
  io,           ///< the operating system refused: no such file, disk full, no permission
  unsupported,  ///< valid, but this reader cannot serve it
  interrupted,  ///< the user stopped the job; a checkpoint was written where there is one
  internal      ///< our own mistake
};

std::string_view name_of(ErrorKind kind);

/// Ends a job. `place` says where: a file with an offset, a node, a key in a configuration; may be empty.
/// `what()` is "place: message".
class Error : public std::exception {
 public:
  Error(ErrorKind kind, std::string message, std::string place = {});

  ErrorKind kind() const noexcept { return kind_; }
  const std::string& message() const noexcept { return message_; }
  const std::string& place() const noexcept { return place_; }
  const char* what() const noexcept override { return text_.c_str(); }

  /// The same error seen from further out: `outer` is put before the place.
  Error within(std::string_view outer) const;

 private:
  ErrorKind kind_;
  std::string message_;
  std::string place_;
  std::string text_;
};

/// Throws Error{kind, formatted message, place}.
template <typename... Args>
[[noreturn]] void fail(ErrorKind kind, std::string_view place, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(kind, fmt::format(format, std::forward<Args>(args)...), std::string(place));
}

}  // namespace tern
