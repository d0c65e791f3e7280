#include "compress/step_kind.hpp"

#include "base/error.hpp"
#include "compress/steps/steps.hpp"
#include "learn/torch.hpp"

namespace tern::compress {
namespace {

const StepKind* const table[] = {
    &steps::factorize,
    &steps::prune,
    &steps::channels,
    &steps::quantize,
    &steps::mixed,
    &steps::fold,
    &steps::posttrain,
    &steps::ugs,
};

}  // namespace

std::span<const StepKind* const> step_kind_table() { return table; }

const StepKind& find_step_kind(std::string_view name) {
  std::vector<std::string> known;
  for (const StepKind* kind : table) {
    if (kind->name == name) return *kind;
    known.push_back(kind->name);
  }
  fail_unknown("step", name, known, "plan");
}

}  // namespace tern::compress
