"""The layer and the network of bench_event in torch, dense float32, one thread: prints microseconds."""
import time

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)


def least_us(run, seconds=1.0):
    run()
    least, start = float("inf"), time.perf_counter()
    while time.perf_counter() - start < seconds:
        before = time.perf_counter()
        run()
        least = min(least, time.perf_counter() - before)
    return least * 1e6


def lif(x):
    v, spikes = torch.zeros_like(x[0]), []
    for current in x:
        v = v + (current - v) / 2
        spike = (v >= 1).float()
        v = v * (1 - spike)
        spikes.append(spike)
    return torch.stack(spikes)


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(c, 32, 3, padding=1, bias=False) for c in (2, 32, 32))
        self.norms = nn.ModuleList(nn.BatchNorm2d(32) for _ in range(3))
        self.classes = nn.Linear(2048, 11)

    def forward(self, x):
        steps, n = x.shape[:2]
        for conv, norm in zip(self.convs, self.norms):
            current = norm(conv(x.flatten(0, 1)))
            x = lif(current.view(steps, n, *current.shape[1:]))
            x = F.max_pool2d(x.flatten(0, 1), 2)
            x = x.view(steps, n, *x.shape[1:])
        return self.classes(x.flatten(2)).mean(0)


with torch.no_grad():
    conv = nn.Conv2d(128, 128, 3, padding=1, bias=False)
    spikes = (torch.rand(4, 128, 32, 32) < 0.05).float()
    print(f"layer {least_us(lambda: lif(conv(spikes).unsqueeze(1))):.1f} us,", end=" ")
    network = Network().eval()
    events = (torch.rand(8, 1, 2, 64, 64) < 0.05).float()
    print(f"network {least_us(lambda: network(events)):.1f} us")
