// Surrogate gradients: smooth functions whose derivative stands in for that of the spike's step.
#pragma once

#include <span>
#include <string_view>

#include "base/registry.hpp"
#include "kernels/surrogate_kind.hpp"

namespace tern::kernels {

/// One row of the registry. `default_alpha` is the sharpness used where a Net says 0.
struct SurrogateInfo {
  MethodInfo info;
  SurrogateKind kind;
  float default_alpha;
};

/// Every surrogate, in the order of SurrogateKind.
std::span<const SurrogateInfo> surrogate_table();

/// The row called `name` ("atan", "fast-sigmoid", ...). Errors: ErrorKind::usage, listing the known names.
const SurrogateInfo& find_surrogate(std::string_view name);

/// g'(x), x = H - v_threshold, with a = alpha > 0 (boxcar ignores it):
///
///   atan           (a/2) / (1 + (pi a x / 2)^2)        a = 2
///   sigmoid        a s(a x) (1 - s(a x))               a = 4, s the logistic function
///   fast-sigmoid   1 / (1 + a |x|)^2                   a = 25
///   superspike     a / (1 + |x|)^2                     a = 1
///   softsign       a / (2 (1 + |a x|)^2)               a = 2
///   triangle       max(0, a - a^2 |x|)                 a = 1
///   piecewise-exp  (a/2) exp(-a |x|)                   a = 1
///   boxcar         1 where |x| < 1/2, else 0
///
/// Peaks g'(0) differ 25 times between kinds: store kind and alpha with every result. This is the specification,
/// computed in double; the kernels compute it in float within 16 units in the last place of the peak.
/// Source: the papers in the table; parametrised as in SpikingJelly and snnTorch.
double surrogate_derivative(SurrogateKind kind, double x, double alpha);

/// g(x), the primitive of g' with g(0) = 1/2: the smooth stand-in for the step, for gradient checks.
double surrogate_primitive(SurrogateKind kind, double x, double alpha);

}  // namespace tern::kernels
