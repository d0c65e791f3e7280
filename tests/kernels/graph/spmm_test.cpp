#include "kernels/graph/spmm.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>

#include "kernels/each_isa.hpp"
#include "kernels/graph/bf16.hpp"
#include "kernels/graph/sddmm.hpp"

namespace tern::kernels {
namespace {

/// A random matrix with empty rows, rows of one entry and one row that holds every column.
struct Matrix {
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col;
  std::vector<float> value;
  std::int64_t rows, columns;
  Csr csr() const { return {rows, columns, rowptr.data(), col.data(), value.data()}; }
  Csr ones() const { return {rows, columns, rowptr.data(), col.data(), nullptr}; }
};

Matrix random_matrix(std::int64_t rows, std::int64_t columns, double mean, std::uint64_t seed) {
  Rng rng(seed);
  Matrix out{{0}, {}, {}, rows, columns};
  for (std::int64_t r = 0; r < rows; ++r) {
    const double density = r == rows / 2 ? 1 : r % 3 == 0 ? 0 : mean * 1.5 / static_cast<double>(columns);
    for (std::int32_t c = 0; c < columns; ++c)
      if (rng.uniform() < density) {
        out.col.push_back(c);
        out.value.push_back(static_cast<float>(rng.normal()));
      }
    out.rowptr.push_back(static_cast<std::int64_t>(out.col.size()));
  }
  return out;
}

using Doubles = std::vector<double>;
std::size_t at(std::int64_t i) {
  return static_cast<std::size_t>(i);
}

/// The formula of SpmmTerms. `magnitude` gets the sum of absolute products, for the tolerance.
Doubles expected_of(const Csr& a, std::int64_t f, const std::vector<float>& src, const SpmmTerms& t,
                    Doubles* magnitude) {
  Doubles out(at(a.rows * f), 0.0);
  magnitude->assign(out.size(), 0.0);
  for (std::int64_t u = 0; u < a.rows; ++u) {
    const double row = t.row != nullptr ? t.row[u] : 1;
    for (std::int64_t k = 0; k < f; ++k) {
      double& sum = out[at(u * f + k)];
      double& size = (*magnitude)[at(u * f + k)];
      for (std::int64_t e = a.rowptr[u]; e < a.rowptr[u + 1]; ++e) {
        const std::int64_t p = t.entry != nullptr ? t.entry[e] : e;
        double w = a.value != nullptr ? a.value[p] : 1;
        if (t.keep != nullptr && t.keep[p] == 0) w = 0;
        if (t.column != nullptr) w *= t.column[a.col[e]];
        const double product = row * w * src[at(a.col[e] * f + k)];
        sum += product;
        size += std::abs(product);
      }
      if (t.self == nullptr) continue;
      const double product = static_cast<double>(t.self[u]) * src[at(u * f + k)];
      sum += product;
      size += std::abs(product);
    }
  }
  return out;
}

void expect_product(const Csr& a, std::int64_t f, const SpmmTerms& terms, std::uint64_t seed) {
  SCOPED_TRACE(::testing::Message() << a.rows << " x " << a.columns << ", f " << f);
  const std::vector<float> src = normals(a.columns * f, seed);
  Doubles magnitude;
  const Doubles expected = expected_of(a, f, src, terms, &magnitude);
  each_isa([&] {
    std::vector<float> first;
    each_thread_count([&] {
      std::vector<float> dst(at(a.rows * f), -7.0F);
      spmm(a, f, src.data(), dst.data(), terms);
      for (std::size_t i = 0; i < dst.size(); ++i)
        ASSERT_NEAR(dst[i], expected[i], 4e-6 * magnitude[i] + 1e-30) << "place " << i;
      if (first.empty()) first = dst;
      ASSERT_EQ(first, dst) << "the number of threads changed the result";
    });
  });
}

TEST(Spmm, EqualsTheSumsAtEveryWidth) {
  const Matrix a = random_matrix(70, 50, 6, 1);
  for (std::int64_t f = 1; f <= 40; ++f) expect_product(a.csr(), f, {}, static_cast<std::uint64_t>(f));
  for (const std::int64_t f : {47, 63, 64, 65, 127, 128, 129, 240, 255, 256, 257, 300, 530})
    expect_product(f % 2 == 0 ? a.ones() : a.csr(), f, {}, static_cast<std::uint64_t>(f));
}

TEST(Spmm, FusesEveryTerm) {
  const Matrix a = random_matrix(90, 90, 5, 2);
  const std::vector<float> row = normals(90, 1), column = normals(90, 2), self = normals(90, 3);
  Rng rng(4);
  std::vector<std::uint8_t> keep(a.col.size());
  for (auto& k : keep) k = rng.below(2) == 1;
  const auto order = permutation(static_cast<std::int64_t>(a.col.size()), rng);
  for (int mask = 0; mask < 32; ++mask) {
    const SpmmTerms terms{mask & 1 ? row.data() : nullptr, mask & 2 ? column.data() : nullptr,
                          mask & 4 ? self.data() : nullptr, mask & 8 ? keep.data() : nullptr,
                          mask & 16 ? order.data() : nullptr};
    expect_product(mask % 3 == 0 ? a.ones() : a.csr(), 19, terms, static_cast<std::uint64_t>(mask));
  }
}

TEST(Spmm, RandomShapes) {
  Rng rng(11);
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const auto rows = static_cast<std::int64_t>(1 + rng.below(60)),
               columns = static_cast<std::int64_t>(1 + rng.below(80));
    const Matrix a = random_matrix(rows, columns, static_cast<double>(rng.below(10)), seed);
    expect_product(a.csr(), static_cast<std::int64_t>(1 + rng.below(70)), {}, seed);
  }
}

TEST(Spmm, LargeEnoughForThreadsPrefetchAndStreams) {
  const std::int64_t n = 34000, f = 128;  // src and dst beyond 16 MiB
  Rng rng(3);
  std::vector<std::int64_t> rowptr{0};
  std::vector<std::int32_t> col;
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::uint64_t k = rng.below(5); k > 0; --k)
      col.push_back(static_cast<std::int32_t>(rng.below(static_cast<std::uint64_t>(n))));
    rowptr.push_back(static_cast<std::int64_t>(col.size()));
  }
  const Csr a{n, n, rowptr.data(), col.data(), nullptr};
  const auto buffer = [&] {
    return std::unique_ptr<float, decltype(&std::free)>(
        static_cast<float*>(std::aligned_alloc(64, at(n * f) * sizeof(float))), std::free);
  };
  const auto src = buffer(), dst = buffer();
  for (std::int64_t i = 0; i < n * f; ++i) src.get()[i] = static_cast<float>(i % 31);
  each_isa([&] {
    each_thread_count([&] {
      std::fill(dst.get(), dst.get() + n * f, -1.0F);
      spmm(a, f, src.get(), dst.get());
      for (std::int64_t r = 0; r < n; r += 7)
        for (const std::int64_t k : {std::int64_t{0}, std::int64_t{77}, f - 1}) {
          float sum = 0;  // small integers: exact in any order
          for (std::int64_t e = rowptr[at(r)]; e < rowptr[at(r) + 1]; ++e)
            sum += src.get()[col[at(e)] * f + k];
          ASSERT_EQ(dst.get()[r * f + k], sum) << r << ", " << k;
        }
    });
  });
}

