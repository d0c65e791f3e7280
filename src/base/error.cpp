#include "base/error.hpp"

#include <utility>

namespace tern {

std::string_view name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::usage: return "usage";
    case ErrorKind::bad_data: return "bad data";
    case ErrorKind::io: return "input/output";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::interrupted: return "interrupted";
    case ErrorKind::internal: return "internal";
  }
  return "unknown";
}

Error::Error(ErrorKind kind, std::string message, std::string place)
    : kind_(kind), message_(std::move(message)), place_(std::move(place)) {
  text_ = place_.empty() ? message_ : place_ + ": " + message_;
}

Error Error::within(std::string_view outer) const {
  std::string place(outer);
  if (!place_.empty()) place += place.empty() ? place_ : ": " + place_;
  return Error(kind_, message_, std::move(place));
}

}  // namespace tern
