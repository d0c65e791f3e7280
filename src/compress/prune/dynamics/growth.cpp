#include "compress/prune/dynamics/growth.hpp"

#include "compress/prune/dynamics/rigl.hpp"
#include "compress/prune/dynamics/set.hpp"
#include "compress/prune/dynamics/snfs.hpp"
#include "compress/prune/dynamics/topkast.hpp"
#include "learn/torch.hpp"

namespace tern::compress {

const std::vector<SparseTrainingRow>& growth_table() {
  static const std::vector<SparseTrainingRow> table{
      {set_info(), make_set},
      {rigl_info(), make_rigl},
      {snfs_info(), make_snfs},
      {topkast_info(), make_topkast},
  };
  return table;
}

const SparseTrainingRow& find_growth(std::string_view name) {
  return find_method(growth_table(), "sparse training method", name,
                     [](const SparseTrainingRow& row) -> const MethodInfo& { return row.info; });
}

}  // namespace tern::compress
