"""Torch's side of bench_graph: prints the minimum and median seconds of one product.

usage: torch_graph.py RUNS spmm NODES EDGES F REACH | torch_graph.py RUNS features NODES WORDS HIDDEN ENTRIES
"""
import os
import statistics
import sys
import time

import torch

torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
runs, kind = int(sys.argv[1]), sys.argv[2]
numbers = [int(text) for text in sys.argv[3:]]
torch.manual_seed(1)

if kind == "spmm":
    nodes, edges, f, reach = numbers
    source = torch.randint(nodes, (edges,))
    target = torch.randint(nodes, (edges,))
    if reach > 0:
        target = (source + nodes + target % (2 * reach) - reach) % nodes
    places = torch.unique(source * nodes + target)  # torch refuses repeated edges
    source, target = places // nodes, places % nodes
    rowptr = torch.cat([torch.zeros(1, dtype=torch.long), torch.bincount(source, minlength=nodes).cumsum(0)])
    matrix = torch.sparse_csr_tensor(rowptr, target, torch.full((len(target),), 0.5), (nodes, nodes))
    x = torch.ones(nodes, f)
    work = lambda: matrix @ x
else:
    nodes, words, hidden, entries = numbers
    x = torch.zeros(nodes, words)
    x.view(-1)[torch.randperm(nodes * words)[:entries]] = 1
    weight = torch.ones(words, hidden, requires_grad=True)
    grad = torch.ones(nodes, hidden)

    def work():
        weight.grad = None
        (torch.nn.functional.dropout(x, 0.5) @ weight).backward(grad)


work()
seconds = []
for _ in range(runs):
    start = time.perf_counter()
    work()
    seconds.append(time.perf_counter() - start)
print(min(seconds), statistics.median(seconds))