TEST(Spmm, NothingIsLeftOfEmptyMatrices) {
  const std::int64_t rowptr[] = {0, 0, 0, 0};
  std::vector<float> src(5, 1), dst(15, 3);
  each_isa([&] {
    std::fill(dst.begin(), dst.end(), 3.0F);
    spmm({3, 1, rowptr, nullptr, nullptr}, 5, src.data(), dst.data());
    EXPECT_EQ(dst, std::vector<float>(15, 0.0F));
    spmm({0, 1, rowptr, nullptr, nullptr}, 5, src.data(), dst.data());
  });
}

TEST(Spmm, TheTransposeIsTheAdjoint) {
  const Matrix a = random_matrix(60, 40, 6, 5);
  // The transpose by counting, with the place of each entry in the original.
  std::vector<std::int64_t> rowptr(41, 0), entry(a.col.size());
  std::vector<std::int32_t> col(a.col.size());
  for (const std::int32_t c : a.col) ++rowptr[at(c) + 1];
  for (std::size_t r = 0; r < 40; ++r) rowptr[r + 1] += rowptr[r];
  std::vector<std::int64_t> next(rowptr.begin(), rowptr.end() - 1);
  for (std::int64_t u = 0; u < 60; ++u)
    for (std::int64_t e = a.rowptr[at(u)]; e < a.rowptr[at(u) + 1]; ++e) {
      const std::int64_t place = next[at(a.col[at(e)])]++;
      col[at(place)] = static_cast<std::int32_t>(u);
      entry[at(place)] = e;
    }
  Rng rng(6);
  std::vector<std::uint8_t> keep(a.col.size());
  for (auto& k : keep) k = rng.below(4) != 0;
  const std::int64_t f = 21;
  const std::vector<float> x = normals(40 * f, 1), g = normals(60 * f, 2), row = normals(60, 3),
                           column = normals(40, 4);
  each_isa([&] {
    std::vector<float> y(at(60 * f)), grad(at(40 * f));
    spmm(a.csr(), f, x.data(), y.data(), {row.data(), column.data(), nullptr, keep.data(), nullptr});
    spmm({40, 60, rowptr.data(), col.data(), a.value.data()}, f, g.data(), grad.data(),
         {column.data(), row.data(), nullptr, keep.data(), entry.data()});
    double forward = 0, backward = 0, size = 0;
    for (std::size_t i = 0; i < y.size(); ++i)
      forward += y[i] * static_cast<double>(g[i]), size += std::abs(y[i] * g[i]);
    for (std::size_t i = 0; i < grad.size(); ++i) backward += grad[i] * static_cast<double>(x[i]);
    EXPECT_NEAR(forward, backward, 1e-6 * size);
  });
}

