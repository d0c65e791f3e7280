#include "kernels/surrogate.hpp"

#include <cmath>

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "kernels/each_isa.hpp"
#include "kernels/neuron.hpp"

namespace tern::kernels {
namespace {

TEST(Surrogate, TableIsInTheOrderOfTheKinds) {
  int place = 0;
  for (const SurrogateInfo& row : surrogate_table()) {
    EXPECT_EQ(static_cast<int>(row.kind), place++);
    EXPECT_FALSE(row.info.source.empty());
    EXPECT_EQ(&find_surrogate(row.info.name), &row);
  }
  EXPECT_EQ(place, 8);
}

TEST(Surrogate, UnknownNameSuggestsTheNearest) {
  try {
    find_surrogate("softsing");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(error.message().find("did you mean 'softsign'"), std::string::npos) << error.message();
  }
}

TEST(Surrogate, PeaksAreThoseOfTheirPapers) {
  const double peaks[] = {1, 1, 1, 1, 1, 1, 0.5, 1};  // at the default alpha
  for (const SurrogateInfo& row : surrogate_table())
    EXPECT_DOUBLE_EQ(surrogate_derivative(row.kind, 0, row.default_alpha), peaks[static_cast<int>(row.kind)])
        << row.info.name;
}

TEST(Surrogate, DerivativeIsThatOfThePrimitive) {
  for (const SurrogateInfo& row : surrogate_table())
    for (const double alpha : {1.0, 2.5, 10.0})
      for (double x = -1.237; x < 1.3; x += 0.05) {
        const double step = 1e-6;
        const double slope = (surrogate_primitive(row.kind, x + step, alpha) -
                              surrogate_primitive(row.kind, x - step, alpha)) /
                             (2 * step);
        EXPECT_NEAR(surrogate_derivative(row.kind, x, alpha), slope, 1e-4 * alpha)
            << row.info.name << " at " << x;
      }
}

// One step without reset and a gradient of 1 lays the kernel's g' bare.
TEST(Surrogate, KernelsComputeTheSpecification) {
  std::vector<float> x;
  for (double v = -90; v < 90; v += 0.11) x.push_back(static_cast<float>(v < 0 ? -v * v / 90 : v * v / 90));
  const std::vector<float> ones(x.size(), 1.0F);
  std::vector<float> grad(x.size());
  each_isa([&] {
    for (const SurrogateInfo& row : surrogate_table()) {
      NeuronParameters p{.v_threshold = 0, .reset = Reset::none, .surrogate = row.kind};
      for (const float alpha : {row.default_alpha, 3.0F}) {
        p.surrogate_alpha = alpha;
        neuron_backward(p, 1, static_cast<std::int64_t>(x.size()), x.data(), ones.data(), grad.data());
        const double bound = 16 * std::ldexp(1.0, -24) * surrogate_derivative(row.kind, 0, alpha);
        for (std::size_t i = 0; i < x.size(); ++i)
          EXPECT_NEAR(grad[i], surrogate_derivative(row.kind, x[i], alpha), bound)
              << row.info.name << " at " << x[i];
      }
    }
  });
}

}  // namespace
}  // namespace tern::kernels
