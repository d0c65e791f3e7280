#include "engine/plan/footprint.hpp"

#include <variant>

namespace tern::engine {
namespace {

constexpr std::size_t map_node = 4 * sizeof(void*);  // colour, parent and two children beside each value of a std::map
constexpr std::size_t allocator = 2 * sizeof(void*);  // what an allocator adds to a block, rounding included

std::size_t block(std::size_t bytes) { return bytes == 0 ? 0 : bytes + allocator; }

/// Short texts lie in the string itself.
std::size_t heap_of(const std::string& text) { return text.capacity() > std::string().capacity() ? block(text.capacity() + 1) : 0; }

std::size_t heap_of(const net::Attribute& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return heap_of(*text);
  if (const auto* list = std::get_if<std::vector<std::int64_t>>(&value)) return block(list->capacity() * sizeof(std::int64_t));
  return 0;
}

}  // namespace

std::size_t held_bytes(const net::Net& net) {
  std::size_t bytes = block(net.nodes().capacity() * (sizeof(net::Node) + sizeof(net::TensorType)));
  for (const auto& node : net.nodes()) {
    bytes += 2 * heap_of(node.name) + heap_of(node.op) + block(node.inputs.capacity() * sizeof(std::string));
    for (const auto& input : node.inputs) bytes += heap_of(input);
    for (const auto& [name, value] : node.attributes)
      bytes += block(map_node + sizeof(std::pair<const std::string, net::Attribute>)) + heap_of(name) + heap_of(value);
    bytes += block(map_node + sizeof(std::pair<const std::string, std::size_t>));  // of the index by name
    bytes += block(net.type(node.name).shape.capacity() * sizeof(std::int64_t));
  }
  return bytes;
}

std::size_t held_bytes(const StepFacts& facts) {
  std::size_t bytes = heap_of(facts.nodes) + heap_of(facts.kernel) + block(facts.candidates.capacity() * sizeof(facts.candidates[0]));
  for (const auto& [kernel, time] : facts.candidates) bytes += heap_of(kernel);
  return bytes;
}

}  // namespace tern::engine
