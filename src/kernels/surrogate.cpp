#include "kernels/surrogate.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace tern::kernels {
namespace {

double logistic(double x) { return 1.0 / (1.0 + std::exp(-x)); }

ParameterInfo alpha_parameter(const char* fallback, const char* summary) {
  return {"alpha", "float", fallback, "> 0", summary};
}

std::array<SurrogateInfo, 8> make_table() {
  return {{
      {{"atan", "derivative of the arc tangent", "Fang et al. 2021, Incorporating Learnable Membrane Time Constant",
        {alpha_parameter("2", "sharpness; the peak is alpha / 2")}}, SurrogateKind::atan, 2.0F},
      {{"sigmoid", "derivative of the logistic function",
        "Zenke and Vogels 2021, The Remarkable Robustness of Surrogate Gradient Learning",
        {alpha_parameter("4", "sharpness; the peak is alpha / 4")}}, SurrogateKind::sigmoid, 4.0F},
      {{"fast-sigmoid", "derivative of x / (1 + alpha |x|), peak 1",
        "Zenke and Ganguli 2018, SuperSpike; scaled as in Eshraghian et al. 2023, snnTorch",
        {alpha_parameter("25", "sharpness; the peak stays 1")}}, SurrogateKind::fast_sigmoid, 25.0F},
      {{"superspike", "alpha / (1 + |x|)^2", "Zenke and Ganguli 2018, SuperSpike; scaled as in SpikingJelly",
        {alpha_parameter("1", "peak; the width stays 1")}}, SurrogateKind::superspike, 1.0F},
      {{"softsign", "derivative of the soft sign",
        "Fang et al. 2023, SpikingJelly: An Open-Source Machine Learning Infrastructure Platform",
        {alpha_parameter("2", "sharpness; the peak is alpha / 2")}}, SurrogateKind::softsign, 2.0F},
      {{"triangle", "piecewise quadratic: a triangle of area 1",
        "Esser et al. 2016, Convolutional Networks for Fast, Energy-Efficient Neuromorphic Computing",
        {alpha_parameter("1", "peak; the half width is 1 / alpha")}}, SurrogateKind::triangle, 1.0F},
      {{"piecewise-exp", "two-sided exponential of area 1",
        "Shrestha and Orchard 2018, SLAYER: Spike Layer Error Reassignment in Time",
        {alpha_parameter("1", "sharpness; the peak is alpha / 2")}}, SurrogateKind::piecewise_exp, 1.0F},
      {{"boxcar", "1 within half a unit of the threshold",
        "Wu et al. 2018, Spatio-Temporal Backpropagation for Training High-Performance Spiking Neural Networks",
        {alpha_parameter("1", "ignored")}}, SurrogateKind::boxcar, 1.0F},
  }};
}

}  // namespace

std::span<const SurrogateInfo> surrogate_table() {
  static const std::array<SurrogateInfo, 8> table = make_table();
  return table;
}

const SurrogateInfo& find_surrogate(std::string_view name) {
  return find_method(surrogate_table(), "surrogate", name,
                     [](const SurrogateInfo& row) -> const MethodInfo& { return row.info; });
}

double surrogate_derivative(SurrogateKind kind, double x, double alpha) {
  const double size = std::abs(x), scaled = alpha * size;
  switch (kind) {
    case SurrogateKind::atan: {
      const double z = std::numbers::pi / 2 * alpha * x;
      return alpha / 2 / (1 + z * z);
    }
    case SurrogateKind::sigmoid: return alpha * logistic(alpha * x) * logistic(-alpha * x);
    case SurrogateKind::fast_sigmoid: return 1 / ((1 + scaled) * (1 + scaled));
    case SurrogateKind::superspike: return alpha / ((1 + size) * (1 + size));
    case SurrogateKind::softsign: return alpha / (2 * (1 + scaled) * (1 + scaled));
    case SurrogateKind::triangle: return std::max(0.0, alpha - alpha * scaled);
    case SurrogateKind::piecewise_exp: return alpha / 2 * std::exp(-scaled);
    case SurrogateKind::boxcar: return size < 0.5 ? 1 : 0;
  }
  return 0;
}

double surrogate_primitive(SurrogateKind kind, double x, double alpha) {
  const double size = std::abs(x), scaled = alpha * size;
  const auto odd = [&](double half) { return 0.5 + std::copysign(half, x); };  // g - 1/2 is odd in every kind
  switch (kind) {
    case SurrogateKind::atan: return 0.5 + std::atan(std::numbers::pi / 2 * alpha * x) / std::numbers::pi;
    case SurrogateKind::sigmoid: return logistic(alpha * x);
    case SurrogateKind::fast_sigmoid: return odd(size / (1 + scaled));
    case SurrogateKind::superspike: return odd(alpha * size / (1 + size));
    case SurrogateKind::softsign: return odd(scaled / (1 + scaled) / 2);
    case SurrogateKind::triangle: return odd(scaled < 1 ? scaled - scaled * scaled / 2 : 0.5);
    case SurrogateKind::piecewise_exp: return odd((1 - std::exp(-scaled)) / 2);
    case SurrogateKind::boxcar: return odd(std::min(size, 0.5));
  }
  return 0;
}

}  // namespace tern::kernels