TEST(SpmmBf16, EqualsTheProductOfTheRoundedSource) {
  const Matrix a = random_matrix(50, 45, 6, 8);
  for (const std::int64_t f : {1, 7, 8, 16, 17, 31, 64, 100, 128, 200, 270}) {
    std::vector<float> src = normals(45 * f, static_cast<std::uint64_t>(f)), expected(at(50 * f)),
                       dst(at(50 * f));
    std::vector<std::uint16_t> half(src.size()), half_dst(dst.size()), half_expected(dst.size());
    to_bf16(45 * f, src.data(), half.data());
    from_bf16(45 * f, half.data(), src.data());
    each_isa([&] {
      spmm(a.csr(), f, src.data(), expected.data());
      spmm(a.csr(), f, half.data(), dst.data());
      ASSERT_EQ(dst, expected);  // the same sums in the same order
      spmm(a.csr(), f, half.data(), half_dst.data());
      to_bf16(50 * f, expected.data(), half_expected.data());
      ASSERT_EQ(half_dst, half_expected);
    });
  }
}

TEST(Sddmm, EqualsTheDotProducts) {
  const Matrix a = random_matrix(60, 40, 5, 9);
  for (const std::int64_t f : {1, 3, 15, 16, 17, 33, 64, 65, 128, 200}) {
    const std::vector<float> x = normals(60 * f, 1), y = normals(40 * f, 2);
    each_isa([&] {
      each_thread_count([&] {
        for (const Csr& m : {a.csr(), a.ones()}) {
          std::vector<float> dst(a.col.size(), -1);
          sddmm(m, f, x.data(), y.data(), dst.data());
          for (std::int64_t u = 0; u < 60; ++u)
            for (std::int64_t e = a.rowptr[at(u)]; e < a.rowptr[at(u) + 1]; ++e) {
              double dot = 0, size = 0;
              for (std::int64_t k = 0; k < f; ++k) {
                const double p = static_cast<double>(x[at(u * f + k)]) * y[at(a.col[at(e)] * f + k)];
                dot += p, size += std::abs(p);
              }
              const double value = m.value != nullptr ? m.value[e] : 1;
              ASSERT_NEAR(dst[at(e)], value * dot, 1e-5 * size * std::abs(value) + 1e-30);
            }
        }
      });
    });
  }
}

}  // namespace
}  // namespace tern::kernels
