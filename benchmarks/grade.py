"""How long it takes to mark a class, and how much memory the marking process needs.

Usage: python -m benchmarks.grade [chapter]

Makes 100 submissions of a chapter's exercises in turns of four kinds: all right, a wrong value, a
function that is not written, and one that raises an error. Marks them, and prints the time and the
peak memory of the process that compares. The programs run in processes of their own.
"""

import re
import resource
import sys
import tempfile
import time
from pathlib import Path

from classroom.marking import grading, sandbox
from tests.classroom.submissions import handed_in, right_answers, save

STUDENTS = 100


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


def main():
    number = sys.argv[1] if len(sys.argv) > 1 else "03"
    answers = right_answers(number)
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        (base / "submissions").mkdir()
        for turn in range(STUDENTS):
            notebook = handed_in(number, varied(answers, turn), f"Student {turn}")
            save(notebook, base / "submissions" / f"{turn:03}.ipynb")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        sandbox.probe()
        for run in ("first", "second"):
            start = time.perf_counter()
            results = grading.grade(base / "submissions", base / "marks")
            took = time.perf_counter() - start
            points = sum(mark.points for result in results for mark in result.marks.values())
            print(f"chapter {number}, {run} run: {took:.1f} s, {points} points")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
        print(f"peak memory {peak:.0f} MB, of which {before:.0f} MB before marking")


if __name__ == "__main__":
    main()
