"""Time sgdcore beside its peers, in one process and on one thread: ``python -m benchmarks.bench``.

Every workload is the same training on every side: the same data, batch size, number of steps, dtype
and optimiser, no data loader. Ours is ``train``, which also evaluates the loss on all the data at
the start and at the end; runs are long enough for that to matter little. The sides take turns, and
a ratio is the median over the turns of our time divided by the peer's. Times are those of the
processor, so that another process on the machine disturbs less. Names as arguments choose
workloads; without any, all run and the table goes to ``benchmarks/results.md`` too.
``tests/parity/requirements.txt`` names what it takes.
"""

import platform
import sys
import time
import tracemalloc
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sklearn
import threadpoolctl
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDRegressor
from sklearn.neural_network import MLPClassifier
from torch import nn

from sgdcore import Objective, layers, losses, models, optimizers, train

TURNS = 9
RUNS = 256
LR = 0.01


class Workload(NamedTuple):
    """Sides to time, each a function and the factor that makes their work equal."""

    dtype: str
    ours: tuple
    peers: dict  # name -> (function, factor, the largest ratio to reach)


def linear_data(n=10_000, d=20):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((n, d))
    return X, X @ rng.standard_normal(d) + 0.1 * rng.standard_normal(n)


def train_linear(data, batch_size, steps, **options):
    """Ours: plain SGD on half the squared error."""
    model = models.linear(data[0].shape[-1])
    objective = Objective(model, losses.squared())
    return lambda: train(
        objective,
        np.zeros(model.size),
        optimizers.sgd(),
        data,
        lr=LR,
        batch_size=batch_size,
        steps=steps,
        record_every=steps,
        **options,
    )


def train_torch(network, data, loss, batch_size, steps):
    """PyTorch, eager: a batch by indexing, and one line a stage."""
    X, y = (torch.tensor(array) for array in data)
    optimizer = torch.optim.SGD(network.parameters(), lr=LR)

    def run():
        done = 0
        while done < steps:
            order = torch.randperm(len(y))
            for start in range(0, len(y), batch_size):
                batch = order[start : start + batch_size]
                optimizer.zero_grad()
                loss(network(X[batch]), y[batch]).backward()
                optimizer.step()
                done += 1
                if done == steps:
                    break

    return run


def linear(batch_size, steps, at_most):
    data = linear_data()
    column = data[0], data[1][:, None]  # the shape that nn.Linear predicts
    peer = train_torch(nn.Linear(20, 1).double(), column, nn.MSELoss(), batch_size, steps)
    ours = train_linear(data, batch_size, steps)
    return Workload("float64", (ours, 1), {"PyTorch": (peer, 1, at_most)})


def runs_b1():
    """All seeds at once for an epoch; the loop is timed over 4 runs of 1000 steps."""
    data = linear_data()
    n = len(data[1])

    def loop():
        for seed in range(4):
            train_linear(data, 1, 1000, seeds=seed)()

    def fits():
        for seed in range(RUNS):
            SGDRegressor(
                alpha=0.0,
                learning_rate="constant",
                eta0=LR,
                max_iter=1,
                tol=None,
                random_state=seed,
            ).fit(*data)

    return Workload(
        "float64",
        (train_linear(data, 1, n, seeds=np.arange(RUNS)), 1),
        {
            "looping train": (loop, RUNS / 4 * n / 1000, 1 / 50),
            "256 scikit-learn fits": (fits, 1, 0.6),
        },
    )


def runs_b32():
    data = linear_data()

    def loop():
        for seed in range(4):
            train_linear(data, 32, 313, seeds=seed)()

    return Workload(
        "float64",
        (train_linear(data, 32, 313, seeds=np.arange(RUNS)), 1),
        {"looping train": (loop, RUNS / 4, 1 / 8)},
    )


def digits():
    """Handwritten digits of 8 by 8 pixels, flat, in float32."""
    X, y = load_digits(return_X_y=True)
    return (X / 16).astype(np.float32), y


def enlarged(X):
    """Images of 28 by 28 pixels: every pixel nine times, and a margin."""
    images = np.kron(X.reshape(-1, 8, 8), np.ones((3, 3), dtype=X.dtype))
    return np.pad(images, ((0, 0), (2, 2), (2, 2))).reshape(len(X), -1)


def train_network(model, data, batch_size, steps):
    """Ours: plain SGD on the cross-entropy."""
    theta = model.init(np.random.default_rng(0)).astype(np.float32)
    objective = Objective(model, losses.softmax_cross_entropy())
    return lambda: train(
        objective,
        theta,
        optimizers.sgd(),
        data,
        lr=LR,
        batch_size=batch_size,
        steps=steps,
        record_every=steps,
    )


def mlp_digits():
    data, epochs = digits(), 10
    steps = epochs * -(-len(data[1]) // 32)
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 10))

    def fit():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it has not converged
            MLPClassifier(
                (128,),
                solver="sgd",
                momentum=0.0,
                alpha=0.0,
                batch_size=32,
                learning_rate_init=LR,
                max_iter=epochs,
                n_iter_no_change=epochs,
                random_state=0,
            ).fit(*data)

    return Workload(
        "float32",
        (train_network(models.mlp((64, 128, 10)), data, 32, steps), 1),
        {
            "PyTorch": (train_torch(network, data, nn.CrossEntropyLoss(), 32, steps), 1, 0.23),
            "scikit-learn": (fit, 1, 0.35),
        },
    )


