#include "compress/factorize/factorization.hpp"

#include "learn/torch.hpp"

namespace tern::compress {

const std::vector<FactorizationRow>& factorization_table() {
  static const std::vector<FactorizationRow> table{svd_factorization(), spatial_svd_factorization(),
                                                   tucker2_factorization(), cp_factorization(),
                                                   tensor_train_factorization()};
  return table;
}

const FactorizationRow& find_factorization(std::string_view name) {
  return find_method(factorization_table(), "factorization", name,
                     [](const FactorizationRow& row) -> const MethodInfo& { return row.info; }, "plan");
}

at::Tensor squared_spectrum(const at::Tensor& matrix) {
  return at::linalg_svdvals(matrix.detach().to(at::kDouble)).square();
}

}  // namespace tern::compress
