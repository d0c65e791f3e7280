#include "base/error.hpp"
#include "net/types.hpp"

namespace tern::net {

std::int64_t num_elements(const Shape& shape) {
  std::int64_t product = 1;
  for (const auto extent : shape) product *= extent;
  return product;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string_view name_of(Kind kind) {
  return kind == Kind::tensor ? "tensor" : kind == Kind::graph ? "graph" : "assignment";
}

std::string to_string(const TensorType& type) {
  if (type.kind == Kind::graph) return "graph";
  if (type.kind == Kind::assignment) return type.shape.empty() ? "assignment" : "assignment " + to_string(type.shape);
  return fmt::format("[{}N{}{}]", type.has_time ? "T, " : "", type.shape.empty() ? "" : ", ",
                     fmt::join(type.shape, ", "));
}

std::string to_string(const Attribute& value) {
  struct Printer {
    std::string operator()(bool v) const { return v ? "true" : "false"; }
    std::string operator()(std::int64_t v) const { return fmt::format("{}", v); }
    std::string operator()(double v) const { return fmt::format("{}", v); }
    std::string operator()(const std::string& v) const { return '"' + v + '"'; }
    std::string operator()(const std::vector<std::int64_t>& v) const { return to_string(v); }
  };
  return std::visit(Printer{}, value);
}

}  // namespace tern::net
