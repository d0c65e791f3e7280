#include "engine/plan/draft.hpp"

#include <algorithm>

#include "engine/plan/other_steps.hpp"

namespace tern::engine {

std::size_t Draft::new_storage(const std::string& node, Form form) {
  result_.storages.push_back(storage_of(net_.type(node), form));
  return result_.storages.size() - 1;
}

std::size_t Draft::new_codes(const std::string& node, const CodeGrid& grid) {
  const std::size_t storage = new_storage(node, Form::codes);
  result_.storages[storage].scale = grid.scale;
  result_.storages[storage].offset = grid.offset;
  return storage;
}

void Draft::add(std::unique_ptr<Step> step, const std::string& nodes) {
  step->facts.nodes = nodes;
  result_.steps.push_back(std::move(step));
}

void Draft::add_front(std::unique_ptr<Step> step, const std::string& nodes) {
  step->facts.nodes = nodes;
  result_.steps.insert(result_.steps.begin(), std::move(step));
}

Value& Draft::value(const std::string& node) {
  const auto alias = alias_.find(node);
  return alias == alias_.end() ? values_.at(node) : value(alias->second);
}

std::size_t Draft::floats_of(const std::string& node) {
  Value& v = value(node);
  if (v.floats != none) return v.floats;
  v.floats = new_storage(node, Form::floats);
  if (v.kernel != nullptr)
    v.kernel->write_floats(v.floats);
  else if (v.codes == none && v.bits == none)
    add_front(make_input_step(v.floats), node);
  else
    add(make_to_floats_step(v.codes != none ? v.codes : v.bits, v.floats), node);
  return v.floats;
}

std::size_t Draft::residual_of(const std::string& node) {
  const Value& v = value(node);
  return v.floats == none && v.codes != none ? v.codes : floats_of(node);
}

void Draft::widen(std::size_t storage, std::int64_t h, std::int64_t w) {
  Storage& s = result_.storages[storage];
  s.border_h = std::max(s.border_h, h);
  s.border_w = std::max(s.border_w, w);
}

void Draft::keep_floats_dense() {
  for (const auto& step : result_.steps) {
    if (step->takes_borders()) continue;
    for (const auto* storages : {&step->reads, &step->writes})
      for (const auto storage : *storages) {
        Storage& s = result_.storages[storage];
        if (s.form == Form::floats) s.border_h = s.border_w = 0;
      }
  }
}

LoweredNet Draft::finish() {
  keep_floats_dense();
  for (std::size_t index = 0; index < result_.steps.size(); ++index) {
    for (const auto storage : result_.steps[index]->writes) result_.storages[storage].first_step = index;
    for (const auto storage : result_.steps[index]->reads) result_.storages[storage].last_step = index;
  }
  for (auto& storage : result_.storages) storage.last_step = std::max(storage.last_step, storage.first_step);
  for (auto& step : result_.steps) step->prepare(result_.storages);
  return std::move(result_);
}

}  // namespace tern::engine
