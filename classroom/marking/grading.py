"""Mark a class: a mark per exercise, a page of feedback for each student, one table, a summary.

Usage: python -m classroom.grade submissions/ --out marks/ [--exercises FOLDER]
           [--workers N | --scheduler ADDRESS]

A submission is a notebook, a zip with notebooks, or a folder with either. The student's programs
run in a sandbox on inputs drawn for marking, and what they return is compared outside of it. A
second run marks again only what changed. The work is done by threads of this machine, or on a
cluster.
"""

import argparse
import contextlib
import csv
import hashlib
import os
import re
import secrets
import sys
from collections import defaultdict
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path

from tqdm import tqdm

from classroom.exercises import collect
from classroom.judging import Verdict, canonical
from classroom.marking import feedback, sandbox
from classroom.marking.intake import page_name, take
from classroom.marking.marker import Mark, Result, Settings, mark, marker
from classroom.marking.questions import (
    contents,
    exercises_of,
    fingerprint,
    questions,
    questions_in,
)
from classroom.marking.reader import is_aside

FORMULA = re.compile(r"(?<!\w)[=+@＝＋＠－-]")  # not within a word, such as a-b
ABSENT = "not in the notebook"
AHEAD = 2  # submissions a thread that are read before it is their turn


def grade(submissions, out, limits=None, trust=False, own=None, pool=None):
    """Mark every submission in a folder and write what came of it.

    Parameters
    ----------
    submissions : Path
        The folder.
    out : Path
        Where marks, feedback and summary are written.
    limits : Limits, optional
        Of each job in the sandbox.
    trust : bool
        Whether to run without the sandbox.
    own : Path, optional
        A folder with exercises of the teacher's own.
    pool : Cluster, optional
        Who marks; the threads of this machine if not given.

    Returns
    -------
    list of Result
        By the names of the submissions.

    Raises
    ------
    ValueError
        If there is nothing to mark, or if the folders cannot be used.
    sandbox.Missing
        If one that is to mark has no sandbox.
    """
    here, there = submissions.resolve(), out.resolve()
    paths = sorted(
        path
        for path in submissions.iterdir()
        if not is_aside(path.name) and here / path.name != there
    )
    if not paths:
        raise ValueError(f"there are no submissions in {submissions}")
    if len({page_name(path.name) for path in paths}) < len(paths):
        raise ValueError("two submissions would get the same page: give one another name")
    if own is not None and own.resolve().is_relative_to(here):
        raise ValueError(f"{own} is among the submissions: keep your exercises elsewhere")
    exercises, asked = collect(), questions()
    if own is not None:
        exercises, asked = exercises | exercises_of(own), asked | questions_in(own)
    secret, shipped = out / "secret", () if own is None else contents(own)
    settings = Settings(
        code=fingerprint(asked, shipped),
        # Makes the inputs for marking others than those that a student can try.
        salt=secret.read_text(encoding="ascii") if secret.exists() else secrets.token_hex(16),
        limits=limits or sandbox.Limits(),
        trust=trust,
        own=shipped,
    )
    pool = pool or Threads()
    pool.require(settings)
    (out / "results").mkdir(parents=True, exist_ok=True)
    secret.touch(mode=0o600)
    secret.write_text(settings.salt, encoding="ascii")  # for next time
    results = _marked(paths, settings, out / "results", pool)
    _add_absent(results, asked)
    _tell_namesakes(results)
    write_marks(results, out / "marks.csv")
    feedback.write(results, asked, exercises, out)
    return results


class Threads:
    """The threads of this machine; a `cluster.Cluster` has the same."""

    mark = staticmethod(mark)
    require = staticmethod(marker)  # raises unless there is a sandbox

    def __init__(self):
        self.threads = os.cpu_count()
        self.executor = ThreadPoolExecutor(self.threads)


