"""Re-run the notebooks as other processors would (``make portable``).

Usage: python tests/portable.py COMMAND... where the command runs nbval

The command runs once under each setting below. Before that a probe, run under the same setting,
shows that it took effect; where it did not, the target fails instead of proving nothing. Threads
that share their core with another worker's wait for each other for minutes, so a worker has one
thread, and the setting with two has one worker.
"""

import json
import os
import subprocess
import sys

# Groups of instructions as numpy 2.4 names them; it ignores names it does not know.
NEWER_FEATURES = ["X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR"]
PROBE = """
import json
import numpy as np
from numpy._core._multiarray_umath import __cpu_features__
from threadpoolctl import threadpool_info
np.ones((2, 2)) @ np.ones((2, 2))
(blas,) = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
print(json.dumps({
    "features": [name for name, there in __cpu_features__.items() if there],
    "kernel": blas["architecture"],
    "threads": blas["num_threads"],
}))
"""


def probe(setting):
    """What numpy says of itself under a setting of the environment."""
    result = subprocess.run(
        [sys.executable, "-c", PROBE],
        env=os.environ | setting,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return json.loads(result.stdout)


def settings():
    """Name, environment, workers and condition on the probe of every variant."""
    here = probe({})
    present = [name for name in NEWER_FEATURES if name in here["features"]]
    kernel = "Sandybridge" if here["kernel"] == "Haswell" else "Haswell"
    one, two = {"OPENBLAS_NUM_THREADS": "1"}, {"OPENBLAS_NUM_THREADS": "2"}
    yield "one BLAS thread", one, 2, lambda seen: seen["threads"] == 1
    yield "two BLAS threads", two, 1, lambda seen: seen["threads"] == 2
    yield (
        f"numpy without {' '.join(present) or 'newer features (there are none here)'}",
        one | {"NPY_DISABLE_CPU_FEATURES": " ".join(present)},
        2,
        lambda seen: present and not set(present) & set(seen["features"]),
    )
    yield (
        f"OpenBLAS kernel {kernel} instead of {here['kernel']}",
        one | {"OPENBLAS_CORETYPE": kernel},
        2,
        lambda seen: seen["kernel"] == kernel != here["kernel"],
    )


def main(command):
    failed = False
    for name, setting, workers, took_effect in settings():
        print(f"== {name}", flush=True)
        seen = probe(setting)
        if not took_effect(seen):
            print(f"No effect on this processor: numpy reports {seen}", file=sys.stderr)
            failed = True
        elif subprocess.run([*command, "-n", str(workers)], env=os.environ | setting).returncode:
            failed = True
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
