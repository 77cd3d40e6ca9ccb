"""What a notebook asks of a machine: its peak memory and its processor time.

Usage: python -m benchmarks.memory [notebook ...]

Each notebook runs in a kernel of its own, on one thread, as it does for a student on a hub.
"""

import os
import resource
import sys
import time
from pathlib import Path

import nbformat

from book._tools.run import execute

ROOT = Path(__file__).resolve().parents[1]


def cost(path):
    """Peak memory in MB and processor seconds of a kernel that runs a notebook."""
    read, write = os.pipe()
    child = os.fork()  # a process of its own: the peak of earlier kernels must not count
    if child == 0:
        execute(nbformat.read(path, as_version=4), path.parent)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(write, f"{used.ru_maxrss / 1000} {used.ru_utime + used.ru_stime}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(write)
    return map(float, os.read(read, 100).split())


def main():
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    paths = [Path(name).resolve() for name in sys.argv[1:]]
    for path in paths or sorted((ROOT / "chapters").glob("*.ipynb")):
        start = time.perf_counter()
        memory, seconds = cost(path)
        took = time.perf_counter() - start
        print(f"{path.stem:34} {memory:6.0f} MB {seconds:6.1f} s CPU {took:6.1f} s", flush=True)


if __name__ == "__main__":
    main()