def _marked(paths, settings, store, pool):
    """The results of all, stored or new; each is stored as soon as it is there."""
    results, waiting = {}, {}

    def gather(most):
        """Wait until no more than so many are being marked."""
        while len(waiting) > most:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                path, stored, key, submission = waiting.pop(future)
                results[path] = _result(future, submission)
                if results[path].complete:
                    results[path].store(stored, key)
                bar.update()

    with pool.executor as executor, tqdm(total=len(paths), unit="submission") as bar:
        try:
            for path in paths:
                submission = take(path)
                stored, key = store / f"{submission.page}.json", _key(submission, settings)
                if known := Result.load(stored, key):
                    known.date = submission.date
                    results[path] = known
                    bar.update()
                    continue
                future = executor.submit(pool.mark, submission, settings)
                waiting[future] = path, stored, key, submission
                gather(AHEAD * pool.threads)
            gather(0)
        finally:
            for future in waiting:
                future.cancel()  # so that Ctrl-C need not wait for all
    return [results[path] for path in paths]


def _key(submission, settings):
    """By what a stored result is found again, or not."""
    told = f"{settings.code} {settings.salt} {settings.limits} {submission.fingerprint()}"
    return hashlib.sha256(told.encode()).hexdigest()


def _result(future, submission):
    """What came of marking a submission, whatever came."""
    try:
        return future.result()
    except sandbox.Missing:
        raise
    except Exception as error:  # the others are to be marked all the same
        told = f"it could not be marked ({type(error).__name__})"
        return Result(
            submission.name, page=submission.page, date=submission.date,
            troubles=[*submission.troubles, told], complete=False,
        )  # fmt: skip


def _add_absent(results, asked):
    """Exercises that are missing from a chapter that was handed in count as not done."""
    for result in results:
        chapters = {label.split("-")[0] for label in result.marks}
        for label in asked:
            if label.split("-")[0] in chapters and label not in result.marks:
                result.marks[label] = Mark(Verdict(ABSENT, ABSENT))
        result.marks = dict(sorted(result.marks.items()))


def _tell_namesakes(results):
    """Two submissions under one name are a slip, or worse; which, only the teacher can tell."""
    by_name = defaultdict(list)
    for result in results:
        if name := canonical(result.student):
            by_name[name].append(result)
    for same in by_name.values():
        *_, before, newest = [None, *sorted(same, key=lambda result: result.date)]
        if before is None:
            continue
        told = f"the same student in {' and '.join(result.name for result in same)}"
        told += ", both marked" if len(same) == 2 else ", all marked"
        if before.date < newest.date:
            told += f"; the newest is {newest.name}"
        for result in same:
            result.remarks.append(told)


def write_marks(results, path):
    """One row a submission: a mark for each exercise, their sum, and what was in the way."""
    labels = sorted({label for result in results for label in result.marks})
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # so that Excel sees UTF-8
        table = csv.writer(file)
        table.writerow(["submission", "student", *labels, "sum", "of", "remarks"])
        for result in results:
            points = {label: mark.points for label, mark in result.marks.items()}
            row = [points.get(label, "") for label in labels]
            row += [sum(points.values()), len(points), "; ".join(result.troubles + result.remarks)]
            table.writerow(map(_no_formula, [result.name, result.student, *row]))


def _no_formula(entry):
    """A spreadsheet calculates what begins like a formula, whatever it takes as the separator."""
    return FORMULA.sub(r"'\g<0>", entry) if isinstance(entry, str) else entry


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("submissions", type=Path, help="a folder with notebooks, zips or folders")
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--exercises", type=Path, help="a folder with exercises of your own")
    parser.add_argument("--trust", action="store_true", help="run the programs unprotected")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, help="mark in so many processes of this machine")
    where.add_argument("--scheduler", help="mark on the cluster with this address")
    given = parser.parse_args()
    if not given.submissions.is_dir():
        parser.error(f"{given.submissions} is no folder")
    if given.trust:
        print("--trust: the submissions run unprotected, as any program of yours.")
    try:
        with contextlib.ExitStack() as ended:
            pool = None
            if given.workers is not None or given.scheduler is not None:
                from classroom.marking import cluster  # asked for: Dask is needed for nothing else

                pool = ended.enter_context(cluster.connected(given.workers, given.scheduler))
            results = grade(
                given.submissions, given.out, trust=given.trust, own=given.exercises, pool=pool
            )
    except (sandbox.Missing, ValueError) as error:
        sys.exit(str(error))
    for result in results:
        for trouble in result.troubles + result.remarks:
            print(f"{result.name}: {trouble}")
    print(f"Begin with {os.path.join(given.out, 'summary.html')}")