def cnn(side, steps, peers):
    X, y = (array[:256] for array in digits())
    if side == 28:
        X = enlarged(X)
    model = models.Sequential(
        (1, side, side),
        [
            layers.Conv2d(8, padding=1),
            layers.ReLU(),
            layers.Conv2d(16, padding=1),
            layers.ReLU(),
            layers.MaxPool2d(),
            layers.Flatten(),
            layers.Dense(10),
        ],
    )

    def peer(memory_format):
        network = nn.Sequential(
            nn.Unflatten(1, (1, side, side)),
            nn.Conv2d(1, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(16 * (side // 2) ** 2, 10),
        ).to(memory_format=memory_format)
        return train_torch(network, (X, y), nn.CrossEntropyLoss(), 32, steps)

    formats = {
        "PyTorch": torch.contiguous_format,
        "PyTorch NCHW": torch.contiguous_format,
        "PyTorch channels_last": torch.channels_last,
    }
    return Workload(
        "float32",
        (train_network(model, (X, y), 32, steps), 1),
        {name: (peer(formats[name]), 1, at_most) for name, at_most in peers.items()},
    )


def adam_10k(steps=500):
    rng = np.random.default_rng(0)
    start, grad = rng.standard_normal((2, 10_000)).astype(np.float32)

    def ours():
        optimizer, theta, lr = optimizers.adam(), start, np.float32(LR)
        state = optimizer.init(theta)
        for _ in range(steps):
            theta, state = optimizer.update(grad, state, theta, lr)

    parameter = torch.tensor(start)
    parameter.grad = torch.tensor(grad)
    optimizer = torch.optim.Adam([parameter], lr=LR)

    def peer():
        for _ in range(steps):
            optimizer.step()

    return Workload("float32", (ours, 1), {"torch.optim.Adam": (peer, 1, 0.50)})


WORKLOADS = {
    "linear-B1": lambda: linear(1, 2000, 0.055),
    "linear-B32": lambda: linear(32, 1000, 0.065),
    "linear-B256": lambda: linear(256, 1000, 0.15),
    "runs256-B1": runs_b1,
    "runs256-B32": runs_b32,
    "mlp-digits": mlp_digits,
    "cnn-8x8": lambda: cnn(8, 400, {"PyTorch": 0.60}),
    "cnn-28x28": lambda: cnn(28, 80, {"PyTorch NCHW": 0.70, "PyTorch channels_last": 1.0}),
    "adam-10k": adam_10k,
}


# What the table says where a ratio is not reached, if that is not just "no".
NOT_REACHED = {"cnn-28x28": "not reached: we copy the windows out, PyTorch does not"}


def measure(workload):
    """Median times of ours and of every peer, and the median ratios."""
    sides = {"ours": workload.ours, **{name: peer[:2] for name, peer in workload.peers.items()}}
    times = {name: [] for name in sides}
    for turn in range(TURNS + 1):
        for name, (function, factor) in sides.items():
            begin = time.process_time()
            function()
            if turn:  # the first turn warms up
                times[name].append(factor * (time.process_time() - begin))
    ours = np.array(times["ours"])
    for name, (*_, at_most) in workload.peers.items():
        peer = np.array(times[name])
        yield name, np.median(ours), np.median(peer), np.median(ours / peer), at_most


def memory(n=1_000_000, d=20):
    """The peak of all arrays with 256 runs on a million samples, in units of the data's size."""
    tracemalloc.start()
    data = linear_data(n, d)
    size = sum(array.nbytes for array in data)
    tracemalloc.reset_peak()
    train_linear(data, 32, 100, seeds=np.arange(RUNS), sampling="replacement")()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / size


def machine():
    processor = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        processor = names[0].split(":")[1].strip() if names else processor
    versions = (
        f"numpy {np.__version__}, PyTorch {torch.__version__}, scikit-learn {sklearn.__version__}"
    )
    pools = threadpoolctl.threadpool_info()
    blas = {f"{pool['internal_api']} {pool['version']}" for pool in pools if pool["version"]}
    return (
        f"{processor}, {platform.system()}, Python {platform.python_version()}, {versions}, "
        f"{', '.join(sorted(blas))}, one thread"
    )


def milliseconds(seconds):
    return f"{1000 * seconds:.3g} ms"


def main(chosen):
    torch.set_num_threads(1)
    lines = [
        "| workload | dtype | ours | peer | peer's time | ratio | at most | |",
        "|---|---|---:|---|---:|---:|---:|---|",
    ]
    print(*lines, sep="\n")
    with threadpoolctl.threadpool_limits(1):
        for workload_name in chosen or WORKLOADS:
            workload = WORKLOADS[workload_name]()
            for name, ours, peer, ratio, at_most in measure(workload):
                lines.append(
                    f"| {workload_name} | {workload.dtype} | {milliseconds(ours)} | {name} | "
                    f"{milliseconds(peer)} | {ratio:.3g} | {at_most:.3g} | "
                    f"{'yes' if ratio <= at_most else NOT_REACHED.get(workload_name, 'no')} |"
                )
                print(lines[-1], flush=True)
        if not chosen:
            peak = memory()
            lines += [
                "",
                f"Peak memory of 256 runs on 10⁶ samples: {peak:.2f} times the data (at most 1.5).",
            ]
            print(*lines[-2:], sep="\n")
    if not chosen:
        text = "\n".join(["# Benchmarks", "", machine() + ".", "", *lines, ""])
        (Path(__file__).parent / "results.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
