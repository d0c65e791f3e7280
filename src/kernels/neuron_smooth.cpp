#include "kernels/neuron_smooth.hpp"

#include <vector>

#include "kernels/surrogate.hpp"

namespace tern::kernels {
namespace {

/// Membranes of one column: `u` before a delayed reset, `h` at firing, `s` what is emitted.
struct Column {
  std::vector<double> u, h, s;
  explicit Column(std::int64_t num_steps)
      : u(static_cast<std::size_t>(num_steps)), h(u.size()), s(u.size()) {}
};

double reset_membrane(const NeuronParameters& p, double h, double s) {
  if (p.reset == Reset::hard) return s * p.v_reset + (1 - s) * h;
  return p.reset == Reset::soft ? h - p.v_threshold * s : h;
}

void charge(const NeuronJob& job, std::int64_t column, Column& out) {
  const NeuronParameters& p = job.parameters;
  const std::size_t c = static_cast<std::size_t>(job.scale ? column % job.channels : 0);
  double v = p.v_rest, fired = 0;
  for (std::size_t t = 0; t < out.h.size(); ++t) {
    double current = job.x[static_cast<std::int64_t>(t) * job.size + column];
    if (job.scale) current = double{job.scale[c]} * current + job.shift[c];
    out.u[t] = p.decay * v + (p.gain * current + p.offset);
    out.h[t] = p.reset_delay ? reset_membrane(p, out.u[t], fired) : out.u[t];
    out.s[t] = surrogate_primitive(p.surrogate, out.h[t] - p.v_threshold, p.surrogate_alpha);
    v = p.reset_delay ? out.h[t] : reset_membrane(p, out.h[t], out.s[t]);
    fired = out.s[t];
  }
}

/// Derivatives of reset_membrane by h and by s.
double reset_by_h(const NeuronParameters& p, double s) {
  return p.reset == Reset::hard ? 1 - s : 1;
}
double reset_by_s(const NeuronParameters& p, double h) {
  if (p.detach_reset || p.reset == Reset::none) return 0;
  return p.reset == Reset::hard ? p.v_reset - h : -double{p.v_threshold};
}

/// grad[t] = dL/du[t] for dL/ds[t] = grad_s[t].
void backpropagate(const NeuronParameters& p, const Column& column, const std::vector<double>& grad_s,
                   std::vector<double>& grad) {
  double grad_v = 0, late = 0;  // dL/dV[t]; dL/ds[t] through a delayed reset
  for (std::size_t t = grad.size(); t-- > 0;) {
    const double h = column.h[t], s = column.s[t];
    const double d = surrogate_derivative(p.surrogate, h - p.v_threshold, p.surrogate_alpha);
    if (!p.reset_delay) {
      grad[t] = (grad_s[t] + grad_v * reset_by_s(p, h)) * d + grad_v * reset_by_h(p, s);
    } else {
      const double grad_h = (grad_s[t] + late) * d + grad_v, earlier = t > 0 ? column.s[t - 1] : 0;
      late = grad_h * reset_by_s(p, column.u[t]);
      grad[t] = grad_h * reset_by_h(p, earlier);
    }
    grad_v = p.decay * grad[t];
  }
}

}  // namespace

void smooth_forward(const NeuronJob& job, std::int64_t first, std::int64_t last) {
  Column column(job.num_steps);
  for (std::int64_t c = first; c < last; ++c) {
    charge(job, c, column);
    for (std::int64_t t = 0; t < job.num_steps; ++t)
      job.dst[t * job.size + c] = static_cast<float>(column.s[static_cast<std::size_t>(t)]);
  }
}

void smooth_backward(const NeuronJob& job, std::int64_t first, std::int64_t last, double* sum_grad,
                     double* sum_grad_x) {
  Column column(job.num_steps);
  std::vector<double> grad_s(column.h.size()), grad(column.h.size());
  for (std::int64_t c = first; c < last; ++c) {
    charge(job, c, column);
    for (std::size_t t = 0; t < grad.size(); ++t)
      grad_s[t] = job.grad_spikes[static_cast<std::int64_t>(t) * job.size + c];
    backpropagate(job.parameters, column, grad_s, grad);
    for (std::size_t t = 0; t < grad.size(); ++t) {
      const std::int64_t at = static_cast<std::int64_t>(t) * job.size + c;
      const double grad_x = job.parameters.gain * grad[t];
      job.dst[at] = static_cast<float>(grad_x);
      if (!sum_grad) continue;
      sum_grad[c % job.channels] += grad_x;
      sum_grad_x[c % job.channels] += grad_x * job.x[at];
    }
  }
}

}  // namespace tern::kernels
