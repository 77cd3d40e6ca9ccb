"""Mutation testing: a small change anywhere in these files must make a test fail.

Cosmic Ray makes the changes: every place of every operator that has no settings, nothing left out.
Its own workers would start pytest anew for each of the thousands; here a process that has imported
NumPy and pytest forks a child a mutant. The child imports the changed source in place of the file,
runs first what failed last in the same function, and stops at the first failure. It all happens in
a copy of the work tree.

    run.py [--again] [file ...]     run the mutants, or only those that no test has killed yet
"""

import argparse
import importlib.abc
import importlib.util
import json
import multiprocessing
import multiprocessing.connection
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import warnings
from collections import Counter, defaultdict
from pathlib import Path

import hypothesis
import numpy as np
import pytest
import scipy.linalg
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.ast.ast_query import ASTQuery
from cosmic_ray.commands.init import _operators
from cosmic_ray.mutating import mutate_code
from report import write

ROOT = Path(__file__).resolve().parents[2]
STORE = ROOT / "_build" / "mutants"
JOBS = int(os.environ.get("JOBS", "1"))
MEMORY = 4 << 30  # bytes; a mutant may ask for an array of any size
TESTS = {
    "losses": (
        "losses", "models_and_objectives", "objectives_penalties", "newton", "slips", "import",
    ),
    "schedules": ("schedules", "slips", "import"),
    "estimators": ("estimators", "networks", "slips", "import"),
    "optimizers": ("optimizers", "invariants", "reference_values", "slips", "import"),
    "layers": ("layers", "networks", "slips", "import"),
    "averaging": ("averaging", "slips", "import"),
}  # fmt: skip
PRELOADED = (np, scipy.linalg)


