"""How long it takes to mark a class, and how much memory the marking process needs.

Usage: python -m benchmarks.grade [--chapter NN] [--students N] [--workers N]

Makes submissions of a chapter's exercises in turns of four kinds: all right, a wrong value, a
function that is not written, and one that raises an error. Marks them, and prints the time and the
peak memory of the process that compares. The programs run in processes of their own. With
``--workers``, a cluster of so many processes marks the class again, and loses a worker half-way.
"""

import argparse
import os
import re
import resource
import shutil
import signal
import tempfile
import threading
import time
from pathlib import Path

from classroom.marking import grading
from tests.classroom.submissions import handed_in, right_answers, save


def varied(answers, turn):
    """A class in which one answer or another is not right."""
    by_hand, code, explore = sorted(answers)
    return [
        answers,
        answers | {by_hand: f"{name_of(answers[by_hand])} = 1.5"},
        {label: answers[label] for label in (by_hand, explore)},
        answers | {code: answers[code].replace("return ", "return undefined, ")},
    ][turn % 4]


def name_of(source):
    """The name in the last assignment of a source."""
    return re.findall(r"^(\w+) = ", source, re.MULTILINE)[-1]


def timed(what, *given, **options):
    """Mark; say how long it took, and how many points there were."""
    start = time.perf_counter()
    results = grading.grade(*given, **options)
    took = time.perf_counter() - start
    points = sum(mark.points for result in results for mark in result.marks.values())
    print(f"{what}: {took:.1f} s, {len(results) / took:.1f} submissions a second, {points} points")
    return took


def on_a_cluster(base, workers, after):
    """Mark once more, with the same inputs, and kill a worker after so many seconds."""
    from classroom.marking import cluster

    (base / "cluster").mkdir()
    shutil.copyfile(base / "marks" / "secret", base / "cluster" / "secret")
    with cluster.connected(workers) as pool:
        (victim, *_) = pool.processes()
        clock = threading.Timer(after, os.kill, (victim, signal.SIGKILL))
        clock.start()
        what = f"on a cluster of {workers} workers, one killed after {after:.0f} s"
        timed(what, base / "submissions", base / "cluster", pool=pool)
        clock.cancel()
    tables = [(base / name / "marks.csv").read_bytes() for name in ("marks", "cluster")]
    print("marks.csv: " + ("the same bytes" if tables[0] == tables[1] else "ANOTHER"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chapter", default="03")
    parser.add_argument("--students", type=int, default=100)
    parser.add_argument("--workers", type=int, default=0)
    asked = parser.parse_args()
    answers = right_answers(asked.chapter)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "submissions").mkdir()
        for turn in range(asked.students):
            notebook = handed_in(asked.chapter, varied(answers, turn), f"Student {turn}")
            save(notebook, base / "submissions" / f"{turn:05}.ipynb")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        class_ = base / "submissions", base / "marks"
        took = timed(f"chapter {asked.chapter}, first run", *class_)
        timed(f"chapter {asked.chapter}, second run", *class_)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"peak memory {peak:.0f} MB, of which {before:.0f} MB before marking")
        if asked.workers:
            on_a_cluster(base, asked.workers, took / 2)


if __name__ == "__main__":
    main()
