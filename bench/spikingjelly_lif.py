"""Multi-step LIF of SpikingJelly, torch backend: the peer of bench/lif_bench.cpp, on the same shape and neuron.

usage: spikingjelly_lif.py CHECKOUT
Prints "forward MIN MEDIAN MAX" and "backward MIN MEDIAN MAX" in nanoseconds an element, and "peak MIB" resident.
"""
import resource
import statistics
import sys
import time

sys.path.insert(0, sys.argv[1])
import torch
from spikingjelly.activation_based import functional, neuron, surrogate

WARM_UP, RUNS = 2, 15


def main():
    torch.set_num_threads(1)
    torch.manual_seed(1)
    lif = neuron.LIFNode(tau=2.0, surrogate_function=surrogate.ATan(), detach_reset=True, step_mode="m")
    x = torch.randn(16, 8, 64, 32, 32, requires_grad=True)
    times = {"forward": [], "backward": []}
    for run in range(WARM_UP + RUNS):
        functional.reset_net(lif)
        x.grad = None
        start = time.perf_counter()
        spikes = lif(x)
        middle = time.perf_counter()
        spikes.sum().backward()
        end = time.perf_counter()
        if run >= WARM_UP:
            times["forward"].append(middle - start)
            times["backward"].append(end - middle)
    for name, seconds in times.items():
        ns = [s / x.numel() * 1e9 for s in seconds]
        print(name, "%.4f %.4f %.4f" % (min(ns), statistics.median(ns), max(ns)))
    print("peak", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


main()