class Mutant(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Imports this source in place of the file's."""

    def __init__(self, tree, file, source):
        self.name, self.path = f"sgdcore.{file}", tree / "sgdcore" / f"{file}.py"
        self.source = source

    def find_spec(self, fullname, path=None, target=None):
        if fullname == self.name:
            return importlib.util.spec_from_file_location(fullname, self.path, loader=self)

    def get_source(self, fullname):
        return self.source


class FirstFailure:
    """Runs some of the tests first, and tells which one failed."""

    def __init__(self, first, pipe):
        self.rank = {name: i for i, name in enumerate(first)}
        self.pipe = pipe

    def pytest_collection_modifyitems(self, items):
        items.sort(key=lambda item: self.rank.get(item.nodeid, len(self.rank)))

    def pytest_runtest_logreport(self, report):
        if report.failed:
            self.pipe.send(report.nodeid)

    pytest_collectreport = pytest_runtest_logreport


class Run:
    """A child that tests a mutant, up to a limit of seconds."""

    def __init__(self, record, mutant, tree, tests, first, limit):
        self.record, self.begun, self.limit = record, time.monotonic(), limit
        self.pipe, pipe = multiprocessing.Pipe(duplex=False)
        self.process = multiprocessing.get_context("fork").Process(
            target=self.test, args=(mutant, tree, tests, first, pipe)
        )
        self.process.start()
        pipe.close()

    @staticmethod
    def test(mutant, tree, tests, first, pipe):
        """Exit with pytest's code, which is 0 if the mutant survives."""
        code = 70
        try:
            os.setsid()
            os.chdir(tree)
            os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
            nowhere = os.open(os.devnull, os.O_RDWR)
            for stream in range(3):
                os.dup2(nowhere, stream)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            sys.meta_path.insert(0, mutant)
            options = ["-x", "-q", "--tb=no", "--disable-warnings", "-p", "no:cacheprovider"]
            code = pytest.main([*options, *tests], plugins=[FirstFailure(first, pipe)])
        finally:
            os._exit(code)

    def over(self):
        self.seconds = time.monotonic() - self.begun
        return self.process.exitcode is not None or self.seconds > self.limit

    def close(self):
        """The record with its outcome."""
        code = self.process.exitcode
        try:
            os.killpg(self.process.pid, signal.SIGKILL)  # and what it may have started
        except ProcessLookupError:
            pass
        self.process.join()
        # A negative code is a crash. Others than these are errors of pytest, or of this file.
        if code is not None and code > 2:
            raise SystemExit(f"exit code {code} on {self.record}")
        outcome = "timeout" if code is None else "killed" if code else "survived"
        try:
            killer = self.pipe.recv() if outcome == "killed" else None
        except EOFError:  # a crash tells nothing
            killer = None
        self.pipe.close()
        return {**self.record, "outcome": outcome, "killer": killer}


def mutants(source):
    """The record of every mutant (operator, function, line, old and new text), and its source."""
    tree = get_ast(source)
    for name, _, operator in _operators({}):
        places = [
            (node, line)
            for node in ast_nodes(tree)
            for (line, _), _ in operator.mutation_positions(node)
        ]
        for occurrence, (node, line) in enumerate(places):
            changed = mutate_code(source, operator, occurrence)
            old, new = difference(source, changed)
            record = {
                "operator": name.removeprefix("core/"),
                "function": ASTQuery(node).get_definition_name(),
                "line": line,
                "old": old,
                "new": new,
            }
            yield record, changed


def difference(source, changed):
    """The lines that differ, old and new."""
    old, new = source.splitlines(), changed.splitlines()
    while old[-1] == new[-1]:
        del old[-1], new[-1]
    while old[0] == new[0]:
        del old[0], new[0]
    return tuple(" ".join(line.strip() for line in lines) for lines in (old, new))


def identity(record):
    return tuple(record[key] for key in ("operator", "function", "old", "new"))


def compiles(source):
    try:
        compile(source, "mutant", "exec")
    except SyntaxError:
        return False
    return True


def run_file(file, tree, known, records):
    """Fill the records of all the file's mutants; those known to be killed are not run again."""
    tests = [f"tests/sgdcore/test_{name}.py" for name in TESTS[file]]
    source = (tree / "sgdcore" / f"{file}.py").read_text(encoding="utf-8")

    def start(record, changed, first=(), limit=600):
        return Run(record, Mutant(tree, file, changed), tree, tests, first, limit)

    def wait(run):
        while not run.over():
            run.process.join(1)
        return run.close()["outcome"]

    # The tests pass on the file itself (the second time with compiled tests), and need it.
    for _ in range(2):
        unchanged = start({"file": file}, source)
        if wait(unchanged) != "survived":
            raise SystemExit(f"{file}: the tests fail on the unchanged file")
    if wait(start({"file": file}, "")) != "killed":
        raise SystemExit(f"{file}: the tests pass on an empty file")
    limit = 30 + 5 * JOBS * unchanged.seconds

    running = []

    def collect(at_most):
        while len(running) > at_most:
            multiprocessing.connection.wait([run.process.sentinel for run in running], timeout=1)
            for run in [run for run in running if run.over()]:
                running.remove(run)
                records.append(run.close())

    for record, changed in mutants(source):
        before = known[identity(record)].pop(0) if known[identity(record)] else {}
        if before.get("outcome") == "killed":
            records.append({**before, **record})
            continue
        if not compiles(changed):
            records.append({**record, "outcome": "not Python", "killer": None})
            continue
        collect(JOBS - 1)
        last = [r["killer"] for r in reversed(records) if r["function"] == record["function"]]
        running.append(start(record, changed, dict.fromkeys(last), limit))
    collect(0)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--again", action="store_true")
    parser.add_argument("files", nargs="*", default=list(TESTS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", SyntaxWarning)
    hypothesis.settings.register_profile(
        "mutants",
        derandomize=True,
        database=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    hypothesis.settings.load_profile("mutants")
    STORE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as tree:
        for part in ("pyproject.toml", "sgdcore", "tests"):
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, Path(tree) / part)
        for file in arguments.files:
            store, known = STORE / f"{file}.json", defaultdict(list)
            if arguments.again and store.exists():
                for record in json.loads(store.read_text(encoding="utf-8")):
                    known[identity(record)].append(record)
            begun = time.monotonic()
            records = []
            try:
                run_file(file, Path(tree), known, records)
            finally:
                store.write_text(json.dumps(records, indent=1), encoding="utf-8")
            counts = dict(Counter(record["outcome"] for record in records))
            print(f"{file}: {counts} in {(time.monotonic() - begun) / 60:.0f} min", flush=True)
    stores = {file: STORE / f"{file}.json" for file in TESTS}
    if not all(store.exists() for store in stores.values()):
        sys.exit("results.md stays as it is until every file has been run")
    results = {
        file: json.loads(store.read_text(encoding="utf-8")) for file, store in stores.items()
    }
    sys.exit(0 if write(results) else "Not as it should be: see tests/mutants/results.md")


if __name__ == "__main__":
    main()
