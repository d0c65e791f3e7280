#include "cost/encoding.hpp"

#include <cmath>
#include <vector>

#include "base/error.hpp"

namespace tern::cost {
namespace {

double bits_to_name(double count) {
  return count > 1 ? std::ceil(std::log2(count)) : 0;
}

double nonzeros(const TensorStatistics& tensor) {
  return tensor.elements() * tensor.density;
}

StoredBits stored_dense(const TensorStatistics& tensor) {
  return {tensor.elements() * tensor.bits, 0};
}

StoredBits stored_rle(const TensorStatistics& tensor) {
  if (tensor.density <= 0) return {};
  const double full_run = std::pow(1 - tensor.density, std::ldexp(1.0, tensor.run_bits));
  const double entries = nonzeros(tensor) / (1 - full_run);
  return {entries * tensor.bits, entries * tensor.run_bits};
}

StoredBits stored_cp(const TensorStatistics& tensor) {
  return {nonzeros(tensor) * tensor.bits, nonzeros(tensor) * bits_to_name(tensor.row_length)};
}

StoredBits stored_uop(const TensorStatistics& tensor) {
  StoredBits stored = stored_cp(tensor);
  stored.metadata += (tensor.rows + 1) * bits_to_name(tensor.elements() + 1);
  return stored;
}

StoredBits stored_bitmask(const TensorStatistics& tensor) {
  return {nonzeros(tensor) * tensor.bits, tensor.elements()};
}

const EncodingInfo table[] = {
    {Encoding::dense, {"dense", "every element: N b bits", "", {}}, stored_dense},
    {Encoding::rle,
     {"rle",
      "each non-zero after the length of its run of zeros: nnz (b + r) bits and escapes",
      "Chen et al. 2017, Eyeriss",
      {{"run_length_bits", "int", "4", "1..16", "width of the counter (of the accelerator)"}}},
     stored_rle},
    {Encoding::cp,
     {"cp",
      "each non-zero with its coordinate in the row: nnz (b + ceil(log2 row)) bits",
      "Wu et al. 2022, Sparseloop",
      {}},
     stored_cp},
    {Encoding::uop,
     {"uop",
      "cp with an offset pair a row (CSR): cp + (rows + 1) ceil(log2(N + 1)) bits",
      "Wu et al. 2022, Sparseloop",
      {}},
     stored_uop},
    {Encoding::bitmask,
     {"bitmask", "one bit an element, then the non-zeros: N + nnz b bits", "Wu et al. 2022, Sparseloop", {}},
     stored_bitmask},
};

}  // namespace

std::span<const EncodingInfo> encoding_table() {
  return table;
}

const EncodingInfo& encoding_info(Encoding encoding) {
  return table[static_cast<std::size_t>(encoding)];
}

std::string_view name_of(Encoding encoding) {
  return encoding_info(encoding).info.name;
}

Encoding find_encoding(std::string_view name, std::string_view place) {
  const auto info = [](const EncodingInfo& row) -> const MethodInfo& { return row.info; };
  return find_method(table, "encoding", name, info, place).encoding;
}

StoredBits stored_bits(Encoding encoding, const TensorStatistics& tensor) {
  return encoding_info(encoding).stored(tensor);
}

Encoding cheapest_encoding(std::span<const Encoding> allowed, const TensorStatistics& tensor) {
  if (allowed.empty()) return Encoding::dense;
  Encoding best = allowed.front();
  for (const Encoding candidate : allowed)
    if (stored_bits(candidate, tensor).total() < stored_bits(best, tensor).total()) best = candidate;
  return best;
}

}  // namespace tern::cost
